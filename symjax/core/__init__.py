"""What values and classes are to this library: leaves, kinds, containers, paths, schemas. Knows JAX alone."""
