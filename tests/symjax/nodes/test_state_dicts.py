"""Nodes for `flax.serialization`: state dicts of what JAX sees of them."""

import jax
import numpy as np
import pytest
from flax import serialization
from hypothesis import given

import symjax as sj

from .. import trees


def reloaded(tree):
    return serialization.from_state_dict(tree, serialization.to_state_dict(tree))


@given(trees.objects(foreign=False))
def test_a_state_gives_the_tree_back(recipe):
    tree = recipe()
    assert sj.eq(reloaded(tree), tree)


def test_a_state_holds_what_jax_sees_and_nothing_else():
    tree = trees.Box((0.5, "text", trees.Rate(0.25, 7)), trees.Rate(1.0, 2))
    state = serialization.to_state_dict(tree)
    assert jax.tree.leaves(state) == jax.tree.leaves(tree)
    assert state == {"content": {"0": 0.5, "2": {"rate": 0.25}}, "other": {"rate": 1.0}}
    new = jax.tree.map(lambda leaf: leaf + 1, state)
    restored = serialization.from_state_dict(tree, new)
    assert jax.tree.leaves(restored) == jax.tree.leaves(new)
    assert jax.tree.structure(restored) == jax.tree.structure(tree)
    assert restored.content[1:] == ("text", trees.Rate(1.25, 7))


def test_a_state_that_misses_a_part_is_refused_by_name():
    with pytest.raises(ValueError, match=r"the state of a Rate has no 'rate'; it has: ratio"):
        serialization.from_state_dict(trees.Rate(0.5), {"ratio": 0.5})


def test_bytes_too():
    tree = trees.Box(np.arange(3.0), trees.Rate(0.5))
    assert sj.eq(serialization.from_bytes(tree, serialization.to_bytes(tree)), tree)


def test_all_that_a_map_holds_is_in_its_state_so_that_flax_finds_modules_there():
    tree = sj.Map({"a": trees.Rate(1.0), "b": 2})
    assert serialization.to_state_dict(tree) == {"a": {"rate": 1.0}, "b": 2}
    assert reloaded(tree) == tree
