"""`Node`: what every symbolic node has, whatever else it is."""

import copy
import operator
import traceback

import jax
import numpy as np
import pytest
from hypothesis import given

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax

from .. import trees

NODES = {
    "object": lambda: trees.Rate(0.5),
    "class": lambda: trees.Plain(0.5),
    "functor": lambda: trees.affine(slope=0.5),
    "factory": lambda: trees.ramp(0.5),
    "optimizer": lambda: optax.adam(0.5),
    "linen": lambda: nn.Dropout(0.5),
    "nnx": lambda: nnx.Dropout(0.5),
}


@pytest.mark.parametrize("make", NODES.values(), ids=NODES)
def test_nodes_of_all_kinds_compare_hash_print_and_rebind_as_trees(make):
    one, other = make(), make()
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == sj.format(one)
    (path,) = sj.query(one, where=lambda v: type(v) is float and v == 0.5)
    changed = one.rebind({path: 0.25})
    assert changed != one == other
    assert sj.eq(changed, sj.rebind(one, {path: 0.25}))


@pytest.mark.parametrize("cls", [trees.Rate, trees.affine, trees.ramp, optax.adam, nn.Dropout, nnx.Dropout])
def test_partial_leaves_all_open(cls):
    node = cls.partial()
    assert type(node) is cls
    assert all("MISSING" in repr(node) for hole in sj.missing(node))


def test_a_copy_is_the_node_and_a_deep_copy_owns_its_arrays():
    array = np.ones(3)
    node = trees.Box(array, jax.numpy.zeros(2))
    assert copy.copy(node) is node
    deep = copy.deepcopy(node)
    assert deep == node
    assert not np.shares_memory(deep.content, node.content)
    assert not deep.content.flags.writeable
    assert jax.jit(copy.deepcopy)(node) == jax.jit(lambda tree: tree)(node)  # tracers are left alone


@given(trees.objects())
def test_nothing_but_equality_is_told_of_values_that_are_no_nodes(recipe):
    node = recipe()
    assert node != object()
    with pytest.raises(TypeError):
        operator.lt(node, node)


def test_the_traceback_of_a_refused_rebind_ends_in_the_user_s_line():
    with pytest.raises(TypeError) as refused:
        trees.Rate(0.5).rebind(rate="fast")
    frames = traceback.extract_tb(refused.value.__traceback__)
    assert [frame.filename for frame in frames if "symjax/verbs" in frame.filename] == []
