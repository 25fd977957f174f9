"""Classes and functions that were written without this library, made symbolic. Knows all floors below."""
