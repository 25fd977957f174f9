"""The one protocol through which every verb sees a tree."""

import collections

import jax
import pytest
from flax.core import FrozenDict
from hypothesis import given

import symjax as sj
from symjax.core.paths import ROOT
from symjax.verbs.tree import child, is_container, items, jax_path, map_items, replace, value_at

from .. import trees


@given(trees.values())
def test_what_is_entered_has_items_and_each_is_found_by_its_key(recipe):
    value = recipe()
    children = items(value)
    assert is_container(value) == (children is not None)
    for key, item in children or ():
        assert child(value, key, ROOT / key) is item


@given(trees.recipes())
def test_the_value_at_a_path_is_what_the_walk_sees_there(recipe):
    tree = recipe()
    for path, value, _ in sj.walk(tree):
        assert value_at(tree, path) is value


@given(trees.recipes())
def test_replacing_a_child_by_itself_gives_an_equal_value_with_the_same_children(recipe):
    for value in trees.walked(recipe()).values():
        held = [(key, item) for key, item in items(value) or () if item is not sj.MISSING]
        if held:
            again = replace(value, dict(held[:1]))
            assert sj.eq(again, value)
            assert map_items(value, ROOT, lambda item, path: item) == {}


def test_jax_names_a_place_as_the_verbs_do():
    tree = trees.Box((0.5, "a", trees.Pair(1.0, 2)), {"b": [trees.Rate(2.0)], "c": 1})
    for entries, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        (path,) = sj.query(tree, where=lambda v, leaf=leaf: v is leaf)
        assert jax_path(path, tree) == entries


KINDS = {
    "list": ([1, 2], {0: 5}, [5, 2]),
    "append": ([1], {1: 2}, [1, 2]),
    "delete": ((1, 2, 3), {1: sj.MISSING}, (1, 3)),
    "insert": ([1, 2], {1: sj.Insertion(7)}, [1, 7, 2]),
    "named": (trees.Pair(1, 2), {"right": 3}, trees.Pair(1, 3)),
    "dict": ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    "entry": ({"a": 1, "b": 2}, {"a": sj.MISSING}, {"b": 2}),
    "frozen": (FrozenDict({"a": 1}), {"a": 2}, FrozenDict({"a": 2})),
    "map": (sj.Map({"a": 1}), {"a": [2]}, sj.Map({"a": (2,)})),
    "node": (trees.Rate(0.5, 3), {"steps": sj.MISSING}, trees.Rate(0.5)),
}


@pytest.mark.parametrize(("value", "changes", "expected"), KINDS.values(), ids=KINDS)
def test_replace_one_level(value, changes, expected):
    changed = replace(value, changes)
    assert sj.eq(changed, expected)
    assert type(changed) is type(value)


def test_a_default_dict_keeps_its_factory():
    changed = replace(collections.defaultdict(list, a=1), {"a": 2})
    assert changed["new"] == []


@pytest.mark.parametrize(
    ("value", "changes", "kind", "message"),
    [
        ([1], {3: 1}, KeyError, "of 1 items"),
        ([1], {"a": 1}, KeyError, "of 1 items"),
        ({1: "a"}, {True: "b"}, KeyError, "no key True"),
        (trees.Rate(0.5), {"stpes": 1}, KeyError, "did you mean 'steps'"),
        (trees.Pair(1), {"middle": 1}, KeyError, "no field 'middle'"),
        (5, {"a": 1}, KeyError, "which has no parts"),
        ({"a": 1}, {"a": sj.Insertion(1)}, TypeError, "an entry of a mapping"),
        (trees.Pair(1), {"left": sj.Insertion(1)}, TypeError, "a field"),
    ],
)
def test_what_cannot_be_replaced(value, changes, kind, message):
    with pytest.raises(kind, match=message):
        replace(value, changes)
