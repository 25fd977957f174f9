"""Searches: an algorithm asks, an engine evaluates, the algorithm is told."""
