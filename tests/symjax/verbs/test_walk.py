"""`walk` and `traverse`: order, parents, what is entered."""

import collections

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

import symjax as sj
from symjax import Step
from symjax import linen as nn

from .. import trees


def follow(tree, path):
    """The value at a path, by plain Python."""
    for key in path:
        if isinstance(tree, trees.Plain):
            arguments = {str(p): v for p, v, parent in sj.walk(tree) if parent is tree}
            tree = arguments[key]
        elif isinstance(tree, tuple | list | dict | sj.Map) and not hasattr(tree, "_fields"):
            tree = tree[key]
        else:
            tree = getattr(tree, key)
    return tree


@given(trees.trees())
def test_walk_is_pre_order(tree):
    entries = list(sj.walk(tree))
    assert entries[0] == (sj.Path(()), tree, None)
    assert entries[0][1] is tree
    seen = {sj.Path(())}
    last_at_depth = {}
    for path, _, _ in entries[1:]:
        assert path.parent in seen  # a parent comes before its children
        assert path not in seen  # each place once
        seen.add(path)
        # The parent is the last value seen at its depth: no subtree is left and entered again.
        if len(path) > 1:
            assert last_at_depth[len(path) - 1] == path.parent
        last_at_depth[len(path)] = path


@given(trees.trees())
def test_each_value_comes_with_its_path_and_parent(tree):
    held = trees.walked(tree)
    for path, value, parent in sj.walk(tree):
        if path:
            assert parent is held[path.parent]
            if value is not sj.MISSING:
                assert follow(tree, path) is value


@given(trees.trees())
def test_walk_changes_nothing_and_repeats_itself(tree):
    first = trees.identities(tree)
    assert trees.identities(tree) == first


@given(trees.trees())
def test_traverse_sees_what_walk_sees(tree):
    down, up = [], []
    assert sj.traverse(tree, lambda *args: down.append(args), lambda *args: up.append(args)) is True
    assert [(p, id(v), id(q)) for p, v, q in down] == [(p, id(v), id(q)) for p, v, q in sj.walk(tree)]
    assert {path for path, _, _ in up} == {path for path, _, _ in down}
    position = {path: i for i, (path, _, _) in enumerate(up)}
    assert all(position[path] < position[path.parent] for path in position if path)


def test_what_is_entered():
    tree = {
        "tuple": (1, [2]),
        "pair": trees.Pair(3, 4),
        "ordered": collections.OrderedDict(x=5),
        "default": collections.defaultdict(int, y=6),
        "map": sj.Map({"z": 7}),
        "module": nn.Sequential([nn.Dense(2)]),
    }
    paths = [str(path) for path, value, _ in sj.walk(tree) if isinstance(value, int) and value is not True]
    assert paths[:7] == [
        "tuple[0]",
        "tuple[1][0]",
        "pair.left",
        "pair.right",
        "ordered.x",
        "default.y",
        "map.z",
    ]
    assert "module.layers[0].features" in paths


@pytest.mark.parametrize(
    "value", [1, "abc", None, jnp.ones(3), np.ones(2), {1, 2}, range(3), b"ab", nn.Dense]
)
def test_what_is_not_entered(value):
    assert list(sj.walk(value)) == [(sj.Path(()), value, None)] if not hasattr(value, "shape") else True
    assert len(list(sj.walk(value))) == 1


def test_mappings_with_odd_keys():
    tree = {"a.b": 1, 3: 2, "it's": {None: 3}}
    assert [str(path) for path, _, _ in sj.walk(tree)] == [
        "",
        "['a.b']",
        "[3]",
        '["it\'s"]',
        '["it\'s"][None]',
    ]


def test_an_argument_that_is_not_given_is_walked_as_missing():
    assert [(str(p), v) for p, v, _ in sj.walk(trees.Rate.partial())][1:] == [
        ("rate", sj.MISSING),
        ("steps", 10),
    ]


def test_skip_goes_on_beside_and_stop_ends():
    tree = {"a": [1, 2], "b": [3], "c": 4}
    seen = []

    def pre(path, value, parent):
        seen.append(str(path))
        return {"a": Step.SKIP, "b[0]": Step.STOP}.get(str(path))

    assert sj.traverse(tree, pre) is False
    assert seen == ["", "a", "b", "b[0]"]


def test_enter_is_the_default_and_can_be_said():
    tree = {"a": [1]}
    for answer in (None, Step.ENTER):
        seen = []
        assert (
            sj.traverse(tree, lambda k, v, p, answer=answer, seen=seen: seen.append(str(k)) or answer) is True
        )
        assert seen == ["", "a", "a[0]"]


def test_a_skipped_value_is_still_left():
    up = []
    sj.traverse(
        {"a": [1]}, lambda k, v, p: Step.SKIP if k == "a" else None, lambda k, v, p: up.append(str(k))
    )
    assert up == ["a", ""]


def test_stop_on_the_way_up():
    up = []

    def post(path, value, parent):
        up.append(str(path))
        return Step.STOP if path == "a" else None

    assert sj.traverse({"a": [1], "b": 2}, post=post) is False
    assert up == ["a[0]", "a"]


def test_depth_is_no_limit():
    tree = 0
    for _ in range(5000):
        tree = [tree]
    assert sum(1 for _ in sj.walk(tree)) == 5001
    assert sj.traverse(tree, lambda *args: None, lambda *args: None) is True
