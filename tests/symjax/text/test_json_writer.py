"""The writer of JSON: what cannot be saved is said, with its place."""

import functools
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj

from ..trees import Box, Rate


class Opaque:
    """A class that nothing is known of."""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda x: x, "a lambda or closure has none"),
        (
            Opaque(),
            r"of type Opaque cannot be saved as JSON; sj\.symbolize\(Opaque\) in the place of Opaque",
        ),
        (functools.partial(lambda x: x), "a lambda or closure has none"),
        (object(), "of type object cannot be saved"),
        (Box().rebind, "cannot be saved"),
        (sys, r"of type module cannot be saved as JSON (?=\()"),
        (np.dtype("i4,i4"), "cannot be saved"),
    ],
)
def test_what_cannot_be_saved_is_named_with_its_place(value, message):
    with pytest.raises(TypeError, match=f"{message}.*\\(path=content\\.k\\[1\\][^)]*\\)$"):
        sj.to_json(Box({"k": (1, value)}))


def test_a_tracer_cannot_be_saved():
    with pytest.raises(
        TypeError, match=r"a tracer cannot be saved; save the tree outside of jit \(path=rate\)"
    ):
        jax.jit(lambda t: sj.to_json(t))(Rate(0.5))


def test_small_arrays_are_embedded_and_equal_values_have_one_text():
    tree = Box(jnp.ones(3), frozenset({"b", "a"}))
    text = sj.to_json(tree)
    assert "data" in json.loads(text)["tree"]["content"]["$array"]
    assert sj.to_json(Box(jnp.ones(3), frozenset({"a", "b"}))) == text
