"""Tied modules: an instance that is given twice is a reference; identity alone ties nothing."""

import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import linen as nn
from symjax import nnx
from symjax.adoption.ties import record_ties, untie, untied
from symjax.verbs.refs import Ref

from .. import trees

X = jnp.ones((1, 3))


def test_the_second_place_of_a_module_becomes_a_reference_to_the_first():
    shared = nn.Dense(3)
    values = record_ties({"a": shared, "b": (nn.Dense(3), shared)})
    assert values["a"] is shared
    assert values["b"] == (nn.Dense(3), sj.ref("a"))


def test_equal_modules_are_not_tied_and_what_is_no_module_never_is():
    node = trees.Rate(0.5)
    values = {"a": nn.Dense(3), "b": nn.Dense(3), "c": (node, node)}
    assert record_ties(values) == values
    assert record_ties(values)["c"][1] is node


def test_a_reference_out_of_a_module_says_how_far_up_it_starts():
    shared = nn.Dense(3)
    values = record_ties({"a": shared, "b": nn.Sequential([shared, nn.relu])})
    assert values["b"].layers[0] == Ref("a", 2)


class Part(nn.Module):
    width: int

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(self.width)(x)


class Whole(nn.Module):
    width: int = 4
    part: nn.Module = Part(width=sj.ref("width", up=2))

    def __call__(self, x):
        return self.part(x)


def test_the_only_part_of_a_module_may_refer_to_an_argument_of_the_whole():
    params = Whole().rebind(width=5).init(jax.random.key(0), X)["params"]
    assert jax.tree.map(jnp.shape, params["part"]["Dense_0"]) == {"kernel": (3, 5), "bias": (5,)}


def test_modules_that_stand_twice_by_accident_come_apart():
    shared = nn.Dense(3)
    one, other = untied([shared, shared])
    assert one is shared
    assert other is not shared
    assert one == other
    values = untie({"a": (shared, shared)})
    assert values["a"][0] is not values["a"][1]
    assert untie({"a": shared})["a"] is shared


def test_parameters_are_shared_where_a_reference_says_so_and_only_there():
    shared = nn.Dense(3)
    tied, apart = nn.Sequential([shared, shared]), nn.Sequential([nn.Dense(3), nn.Dense(3)])
    key = jax.random.key(0)
    assert len(jax.tree.leaves(tied.init(key, X))) == 2
    assert len(jax.tree.leaves(apart.init(key, X))) == 4
    plain = flax.linen.Dense(3)
    theirs = flax.linen.Sequential([plain, plain])
    assert jnp.array_equal(tied.apply(tied.init(key, X), X), theirs.apply(theirs.init(key, X), X))


def test_a_rule_may_put_one_module_at_many_places():
    new = nn.Dense(5)
    tree = nn.Sequential([nn.Dense(3), nn.Dense(3)])
    tree = tree.rebind(lambda k, v: new if isinstance(v, nn.Dense) else v)
    assert len(jax.tree.leaves(tree.init(jax.random.key(0), X))) == 4


def test_a_node_of_nnx_that_is_given_twice_is_one_module():
    shared = nnx.Linear(3, 3)
    built = sj.build(nnx.Sequential(shared, shared))
    assert built.layers[0] is built.layers[1]
