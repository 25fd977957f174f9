"""`query`, `contains`, `missing`, `is_partial`."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax

from .. import trees

MODEL = nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(2), nn.Sequential([nn.Dense(3)])])
EXPERIMENT = trees.Box(MODEL, {"optimizer": optax.adam(0.1), "width.max": 3})


@given(trees.trees())
def test_no_condition_selects_the_root(tree):
    (hit,) = sj.query(tree).items()
    assert hit[0] == ""
    assert hit[1] is tree


@given(trees.trees())
def test_entering_what_is_selected_finds_all(tree):
    found = sj.query(tree, enter_selected=True)
    assert [(path, id(value)) for path, value in found.items()] == [
        (path, id(value)) for path, value, _ in sj.walk(tree)
    ]


@given(trees.trees(), st.sampled_from(["content", ".*a", r"\[", "", "other.*"]))
def test_a_regex_is_matched_from_the_start_of_the_path(tree, regex):
    found = sj.query(tree, regex, enter_selected=True)
    assert list(found) == [path for path, _, _ in sj.walk(tree) if re.match(regex, str(path))]
    assert sj.query(tree, re.compile(regex), enter_selected=True) == found


@given(trees.trees())
def test_a_hit_stops_the_descent(tree):
    kinds = (trees.Box, nn.Module, tuple)
    found = sj.query(tree, where=lambda v: isinstance(v, kinds))
    everything = sj.query(tree, where=lambda v: isinstance(v, kinds), enter_selected=True)
    assert set(found) <= set(everything)
    for path in everything:
        above = [outer for outer in found if path.startswith(outer)]
        assert len(above) == 1  # each hit lies in exactly one of the outermost, which are apart


def test_by_type():
    dense = sj.query(EXPERIMENT, where=lambda v: isinstance(v, nn.Dense))
    assert [str(path) for path in dense] == [
        "content.layers[0]",
        "content.layers[2]",
        "content.layers[3].layers[0]",
    ]
    assert dense["content.layers[2]"] is MODEL.layers[2]


def test_by_path_and_predicate_together():
    found = sj.query(EXPERIMENT, r".*features$", lambda v: v > 2)
    assert found == {"content.layers[0].features": 4, "content.layers[3].layers[0].features": 3}


def test_the_three_forms_of_where():
    tree = {"a": [1, 2], "b": 1}
    assert sj.query(tree, where=lambda v: v == 1) == {"a[0]": 1, "b": 1}
    assert sj.query(tree, where=lambda v, p: v == 1 and isinstance(p, list)) == {"a[0]": 1}
    assert sj.query(tree, where=lambda k, v, p: k == "b") == {"b": 1}
    assert sj.query(tree, where=callable) == {}
    assert sj.query(tree, where=lambda *args: len(args) == 3 and args[1] == 2) == {"a[1]": 2}
    assert sj.query(tree, where=lambda v, wanted=2: v == wanted) == {"a[1]": 2}


@pytest.mark.parametrize("where", [lambda: True, lambda a, b, c, d: True])
def test_another_form_is_refused(where):
    with pytest.raises(
        TypeError, match=r"where must take \(v\) or \(v, p\) or \(k, v, p\), got a function of"
    ):
        sj.query({}, where=where)


def test_keys_with_dots_are_quoted():
    assert sj.query(EXPERIMENT, r"other\['width\.max'\]") == {"other['width.max']": 3}


@given(trees.recipes(), st.data())
def test_contains_every_value_that_is_in_it(recipe, data):
    tree, twin = recipe(), recipe()
    value = data.draw(st.sampled_from([v for _, v, _ in sj.walk(twin) if v is not sj.MISSING]))
    assert sj.contains(tree, value)
    assert sj.contains(tree, type=type(value))


def test_contains_is_strict():
    tree = {"a": [1, 2.0, jnp.ones(2)], "b": trees.Box(0.0)}
    assert sj.contains(tree, 1)
    assert sj.contains(tree, jnp.ones(2))
    assert sj.contains(tree, trees.Box(0.0))
    assert not sj.contains(tree, 2)
    assert not sj.contains(tree, True)
    assert not sj.contains(tree, -0.0)
    assert not sj.contains(tree, jnp.ones(2, jnp.int32))
    assert sj.contains(tree, type=trees.Box)
    assert not sj.contains(tree, type=nn.Module)


@given(trees.trees())
def test_missing_lists_the_holes(tree):
    holes = {
        path
        for path, value, parent in sj.walk(tree)
        if value is sj.MISSING and path.key in ("rate", "x", "learning_rate")
    }
    assert set(sj.missing(tree)) == holes
    assert sj.is_partial(tree) is bool(holes)


def test_missing_gives_the_hints():
    tree = {"a": trees.Rate.partial(), "b": [trees.Rate(0.1), trees.affine()]}
    assert list(sj.missing(tree)) == ["a.rate", "b[1].x"]
    assert sj.missing(tree)["a.rate"] is float
    assert not sj.is_partial(tree["b"][0])
    assert sj.missing(1) == {}


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (lambda v: v == "base", "content[0]"),
        (lambda v, p: v == "base", "content[0]"),
        (lambda k, v, p: v == "base", "content[0]"),
        (lambda v: type(v) is int and 1 / v > 0, "content[1].steps"),
    ],
)
def test_an_error_of_where_says_about_which_value(where, path):
    tree = trees.Box((np.zeros(2), {"name": "x", "steps": 0}))
    with pytest.raises((ValueError, ZeroDivisionError)) as caught:
        sj.query(tree, where=where)
    assert caught.value.__notes__ == [f"while asking where= about this value (path={path})"]
