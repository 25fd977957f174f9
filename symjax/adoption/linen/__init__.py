"""Flax Linen: modules that are nodes and stay Flax's."""
