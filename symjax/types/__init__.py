"""Type hints as schemas: what constructors and rebinds let in. Knows the core, names and nodes."""
