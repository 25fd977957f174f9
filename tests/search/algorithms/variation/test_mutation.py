"""Mutation: a decision that matters is decided otherwise."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings

from symjax import search
from symjax.search.algorithms.variation.digests import digest
from symjax.search.algorithms.variation.mutation import mutated, mutation_words, one_of, picked
from symjax.search.spaces.dna import DNA
from symjax.search.spaces.points import Spec
from symjax.search.spaces.sampling import random_words

from ...spaces import generated
from ...test_new_kind import SPACE as NEW_KIND
from .laws import DNAS, SPACE, active_of, check_children, decisions_that_differ


def mutate(space, dnas, seed=1, probability=None, where=None):
    rows = random_words(jax.random.key(seed), (len(dnas), mutation_words(space.spec, probability)))
    return mutated(dnas, rows, probability, where)


compiled = jax.jit(mutate, static_argnums=(0, 2, 4))


def test_one_decision_that_matters_changes():
    children = check_children(DNAS, compiled(SPACE, DNAS))
    differ = decisions_that_differ(DNAS, children)
    awake = active_of(children) & ~active_of(DNAS)
    np.testing.assert_array_equal((differ & ~awake).sum(1), 1)


def test_each_decision_is_as_likely():
    sites = np.zeros(len(SPACE.spec))
    expected = np.zeros(len(SPACE.spec))
    children = compiled(SPACE, DNAS).host()
    active = active_of(DNAS)
    fixed = np.array([point.name == "f" for point in SPACE.spec.points])
    sites += (decisions_that_differ(DNAS, children) & active).sum(0)
    can = active & ~fixed
    expected += (can / can.sum(1, keepdims=True)).sum(0)
    assert sites[fixed].sum() == 0
    np.testing.assert_allclose(sites, expected, atol=4 * np.sqrt(expected.max()))


def test_what_comes_to_matter_is_drawn_by_its_law():
    space = search.space(search.oneof([1, [search.oneof(list(range(4))), search.floatv(0.0, 1.0)]]))
    same = DNA(space.spec, np.zeros((512, 2), np.int32), np.full((512, 1), 0.5, np.float32))
    children = check_children(same, compiled(space, same), space)
    np.testing.assert_array_equal(children.choices[:, 0], 1)
    assert (np.bincount(children.choices[:, 1]) > 80).all()
    assert len(np.unique(children.floats)) > 500
    back = compiled(space, children)
    gone = np.asarray(back.choices[:, 0]) == 0
    assert gone.sum() > 100
    np.testing.assert_array_equal(back.choices[gone, 1], children.choices[gone, 1])


def test_eager_is_compiled_and_mapped():
    space = search.space(search.oneof([search.floatv(0.0, 1.0), search.permutate([1, 2, 3])]))
    dnas = space.sample(jax.random.key(0), 8)
    whole = compiled(space, dnas)
    assert mutate(space, dnas).host() == whole.host()
    rows = random_words(jax.random.key(1), (8, mutation_words(space.spec)))
    single = jax.vmap(lambda dna, row: jax.tree.map(lambda g: g[0], mutated(expand(dna), row[None])))
    assert jax.jit(single)(dnas, rows).host() == whole.host()


def expand(dna):
    return jax.tree.map(lambda genes: genes[None], dna)


def test_a_probability_for_each():
    children = check_children(DNAS, compiled(SPACE, DNAS, 1, 0.3))
    differ = decisions_that_differ(DNAS, children) & active_of(DNAS)
    can = active_of(DNAS).sum(1) - 1  # but for `f`
    assert differ.sum(1).min() == 1
    assert abs(differ.sum() / can.sum() - 0.3) < 0.05
    never = compiled(SPACE, DNAS, 1, 0.0)
    assert (decisions_that_differ(DNAS, never.host()) & active_of(DNAS)).sum(1).max() == 1


def test_where_says_which():
    def is_c(point):
        return point.name == "c"

    def is_inner(point):
        return point.parent >= 0

    children = check_children(DNAS, compiled(SPACE, DNAS, 1, None, is_c), where=is_c)
    names = np.array(SPACE.spec.names)
    assert set(names[decisions_that_differ(DNAS, children).any(0)]) == {"c"}
    # Where it does not matter nothing changes.
    few = check_children(DNAS, compiled(SPACE, DNAS, 1, None, is_inner), where=is_inner)
    assert 0 < decisions_that_differ(DNAS, few).any(1).sum() < len(DNAS)


def test_nothing_to_change():
    space = search.space([search.oneof([1])])
    dnas = space.sample(jax.random.key(0), 3)
    assert mutate(space, dnas).host() == dnas
    nothing = DNA(Spec(()), np.zeros((3, 0), np.int32), np.zeros((3, 0), np.float32))
    assert mutated(nothing, random_words(jax.random.key(0), (3, 1))).host() == nothing


def test_a_new_kind_of_decision_varies():
    dnas = NEW_KIND.sample(jax.random.key(0), 64)
    for seed in range(4):
        children = compiled(NEW_KIND, dnas, seed).host()
        NEW_KIND.spec.check(children.choices, children.floats)
        assert (digest(dnas) != digest(children)).any(1).all()


@settings(max_examples=6, deadline=None)
@given(generated.spaces)
def test_any_space(space):
    dnas = space.sample(jax.random.key(3), 16)
    check_children(dnas, compiled(space, dnas), space)


@pytest.mark.parametrize("size", [1, 6])
def test_one_of_flags_is_uniform(size):
    flags = jax.random.bernoulli(jax.random.key(0), 0.6, (4096, size))
    one = np.asarray(one_of(flags, random_words(jax.random.key(1), (4096,))))
    assert (one <= np.asarray(flags)).all()
    np.testing.assert_array_equal(one.sum(1), np.asarray(flags).any(1))
    whole = np.asarray(flags).all(1)
    np.testing.assert_allclose(one[whole].mean(0), 1 / size, atol=0.1)


def test_picked_without_conditions_is_uniform_over_what_can_change():
    spec = search.space([search.oneof([1, 2]), search.oneof([1]), search.floatv(0.0, 1.0)]).spec
    site = np.asarray(picked(spec, np.ones((4096, 3), bool), random_words(jax.random.key(1), (4096,))))
    np.testing.assert_array_equal(site.sum(1), 1)
    np.testing.assert_allclose(site.mean(0), [0.5, 0, 0.5], atol=0.05)
