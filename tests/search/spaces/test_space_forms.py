"""Spaces as JSON."""

import json

import jax
import pytest

import symjax as sj
from symjax import search
from symjax.search.spaces.space_forms import read_space, read_tree, tree_record, write_space


class Net(sj.Object):
    width: int
    rate: float = 0.1


def test_a_space_comes_back_with_what_was_left_closed():
    tree = {"net": Net(search.oneof([8, 16]), search.floatv(0.0, 1.0)), "more": search.oneof([1, 2])}
    space = search.space(tree, where=lambda path: str(path) != "more")
    again = read_space(json.loads(json.dumps(write_space(space))))
    assert again == space
    assert again.closed == space.closed
    dna = space.sample(jax.random.key(0))
    assert again.decode(dna)["net"] == space.decode(dna)["net"]


def test_a_lambda_cannot_be_written():
    with pytest.raises(TypeError, match="f"):
        write_space(search.space({"f": search.oneof([lambda x: x, jax.nn.relu])}))


def test_a_tree_comes_back():
    assert read_tree(json.loads(json.dumps(tree_record(Net(8))))) == Net(8)
