"""Mutators: each individual has a child, of which a decision is another one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.evolution import mutators
from symjax.search.algorithms.evolution.population import Population

from ..variation.laws import DNAS, SPACE, check_children, decisions_that_differ

KEY = jax.random.key(5)
PARENTS = Population.told(DNAS, jnp.zeros((256, 1)))
call = jax.jit(lambda mutator, parents, key: mutator(parents, key).dnas)


@pytest.mark.parametrize(
    "mutator",
    [
        mutators.Uniform(),
        mutators.Uniform(probability=0.2),
        mutators.Gaussian(0.05),
        mutators.Polynomial(probability=0.2),
    ],
    ids=repr,
)
def test_children_are_other_points(mutator):
    check_children(DNAS, call(mutator, PARENTS, KEY))


@pytest.mark.parametrize(
    ("mutator", "longest"), [(mutators.Gaussian(0.01), 0.05), (mutators.Polynomial(1000.0), 0.02)]
)
def test_floats_go_steps_of_their_own(mutator, longest):
    space = search.space({"x": search.floatv(0.0, 10.0), "y": search.oneof([1, 2])})
    dnas = space.sample(jax.random.key(0), 256)
    children = check_children(dnas, call(mutator, Population.told(dnas, jnp.zeros((256, 1))), KEY), space)
    length = np.abs(children.floats - dnas.floats)[:, 0] / 10
    assert 0 < length.max() < longest
    assert 80 < (length > 0).sum() < 176


def test_their_numbers_can_be_traced():
    traced = jax.jit(lambda spread: mutators.Gaussian(spread)(PARENTS, KEY).dnas)(0.05)
    assert traced.host() == call(mutators.Gaussian(0.05), PARENTS, KEY).host()


def test_swap_exchanges_places():
    children = call(mutators.Swap(), PARENTS, KEY).host()
    SPACE.spec.check(children.choices, children.floats)
    assert decisions_that_differ(DNAS, children).any(1).all()
    lists = call(mutators.Swap(lambda point: point.name == "h"), PARENTS, KEY).host()
    names = np.array(SPACE.spec.names)[decisions_that_differ(DNAS, lists).any(0)]
    assert "h" in names
    assert "c" not in names


@pytest.mark.parametrize(("module", "kind"), [("mutators", "Mutator"), ("recombinators", "Recombinator")])
def test_completion_offers_operations_alone(module, kind):
    there = getattr(search.evolution, module)
    kinds = [getattr(there, name) for name in dir(there)]
    assert all(issubclass(each, getattr(search.evolution, kind)) for each in kinds)
    defined = {
        name for name, each in vars(there).items() if getattr(each, "__module__", "") == there.__name__
    }
    assert {name for name in defined if name[0].isupper()} == set(dir(there))
