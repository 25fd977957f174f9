"""Carrying out a plan: calls of programs, on their way and landed, and what is tried again with less."""
