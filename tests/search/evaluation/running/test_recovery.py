"""Errors at run time: which are of memory, and what is said of them."""

import jax
import pytest

from symjax.search.evaluation.running.recovery import advise, is_out_of_memory

OUT_OF_MEMORY = "RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes."


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes."), True),
        (jax.errors.JaxRuntimeError("INTERNAL: CpuCallback error: too large"), False),
        (RuntimeError("RESOURCE_EXHAUSTED"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_only_what_the_runtime_says_counts_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) == expected


def test_an_error_of_memory_names_the_bucket_and_what_to_do():
    error = jax.errors.JaxRuntimeError(OUT_OF_MEMORY)
    for _ in range(2):  # it may come twice
        advise(error, "width=512 (3)", 2)
    (note,) = error.__notes__
    assert note.startswith("the bucket width=512 (3) does not fit into memory with 2 lanes on each device")
    assert "batch size" in note
    other = ValueError(OUT_OF_MEMORY)
    advise(other, "width=512 (3)", 2)
    assert not hasattr(other, "__notes__")
