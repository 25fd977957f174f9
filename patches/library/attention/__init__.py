"""Variants of attention: one layer with all of them, and a patch for each."""
