"""Modules of plain Flax that are given to something symbolic."""

from typing import Any

import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import linen as nn
from symjax.adoption.plain_modules import adopt_module, symbolic_layer


class Theirs(flax.linen.Module):
    width: int

    def __call__(self, x: Any) -> Any:
        return x * self.width


def test_a_layer_of_flax_becomes_the_one_that_the_view_shows():
    assert type(nn.Sequential([flax.linen.Dense(3)]).layers[0]) is nn.Dense
    assert symbolic_layer(flax.linen.Dense, "symjax.linen.Dense") is nn.Dense


def test_another_class_becomes_the_one_that_was_symbolized_first():
    adopted = adopt_module(Theirs(3), {})
    assert sj.is_symbolic(adopted)
    assert type(adopted) is type(adopt_module(Theirs(4), {}))
    assert adopted.width == 3


def test_one_module_that_stands_twice_stays_one():
    module = flax.linen.Dense(3)
    adopted: dict[int, Any] = {}
    assert adopt_module(module, adopted) is adopt_module(module, adopted)
    assert adopt_module(flax.linen.Dense(3), adopted) is not adopt_module(module, adopted)


def test_a_bound_module_is_flax_s_to_run():
    bound = Theirs(3).bind({})
    assert adopt_module(bound, {}) is bound
    assert jnp.array_equal(bound(jnp.ones(2)), 3 * jnp.ones(2))


def test_parameters_are_those_of_flax():
    tree = nn.Sequential([flax.linen.Dense(3)])
    plain = flax.linen.Sequential([flax.linen.Dense(3)])
    ours, theirs = (model.init(jax.random.key(0), jnp.ones((1, 2))) for model in (tree, plain))
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
