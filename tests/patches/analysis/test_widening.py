"""Which position of a widened axis stands for which of the old one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.patches.analysis.axes import trace_axes
from symjax.patches.analysis.widening import NotWidened, Widening


def axes(program, *shapes, inputs):
    return trace_axes(program, dict(zip("abcd", map(jnp.ones, shapes), strict=False)), *inputs)


def index(program, old, new, place, inputs):
    """How the axis at a place has been widened, from the shapes of the parameters before and after."""
    before, after = (axes(program, *shapes, inputs=inputs) for shapes in (old, new))
    name, axis = place
    return Widening(before, after).index(before.parameters[name][axis], after.parameters[name][axis])


X = (jnp.ones((5, 3)),)
IMAGE = (jnp.ones((1, 2, 2, 3)),)


def mlp(p, x):
    return jax.nn.relu(x @ p["a"]) @ p["b"]


def flattened(p, x):
    return (x @ p["a"]).reshape(1, -1) @ p["b"]


def joined(p, x):
    return jnp.concatenate([x @ p["a"], x @ p["b"]], -1) @ p["c"]


def test_positions_are_repeated_and_interleaved():
    assert index(mlp, [(3, 2), (2, 7)], [(3, 6), (6, 7)], ("a", 1), X).tolist() == [0, 0, 0, 1, 1, 1]


def test_an_axis_that_stays():
    assert index(mlp, [(3, 2), (2, 7)], [(3, 6), (6, 7)], ("a", 0), X).tolist() == [0, 1, 2]


def test_of_a_product_each_factor_is_repeated_by_itself():
    places = index(flattened, [(3, 2), (8, 7)], [(3, 4), (16, 7)], ("b", 0), IMAGE)
    assert places.tolist() == np.repeat(np.arange(8), 2).tolist()  # height, width, then channels


def test_of_a_sum_each_term_is_repeated_by_itself():
    old, new = [(3, 2), (3, 1), (3, 7)], [(3, 4), (3, 1), (5, 7)]
    assert index(joined, old, new, ("c", 0), X).tolist() == [0, 0, 1, 1, 2]


def test_what_is_no_multiple_is_no_widening():
    with pytest.raises(NotWidened, match="3 is no multiple of 2") as caught:
        index(mlp, [(3, 2), (2, 7)], [(3, 3), (3, 7)], ("a", 1), X)
    assert not caught.value.pinned


def test_what_has_a_meaning_of_its_own_is_not_widened():
    with pytest.raises(NotWidened, match="an output has this size") as caught:
        index(mlp, [(3, 2), (2, 7)], [(3, 2), (2, 14)], ("b", 1), X)
    assert caught.value.pinned
