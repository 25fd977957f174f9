"""Patches on training: optimizers and their schedules, losses, precision, data, the length of a run."""
