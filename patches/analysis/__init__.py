"""What can be said of a model without running it: its shapes, its cost, what its arguments do."""
