"""What to do about errors at run time: less memory, or fewer configurations at once."""

from __future__ import annotations

import jax

from symjax.core.errors import note

from ...compiling.lanes import Layout
from ...planning.buckets import Bucket
from ...planning.ladder import below


def is_out_of_memory(error: Exception) -> bool:
    """Whether JAX's runtime says so; fewer lanes help against nothing else."""
    return isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)


def is_interrupt(error: Exception) -> bool:
    """Whether it is Ctrl-C that hit a callback: on a CPU callbacks may run on the main thread."""
    return isinstance(error, jax.errors.JaxRuntimeError) and "KeyboardInterrupt" in str(error)


def narrower(bucket: Bucket, error: Exception) -> Layout | None:
    """The layout of fewer lanes at once with which to try again; None if that would not help."""
    return below(bucket.program.layout) if is_out_of_memory(error) else None


def advise(error: Exception, bucket: str, lanes: int) -> None:
    """Says of an error what can be done, if it is one of memory.

    Args:
        error: What was raised.
        bucket: What tells the bucket from others.
        lanes: The lanes on each device.
    """
    if not is_out_of_memory(error):
        return
    note(
        error,
        f"the bucket {bucket} does not fit into memory with {lanes} lane{'s' * (lanes != 1)} on each device, "
        "which are the fewest: make its configurations smaller (the batch size, the width, "
        "jax.checkpoint around its layers), or leave them out by search.space(…, where=…)",
    )
