"""`fill`: a tree of the same structure with another value at each leaf."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax
from symjax.verbs.fill import fill

from .. import trees
from ..trees import Box, Rate


@given(trees.objects(), st.sampled_from([None, 0, 1.5, "x", jax.sharding.PartitionSpec("d")]))
def test_the_structure_is_kept(recipe, default):
    tree = recipe()
    filled = sj.fill(tree, default)
    structure = jax.tree.structure(tree)
    assert structure.flatten_up_to(filled) == [default] * structure.num_leaves
    assert type(filled) is type(tree)
    assert tree == recipe()


@given(trees.objects(), st.data())
def test_a_path_sets_the_leaves_at_and_below_it(recipe, data):
    tree = recipe()
    paths = [sj.Path.from_jax(key_path) for key_path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
    assume(paths)
    leaf = data.draw(st.sampled_from(paths))
    place = sj.Path(leaf.keys[: data.draw(st.integers(0, len(leaf)))])
    filled = sj.fill(tree, 0, {place: 1})
    assert jax.tree.leaves(filled) == [int(path.startswith(place)) for path in paths]


def test_a_longer_path_wins():
    tree = Box((1.0, 2.0, 3.0), 4.0)
    filled = sj.fill(tree, "z", {"content[1]": "inner", "content": "outer", "": "root"})
    assert jax.tree.leaves(filled) == ["outer", "inner", "outer", "root"]


def test_keys_with_dots():
    assert sj.fill({"a.b": 1.0, "a": 2.0}, 0, {"['a.b']": 1}) == {"a.b": 1, "a": 0}


@pytest.mark.parametrize("path", ["contnt", "other", "content[3]", "content.x"])
def test_a_path_without_leaves_is_refused(path):
    with pytest.raises(KeyError, match=r"no leaf at or below .*the leaves: content\[0\].* \(path="):
        sj.fill(Box((1.0, 2.0), 3), 0, {path: 1})


class Model(sj.Object):
    scale: float
    layer: nn.Module
    table: dict
    steps: int = 3

    def __call__(self, x):
        return self.scale * x * self.steps + self.table["b"] - self.table["a"][0]


def test_in_axes_of_vmap():
    model = Model(2.0, nn.Dense(3), {"b": 1.0, "a": (0.5, "static")})
    scales = jnp.asarray([1.0, 2.0, 3.0])
    batched = model.rebind({"scale": scales})
    axes = sj.fill(model, None, {"scale": 0})
    out = jax.vmap(Model.__call__, in_axes=(axes, None))(batched, 10.0)
    np.testing.assert_array_equal(out, [model.rebind(scale=s)(10.0) for s in (1.0, 2.0, 3.0)])


def test_in_axes_of_several_leaves_and_axes():
    model = Model(jnp.arange(3.0), nn.Dense(3), {"b": jnp.arange(6.0).reshape(2, 3), "a": (1.0, "s")})
    axes = sj.fill(model, None, {"scale": 0, "table.b": 1})
    out = jax.vmap(Model.__call__, in_axes=(axes, None), out_axes=1)(model, 1.0)
    expected = np.arange(3.0) * 3 + np.arange(6.0).reshape(2, 3) - 1.0
    np.testing.assert_allclose(out, expected)


def test_vmap_over_whole_trees_and_nested():
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[Rate(0.1 * i) for i in range(4)])
    assert type(batch) is Rate
    assert batch.steps == 10
    np.testing.assert_allclose(jax.vmap(lambda t: t.rate * t.steps)(batch), [0.0, 1.0, 2.0, 3.0], rtol=1e-6)
    np.testing.assert_allclose(
        jax.vmap(lambda t: jax.vmap(lambda s: t.rate + s.rate)(batch))(batch)[1],
        [0.1, 0.2, 0.3, 0.4],
        rtol=1e-6,
    )


def test_masks_and_shardings():
    optimizer = optax.adam(0.1)
    assert jax.tree.leaves(sj.fill(optimizer, False, {"learning_rate": True}))[0] is True
    spec = jax.sharding.PartitionSpec()
    assert all(leaf == spec for leaf in jax.tree.leaves(sj.fill(Box((1.0, jnp.ones(2))), spec)))


def test_a_filled_tree_may_be_filled_and_mapped_again():
    filled = sj.fill(Box(1.0, 2.0), 0)
    assert jax.tree.leaves(sj.fill(filled, 0, {"other": 5})) == [0, 5]
    assert jax.tree.map(lambda old, new: old if new else None, Box(1.0, 2.0), sj.fill(filled, 1)) == Box(
        1.0, 2.0
    )


class Stubborn:
    """A key of a pytree that refuses to be looked at."""

    def __str__(self):
        raise AssertionError("this key lies below every path")


def test_keys_below_the_longest_path_are_not_looked_at():
    @jax.tree_util.register_pytree_with_keys_class
    class Deep:
        def tree_flatten_with_keys(self):
            return [(Stubborn(), 1.0)], None

        @classmethod
        def tree_unflatten(cls, _, children):
            return children

    assert fill({"a": Deep(), "b": [Deep(), 2.0]}, 0, {"a": 1, "b[1]": 2}) == {"a": (1,), "b": [(0,), 2]}


def test_paths_that_are_prefixes_of_each_other():
    tree = functools.reduce(lambda below, _: {"d": below, "e": 2.0}, range(30), 1.0)
    values = {".".join(["d"] * depth): depth for depth in range(1, 30, 2)}
    filled = fill(tree, 0, values)
    for depth in range(1, 30):
        filled = filled["d"]
        assert filled["e"] == (depth if depth % 2 else depth - 1)
