"""Classes and functions by name: symbols, the library's views, and what a file may name. Knows the core."""
