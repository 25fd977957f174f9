"""Patches of blocks of layers: residual connections, feed-forwards, experts."""
