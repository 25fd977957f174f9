"""Results in the forms of other programs, which need not be installed. Knows what results consist of."""
