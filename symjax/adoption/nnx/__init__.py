"""Flax NNX: nodes of which modules are built."""
