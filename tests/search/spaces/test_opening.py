"""`space`: what is opened, and what is no space."""

import json
from typing import Any

import jax
import pytest

import symjax as sj
from symjax import search
from symjax.search.spaces.opening import read_space, read_tree, require_space, tree_record, write_space


class Layer(sj.Object):
    width: Any = 8
    rate: float = 0.5


TREE = [Layer(search.oneof([8, 16]), search.floatv(0.0, 1.0)), search.oneof([1, Layer(search.oneof([2, 4]))])]


def test_all_choices_are_opened():
    assert search.space(TREE).spec.names == ("[0].width", "[0].rate", "[1]", "[1][=1/2].width")


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (lambda v: isinstance(v, search.FloatV), ("[0].rate",)),
        (lambda k, v, p: k.key == "width", ("[0].width",)),
        (lambda v, p: isinstance(p, Layer), ("[0].width", "[0].rate")),
        (lambda k, v, p: str(k) == "[1]", ("[1]",)),
    ],
)
def test_where_opens_only_some_choices(where, names):
    some = search.space(TREE, where)
    assert some.spec.names == names
    assert sum(some.opened) == len(names)
    closed = some.decode(some.sample(jax.random.key(0)))
    assert len(sj.query(closed, where=lambda v: isinstance(v, search.Choice))) == len(some.closed) or (
        names == ("[1]",)
    )


def test_where_that_opens_nothing_is_refused():
    with pytest.raises(ValueError, match=r"where= opens none .* at \[0\].width, \[0\].rate, \[1\]$"):
        search.space(TREE, where=lambda k, v, p: k.key == "widht")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: search.space({"a": 1}),
            ValueError,
            "nothing to decide: {'a': 1} holds no choices; put some",
        ),
        (lambda: search.space(Layer), ValueError, "nothing to decide"),
        (lambda: search.space(Layer(), patches=["rate=0.25"]), ValueError, "nothing to decide"),
        (lambda: search.space(TREE, where="[1]"), TypeError, r"where= takes a function of .* got '\[1\]'"),
        (lambda: search.space(search.space(TREE)), TypeError, "a space already"),
        (
            lambda: require_space(TREE[0]),
            TypeError,
            r"expected a space, got .* search.space\(tree\) makes one",
        ),
    ],
)
def test_what_is_no_space_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_space_is_a_space():
    require_space(search.space(TREE))


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
