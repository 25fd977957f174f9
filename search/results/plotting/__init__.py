"""Results as pictures, by matplotlib, which need not be installed. Knows what results consist of."""
