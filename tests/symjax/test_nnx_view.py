"""NNX modules as nodes, and `build`."""

import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import nnx


def test_a_built_node_is_the_module():
    ours = sj.build(nnx.Linear(2, 3), rngs=0)
    theirs = plain.Linear(2, 3, rngs=plain.Rngs(0))
    assert type(ours) is plain.Linear
    assert jnp.array_equal(ours.kernel[...], theirs.kernel[...])


def test_with_rngs_it_builds_at_once():
    assert type(nnx.Linear(2, 3, rngs=nnx.Rngs(0))) is plain.Linear
    assert isinstance(nnx.Linear(2, 3, rngs=nnx.Rngs(0)), nnx.Linear)


def test_nodes_are_trees():
    node = nnx.Sequential(nnx.Linear(2, 3), nnx.relu, nnx.Linear(3, 1))
    assert sj.from_json(sj.to_json(node)) == node
    wide = node.rebind({"fns[0].out_features": 8, "fns[2].in_features": 8})
    assert sj.build(wide, rngs=1)(jnp.ones((1, 2))).shape == (1, 1)


def test_a_node_says_that_it_is_not_built():
    with pytest.raises(TypeError, match=r"sj\.build"):
        nnx.Linear(2, 3)(jnp.ones((1, 2)))
    with pytest.raises(sj.MissingError, match=r"misses .*out_features"):
        sj.build(nnx.Linear.partial(2))
