"""Functions that are called in models and other code: found in traced programs, and replaced there."""
