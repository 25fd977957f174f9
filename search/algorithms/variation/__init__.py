"""What varies genes: pure functions of batches of DNAs and random words, for `jit` and `vmap`."""
