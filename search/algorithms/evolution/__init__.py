"""Evolution: populations, and operations that make populations out of populations."""
