"""The parts of steps as functions: states cross programs as plain arrays."""

import chex
import jax
import jax.numpy as jnp
import pytest

from symjax.search.stepwise.parts import Form, Segment, Start, plain

from .conftest import TRAIN, Classifier, Descent

STATE = {"key": jax.random.key(3), "old": jax.random.PRNGKey(4), "none": None, "x": (jnp.ones(2), 0.5)}


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
def test_a_state_is_the_same_again(impl):
    state = {**STATE, "key": jax.random.split(jax.random.key(3, impl=impl), 2)}
    leaves = jax.jit(plain)(state)
    assert all(not jnp.issubdtype(leaf.dtype, jax.dtypes.extended) for leaf in leaves)
    again = Form.of(state).filled(leaves)
    assert again["key"].dtype == state["key"].dtype
    chex.assert_trees_all_equal(jax.random.key_data(again["key"]), jax.random.key_data(state["key"]))
    chex.assert_trees_all_equal({**again, "key": 0}, {**state, "key": 0})


def test_segments_of_any_length_are_one_program(classifiers):
    space, steps = classifiers
    experiment = space.decode(space.sample(jax.random.key(0)))
    assert isinstance(experiment, Classifier)
    key = jax.random.key(1)
    part = Segment(steps)
    segment = jax.jit(chex.assert_max_traces(lambda *before: part(*before), n=1))
    leaves, _ = jax.jit(Start(steps))(experiment, key, TRAIN)
    for m in (3, 1, 4):
        strong = tuple(map(jnp.array, jax.device_get(leaves)))  # no weak types: those of the first are others
        leaves, metrics = segment((experiment, strong, jnp.int32(m)), key, TRAIN)
    chex.assert_trees_all_equal(metrics, jax.jit(steps)(experiment, key, TRAIN))


def test_equal_parts_of_equal_steps_are_equal(descents):
    _, steps = descents
    assert Start(steps) == Start(type(steps).of(Descent, n=8))
    assert Segment(steps) != Start(steps)
