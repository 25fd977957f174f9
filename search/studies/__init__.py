"""Studies: searches in a file, which survive their process."""
