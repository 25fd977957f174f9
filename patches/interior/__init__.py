"""Layers and functions inside of models: made in `@compact` or `setup`, built by NNX, called in a method."""
