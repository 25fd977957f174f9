"""Studies: searches that are kept in a file."""
