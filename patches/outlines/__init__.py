"""Which models stand in a tree, with what inputs, and calls of them. Knows the core and the roles."""
