"""Which models stand in a tree, with what inputs, and calling them abstractly. Knows the core and the roles."""
