"""Pickles of nodes and maps."""

import functools
import pickle

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given

import symjax as sj
from symjax import linen as nn
from symjax import optax
from symjax.nodes.pickling import named

from .. import trees

CHECKS = []


class Foreign:
    def __init__(self, rate):
        self.rate = rate


class Checked(sj.Object):
    rate: float = 0.5

    def __check__(self):
        CHECKS.append(self.rate)


@given(trees.recipes())
def test_a_pickle_is_the_tree(recipe):
    tree = sj.Map({"tree": recipe(), "function": jnp.tanh})
    assert sj.eq(pickle.loads(pickle.dumps(tree)), tree)


@pytest.mark.parametrize("function", [jax.nn.relu, jnp.tanh, jax.nn.silu, trees.double])
def test_functions_travel_by_their_public_names(function):
    held = trees.Box((function, {"a": functools.partial(function, 1)}), functools.partial(function))
    back = pickle.loads(pickle.dumps(held))
    assert back.content[0] is function
    assert back.content[1]["a"].func is back.other.func is function
    assert named(function) is not function
    assert named(trees.Box) is trees.Box  # classes pickle by themselves
    assert named(1) == 1


def test_what_stands_nowhere_is_symbolized_anew_on_the_other_side():
    adopted = sj.symbolize(Foreign, name="tests.PickledForeign")
    node = adopted(0.5)
    back = pickle.loads(pickle.dumps(node))
    assert type(back) is adopted
    assert back == node


def test_nothing_is_checked_again_and_the_lineage_is_kept():
    node = Checked(0.25)
    assert CHECKS == [0.25]
    assert pickle.loads(pickle.dumps(node)) == node
    assert CHECKS == [0.25]
    patched = sj.patch(trees.Box(optax.adam(0.5)), "change_lr?0.1")
    assert sj.lineage(pickle.loads(pickle.dumps(patched))) == sj.lineage(patched) != ()


def test_maps_and_modules():
    tree = sj.Map({"a": nn.Dense(3), "b": jax.nn.relu})
    back = pickle.loads(pickle.dumps(tree))
    assert type(back) is sj.Map
    assert back == tree
    assert list(back) == ["a", "b"]
