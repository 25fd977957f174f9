"""What a node is: to its user, to JAX, to pickle and to Flax. Knows the core and names."""
