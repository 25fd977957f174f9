"""Training that is stopped early, copied and changed: on the steps of `Steps`."""
