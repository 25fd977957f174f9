"""`Map`: the immutable mapping inside of trees."""

import copy
import pickle
from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from flax.core import FrozenDict, unfreeze
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj

from .. import trees

KEY = jax.random.key(0)
NAMED = st.dictionaries(st.sampled_from("abc"), st.integers() | st.dictionaries(st.just("d"), st.integers()))
ITEMS = st.dictionaries(trees.keys(), st.integers() | st.floats(allow_nan=False), max_size=5)


@given(ITEMS)
def test_it_is_a_mapping(items):
    held = sj.Map(items)
    assert dict(held) == items
    assert list(held) == list(items)  # in the order given
    assert len(held) == len(items)
    assert all(held[key] == value for key, value in items.items())
    assert (held == items) is sj.eq(held, sj.Map(items))
    assert "nowhere" not in held


@given(ITEMS)
def test_copies(items):
    held = sj.Map(items)
    for copied in (pickle.loads(pickle.dumps(held)), copy.copy(held)):
        assert copied == held
        assert list(copied) == list(held)
        assert hash(copied) == hash(held)


def test_a_deep_copy_is_a_plain_dict_as_dataclasses_want_it():
    numbers = np.zeros(2)
    copied = copy.deepcopy(sj.Map({"a": {"b": 1}, "c": numbers}))
    assert type(copied) is dict
    assert type(copied["a"]) is dict
    assert copied["c"] is not numbers


def test_internals_cannot_be_deleted():
    with pytest.raises(AttributeError, match="immutable"):
        del sj.Map({"a": 1})._items


@given(ITEMS)
def test_it_is_a_pytree_in_the_order_of_its_keys(items):
    held = sj.Map(items)
    leaves, structure = jax.tree.flatten(held)
    assert leaves == [value for value in items.values() if isinstance(value, float)]
    assert sj.eq(jax.tree.unflatten(structure, leaves), held)


def test_it_is_immutable():
    held = sj.Map({"a": [1]})
    with pytest.raises(TypeError, match=r"immutable; rebind .* at the path of 'a'"):
        held["a"] = 2
    with pytest.raises(TypeError, match="immutable"):
        del held["a"]
    with pytest.raises(AttributeError, match="immutable"):
        held.a = 1
    with pytest.raises(AttributeError, match="immutable"):
        held._items = {}
    assert held == {"a": (1,)}


@given(NAMED, NAMED)
def test_it_copies_pops_and_unfreezes_as_flax_has_it(items, more):
    held, theirs = sj.Map({"in": items, **items}), FrozenDict({"in": items, **items})
    assert held.copy(more).unfreeze() == theirs.copy(more).unfreeze()
    assert held.copy() == held
    for key in held:
        (rest, value), (their_rest, their_value) = held.pop(key), theirs.pop(key)
        assert rest.unfreeze() == their_rest.unfreeze()
        assert sj.Map({"": value}).unfreeze() == {"": unfreeze(their_value)}
    assert type(held.unfreeze()["in"]) is dict
    assert held == {"in": items, **items}


def test_what_is_not_there_cannot_be_popped():
    with pytest.raises(KeyError, match="nowhere"):
        sj.Map({"a": 1}).pop("nowhere")


def test_the_methods_of_a_linen_module_find_what_they_use_of_a_frozen_dict():
    class Mlp(linen.Module):
        options: dict[str, Any]

        @linen.compact
        def __call__(self, x):
            rest, features = self.options.copy({"use_bias": False}).pop("features")
            return linen.Dense(features, **rest.unfreeze())(x)

    model = sj.symbolize(Mlp, name="tests.containers.Mlp")({"features": 3, "use_bias": True})
    x = jnp.ones((1, 2))
    ours, theirs = model.init(KEY, x), Mlp(model.options.unfreeze()).init(KEY, x)
    chex.assert_trees_all_equal(ours, theirs)
    assert set(ours["params"]["Dense_0"]) == {"kernel"}


def test_what_was_given_may_change_afterwards():
    items = {"a": [1]}
    held = sj.Map(items)
    items["a"].append(2)
    items["b"] = 3
    assert held == {"a": (1,)}


def test_union():
    held = sj.Map({"a": 1, "b": 2})
    assert (held | {"b": [3]}) == {"a": 1, "b": (3,)}
    assert type(held | {}) is sj.Map
    assert held == {"a": 1, "b": 2}


def test_equality_is_strict_and_free_of_order():
    assert sj.Map({"a": 1, "b": 2}) == sj.Map({"b": 2, "a": 1})
    assert sj.Map({"a": 1}) != sj.Map({"a": 1.0})
    assert sj.Map({1: 0}) != sj.Map({True: 0})
    assert hash(sj.Map({"a": 1, "b": 2})) == hash(sj.Map({"b": 2, "a": 1}))


def test_keys_of_types_that_do_not_compare():
    # JAX sorts the keys of a dict, and cannot here.
    held = sj.Map({"b": 1.0, 1: 2.0, None: 3.0})
    assert jax.tree.leaves(held) == [1.0, 2.0, 3.0]


def test_text():
    assert repr(sj.Map({"b": [1], "a.b": 0.5})) == "{'b': (1,), 'a.b': 0.5}"
