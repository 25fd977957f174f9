"""What may vary: choices, the spaces that they span, and points of these. Knows the room `symjax` alone."""
