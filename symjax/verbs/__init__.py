"""Pure functions on trees: walk, query, rebind, diff, equality, fill, references. Knows the floors below."""
