"""What a node is: leaves, paths, containers, schemas, and nodes as JAX pytrees. Knows JAX alone."""
