"""One function for many configurations, as compiled code: lanes, constants, what is kept. Knows JAX alone."""
