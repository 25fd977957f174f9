"""Patches of single layers, and the layers that they put in."""
