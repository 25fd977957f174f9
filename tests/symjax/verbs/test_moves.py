"""References when a rebind inserts and deletes items before what they refer to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import nnx
from symjax.verbs.refs import resolve


class Holder(sj.Object):
    items: Any
    more: Any = None


DENSE = nn.Dense(4)
TIED = nn.Sequential([DENSE, nn.relu, DENSE])
INSERT, DELETE = sj.Insertion(nn.tanh), sj.MISSING


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ({"layers[0]": INSERT}, "(tanh, Dense(features=4), relu, ref('layers[1]'))"),
        ({"layers[2]": INSERT}, "(Dense(features=4), relu, tanh, ref('layers[0]'))"),
        ({"layers[1]": DELETE}, "(Dense(features=4), ref('layers[0]'))"),
        ({"layers[-2]": DELETE}, "(Dense(features=4), ref('layers[0]'))"),
        ({"layers[0]": DELETE}, "(relu, Dense(features=4))"),
        ({"layers[2]": DELETE}, "(Dense(features=4), relu)"),
        ({"layers[0]": nn.Dense(8)}, "(Dense(features=8), relu, ref('layers[0]'))"),
        ({"layers[2]": nn.Dense(8), "layers[0]": DELETE}, "(relu, Dense(features=8))"),
    ],
)
def test_ties_of_layers(updates, expected):
    assert str(TIED.rebind(updates)) == f"Sequential(layers={expected})"


def test_a_rule_that_deletes():
    assert str(TIED.rebind(lambda k, v: sj.MISSING if v is nn.relu else v)) == (
        "Sequential(layers=(Dense(features=4), ref('layers[0]')))"
    )


def test_nodes_of_nnx():
    layer = nnx.Linear(2, 2)
    tied = nnx.Sequential(layer, nnx.relu, layer).rebind({"fns[0]": sj.Insertion(nnx.tanh)})
    assert str(tied) == "Sequential(fns=(tanh, Linear(in_features=2, out_features=2), relu, ref('fns[1]')))"


def test_references_from_elsewhere_and_from_below():
    tree = Holder(
        [Holder([1]), {"a": 2}, 3],
        more=[sj.ref("items[2]"), Holder([sj.ref("items[1].a", up=2), sj.ref("items[0].items[0]", up=2)])],
    )
    moved = tree.rebind({"items[1]": sj.Insertion(0), "items[0].items[0]": sj.Insertion(7)})
    assert resolve(moved).more == resolve(tree).more
    assert moved.rebind({"items[1]": DELETE, "items[0].items[0]": DELETE}) == tree
    gone = tree.rebind({"items[1].a": DELETE, "items[2]": DELETE})
    assert resolve(gone).more == resolve(tree).more
    assert str(gone.more[0]) == "3"


def test_an_entry_of_a_mapping_that_is_deleted():
    tree = Holder({"a": 1, "b": sj.ref("items.a")}, more=sj.ref("items.a"))
    assert tree.rebind({"items.a": DELETE}) == Holder({"b": 1}, more=sj.ref("items.b"))


def test_a_reference_that_leads_out_of_the_tree_or_into_an_open_choice_is_left_alone():
    assert Holder([1, sj.ref("x", up=3)]).rebind({"items[0]": DELETE}) == Holder([sj.ref("x", up=3)])
    choice = sj.oneof([Holder([3]), Holder([4])])
    tree = Holder([1, choice], more=sj.ref("items[1].items[0]"))
    assert tree.rebind({"items[0]": DELETE}) == Holder([choice], more=sj.ref("items[0].items[0]"))


@given(st.data())
def test_after_any_edits_of_a_list_each_item_means_what_it_meant(data):
    size = data.draw(st.integers(1, 6))
    values: list[Any] = []
    meant: list[int] = []
    for index in range(size):
        target = data.draw(st.integers(0, index))
        values.append(f"item {index}" if target == index else sj.ref(f"items[{target}]"))
        meant.append(index if target == index else meant[target])
    edits = data.draw(st.dictionaries(st.integers(0, size - 1), st.sampled_from(["delete", "insert"])))
    updates = {
        f"items[{index}]": DELETE if edit == "delete" else sj.Insertion("new")
        for index, edit in edits.items()
    }
    edited = resolve(Holder(values).rebind(updates)).items
    expected: list[str] = []
    for index in range(size):
        expected += ["new"] * (edits.get(index) == "insert")
        expected += [f"item {meant[index]}"] * (edits.get(index) != "delete")
    assert edited == tuple(expected)
