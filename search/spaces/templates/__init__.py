"""What decisions stand in: finding them, filling them in, reading them off values, all of them in order."""
