"""`diff`: what differs, in each form, and the updates that turn one tree into the other."""

import jax.numpy as jnp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import symjax as sj
from symjax import Diff, Path, optax
from symjax import linen as nn

from .. import trees
from ..trees import Box, Pair, Plain, Rate, SubBox, affine, constant


def related(recipe):
    """Two recipes: unrelated ones, or trees that share parts and differ inside."""
    shared = st.shared(trees.values(max_leaves=3), key="shared")
    parts = st.one_of(shared, trees.values(max_leaves=3))
    return st.one_of(recipe, trees.nodes(parts), trees.sequences(parts), trees.mappings(parts))


@given(related(trees.recipes()), related(trees.recipes()))
def test_updates_turn_a_into_b(left, right):
    a, b = left(), right()
    before = trees.identities(a)
    made = sj.rebind(a, sj.diff(a, b).updates())
    assert sj.eq(made, b)
    assert type(made) is type(b)
    assert trees.identities(a) == before


@given(trees.recipes(), st.data())
def test_updates_after_a_change_somewhere(recipe, data):
    a = recipe()
    b = recipe()
    for path in data.draw(
        st.lists(st.sampled_from(trees.open_places(a) or [Path(())]), max_size=2, unique=True)
    ):
        value = data.draw(st.one_of(trees.values(max_leaves=2), trees.structure()))()
        if path in trees.walked(b):
            b = sj.rebind(b, {path: value})
    difference = sj.diff(a, b)
    assert sj.eq(sj.rebind(a, difference.updates()), b)
    assert bool(difference) is not sj.eq(a, b)


@given(st.lists(st.integers(0, 3), max_size=5), st.lists(st.integers(0, 3), max_size=5), st.booleans())
def test_lists_grow_and_shrink(left, right, frozen):
    a, b = (Box(left), Box(right)) if frozen else (left, right)
    assert sj.eq(sj.rebind(a, sj.diff(a, b).updates()), b)


KEYED = st.dictionaries(trees.keys(), st.integers(0, 2), max_size=4)


@given(KEYED, KEYED, st.booleans())
@example({1: 0}, {True: 0}, True)
@example({0.0: 0}, {-0.0: 0}, False)
@example({(1,): 0}, {(True,): 0}, True)
def test_mappings_gain_and_lose_keys(left, right, frozen):
    a, b = (Box(left), Box(right)) if frozen else (left, right)
    assert sj.eq(sj.rebind(a, sj.diff(a, b).updates()), b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        ([1], (1,)),
        ([], [[]]),
        ({"a": 1}, [1]),
        (Box(1), SubBox(1)),
        (Box(1), None),
        (Box(0.0), Box(-0.0)),
        (Box(1), Box(True)),
        (Box(float("nan")), Box(0.0)),
        (Box((1, 2, 3)), Box(())),
        (Box({"a": 1, "b": {"c": 2}}), Box({"b": {}})),
        (Pair(1, (2,)), Pair(1, (2, 3))),
        (Rate.partial(), Rate(0.1)),
        (Rate(0.1), Rate.partial()),
        (Rate(0.1, 3), Rate(0.1)),
        (affine(1), affine()),
        (affine(slope=1), affine(1, 2, 3, 4, five=5)),
        (affine(1, 2, 3, 4, five=5), affine(6)),
        (Plain(1, 2, 3, scale=4, five=5), Plain(1)),
        (Plain(1), Plain(1, 2, five=5)),
        (nn.Dense(3), nn.Dense(3, name="x")),
        (nn.Dense(3, name="x"), nn.Dense(3)),
        (nn.Sequential([nn.Dense(3)]), nn.Sequential([nn.Dense(3), nn.relu, nn.Dense(4)])),
        (nn.Sequential([nn.Dense(3), nn.relu]), nn.Sequential([nn.Conv(3, (1, 1))])),
        (optax.adam(0.1), optax.sgd(0.1)),
        (optax.chain(optax.adam(0.1)), optax.chain(optax.clip(1.0), optax.adam(0.2))),
        (jnp.zeros(2), jnp.zeros(3)),
        (Box(jnp.zeros(2)), Box(jnp.asarray([0.0, -0.0]))),
        (Box(trees.State(1.0)), Box(trees.State(1.0, "x"))),
    ],
)
def test_both_ways(a, b):
    for left, right in ((a, b), (b, a)):
        difference = sj.diff(left, right)
        assert difference
        assert sj.eq(sj.rebind(left, difference.updates()), right)


@given(trees.recipes())
def test_equal_trees_have_no_difference(recipe):
    a, b = recipe(), recipe()
    difference = sj.diff(a, b)
    assert not difference
    assert len(difference) == 0
    assert list(difference) == []
    assert difference.flat == {}
    assert difference.nested == {}
    assert difference.updates() == {}
    assert sj.rebind(a, difference.updates()) is a
    assert repr(difference) == "no difference"


@given(related(trees.recipes()), related(trees.recipes()))
def test_the_forms_agree(left, right):
    a, b = left(), right()
    difference = sj.diff(a, b)
    held_a, held_b = trees.walked(a), trees.walked(b)
    for path, entry in difference.flat.items():
        assert isinstance(entry, Diff)
        assert difference[path] is entry
        assert difference[str(path)] is entry
        assert not sj.eq(entry.left, entry.right)
        assert entry.left is held_a.get(path, sj.MISSING)
        assert entry.right is held_b.get(path, sj.MISSING)
    assert list(difference.flat) == list(difference)
    assert len(difference.flat) == len(difference)
    assert list(unnested(difference.nested)) == [
        (path.keys, entry) for path, entry in difference.flat.items()
    ]
    assert list(difference.updates()) == list(difference)
    for path in difference:  # no difference lies inside another
        assert not any(path != other and path.startswith(other) for other in difference)


def unnested(nested, above=()):
    if isinstance(nested, Diff):
        yield above, nested
    else:
        for key, inner in nested.items():
            yield from unnested(inner, (*above, key))


@given(related(trees.recipes()), related(trees.recipes()))
def test_differences_are_those_that_eq_sees_and_mirror(left, right):
    a, b = left(), right()
    there, back = sj.diff(a, b), sj.diff(b, a)
    assert bool(there) is not sj.eq(a, b)
    assert set(there) == set(back)
    assert all(back[path].left is there[path].right for path in there)


@given(related(trees.recipes()), related(trees.recipes()))
def test_collapsed_differences_are_updates_too(left, right):
    a, b = left(), right()
    collapsed = sj.diff(a, b, collapse=True)
    assert all(len(path) <= 1 for path in collapsed)
    assert sj.eq(sj.rebind(a, collapsed.updates()), b)


def test_collapse_by_a_predicate():
    a = Box(nn.Sequential([nn.Dense(3), nn.Dense(4)]), {"rate": 0.1})
    b = a.rebind({"content.layers[0].features": 5, "content.layers[0].use_bias": False, "other.rate": 0.2})
    assert list(sj.diff(a, b)) == ["content.layers[0].features", "content.layers[0].use_bias", "other.rate"]
    folded = sj.diff(a, b, collapse=lambda left, right: isinstance(left, nn.Dense))
    assert list(folded) == ["content.layers[0]", "other.rate"]
    assert folded["content.layers[0]"] == Diff(a.content.layers[0], b.content.layers[0])


def test_the_flat_form():
    a = Box([1, 2, 3], {"x": 1, "y": 2})
    b = Box([1, 5], {"x": 1, "z": 3})
    assert sj.diff(a, b).flat == {
        "content[1]": Diff(2, 5),
        "content[2]": Diff(3, sj.MISSING),
        "other.y": Diff(2, sj.MISSING),
        "other.z": Diff(sj.MISSING, 3),
    }
    assert sj.diff(a, b).updates() == {
        "content[1]": 5,
        "content[2]": sj.MISSING,
        "other.y": sj.MISSING,
        "other.z": 3,
    }


def test_the_nested_form():
    a, b = Box((1, Rate(0.1))), Box((1, Rate(0.2)))
    assert sj.diff(a, b).nested == {"content": {1: {"rate": Diff(0.1, 0.2)}}}
    assert sj.diff(1, 2).nested == Diff(1, 2)


def test_another_class_is_one_difference():
    assert list(sj.diff(Box(Rate(0.1)), Box(SubBox()))) == ["content"]
    assert list(sj.diff(Box(1), SubBox(1))) == [""]


def test_a_nan_equals_itself():
    assert not sj.diff(Box(float("nan")), Box(float("nan")))
    assert not sj.diff(jnp.asarray([jnp.nan]), jnp.asarray([jnp.nan]))


def test_the_order_of_a_mapping_makes_no_difference():
    assert not sj.diff(Box({"a": 1, "b": 2}), Box({"b": 2, "a": 1}))


def test_as_text():
    a = Box((1, 2), {"rate": 0.1, "gone": 1})
    b = Box((1, 2, 3), {"rate": 0.2})
    assert repr(sj.diff(a, b)) == "Box(content=[2: + 3], other={'rate': 0.1 → 0.2, 'gone': − 1})"
    assert repr(sj.diff(Rate(0.1), Rate(0.2))) == "Rate(rate: 0.1 → 0.2)"
    assert repr(sj.diff(1, 2)) == "1 → 2"


def test_an_entry_that_is_not_there():
    with pytest.raises(KeyError):
        sj.diff(1, 2)["x"]


def test_recipes_are_equal_but_shared_nowhere():
    """What the laws above rest on."""
    recipe = trees.Recipe(Box, constant(1), trees.Recipe(nn.Dense, constant(3)))
    assert recipe() == recipe()
    assert recipe().other is not recipe().other
