"""What each primitive of JAX says of axes: which of its results are as long as which of its operands."""
