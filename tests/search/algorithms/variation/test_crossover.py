"""Crossover: each decision of a child is that of one of its parents, or lies between theirs."""

import jax
import jax.numpy as jnp
import numpy as np

from symjax import search
from symjax.search.algorithms.variation.crossover import (
    alternating_sources,
    averaged,
    contributing,
    random_cuts,
    simulated_binary,
    taken,
    uniform_sources,
    weighted_sources,
)
from symjax.search.spaces.dna import DNA
from symjax.search.spaces.sampling import random_words

from .laws import DNAS, SPACE, active_of

P = len(SPACE.spec)
PAIRS = jax.tree.map(lambda genes: genes.reshape(128, 2, -1), DNAS)
ACTIVE = active_of(PAIRS)
THERE = jnp.ones((128, 2), bool)


def words(*shape):
    return random_words(jax.random.key(7), shape)


def test_who_contributes():
    counts = np.asarray(contributing(PAIRS, THERE))
    some = ACTIVE.any(1, keepdims=True)
    np.testing.assert_array_equal(counts, np.where(some, ACTIVE, True))
    half = np.asarray(contributing(PAIRS, THERE.at[:, 1].set(False)))
    assert half[:, 0].all()
    assert not half[:, 1].any()


def test_uniform_sources_are_shared_out():
    counts = jnp.ones((512, 3, 4), bool)
    sources = np.asarray(uniform_sources(counts, words(512, 4)))
    np.testing.assert_array_equal(np.sort(sources, axis=1), np.broadcast_to([[0], [1], [2]], (512, 3, 4)))
    np.testing.assert_allclose(np.bincount(sources[:, 0].ravel()) / 2048, 1 / 3, atol=0.05)
    some = jax.random.bernoulli(jax.random.key(0), 0.5, (512, 3, 4)).at[:, 1].set(True)
    sources = uniform_sources(some, words(512, 4))
    assert jnp.take_along_axis(some, sources, axis=1).all()


def test_weighted_sources_follow_the_weights():
    counts = jnp.ones((4096, 3, 1), bool)
    weights = jnp.broadcast_to(jnp.array([1.0, 0.0, 3.0]), (4096, 3))
    sources = np.asarray(weighted_sources(counts, weights, words(4096, 3, 1)))
    np.testing.assert_allclose(np.bincount(sources.ravel()) / sources.size, [0.25, 0, 0.75], atol=0.02)
    # Only those that count; alike, where these weigh nothing.
    middle = jnp.zeros((8, 3, 1), bool).at[:, 1].set(True)
    assert (weighted_sources(middle, weights[:8], words(8, 3, 1)) == 1).all()
    ends = jnp.array([0, 2**32 - 1], jnp.uint32).reshape(1, 2, 1)
    extreme = weighted_sources(jnp.ones((1, 2, 1), bool), jnp.array([[1e-30, 1e30]]), ends)
    assert extreme.max() == 1


def test_alternating_segments():
    counts = jnp.ones((1, 2, 6), bool)
    cuts = np.array([False, False, True, False, False, True])
    assert alternating_sources(counts, cuts).tolist() == [[[0, 0, 1, 1, 1, 0], [1, 1, 0, 0, 0, 1]]]
    first_only = counts.at[:, 1, 2].set(False)
    assert alternating_sources(first_only, cuts).tolist() == [[[0, 0, 0, 1, 1, 0], [1, 1, 0, 0, 0, 1]]]


def test_cuts_are_as_many_as_asked_for_and_as_likely():
    cuts = np.asarray(random_cuts(words(2048, 5), 2))
    assert not cuts[:, 0].any()
    np.testing.assert_array_equal(cuts.sum(1), 2)
    np.testing.assert_allclose(cuts[:, 1:].mean(0), 0.5, atol=0.05)
    assert random_cuts(words(1, 5), 9).tolist() == [[False, True, True, True, True]]
    assert random_cuts(words(1, 1), 1).tolist() == [[False]]


def test_children_take_whole_decisions():
    counts = contributing(PAIRS, THERE)
    sources = uniform_sources(counts, words(128, P))
    some = np.array([point.name != "d" for point in SPACE.spec.points])
    children = jax.jit(taken)(PAIRS, sources, some).host()
    SPACE.spec.check(children.choices, children.floats)
    for index, (point, columns) in enumerate(zip(SPACE.spec.points, SPACE.spec.columns, strict=True)):
        genes, own = (np.asarray(getattr(dnas, point.array))[..., columns] for dnas in (children, PAIRS))
        source = np.asarray(sources)[..., index] if some[index] else np.array([0, 1])
        expected = own[np.arange(128)[:, None], source]
        np.testing.assert_array_equal(genes, expected)
    # What matters in a child comes from a parent in which it matters, wherever there is one.
    flat = jax.tree.map(lambda genes: genes.reshape(256, -1), children)
    matters = active_of(flat).reshape(128, 2, P) & ACTIVE.any(1, keepdims=True)
    from_active = np.take_along_axis(ACTIVE, np.asarray(sources), axis=1)
    assert from_active[matters & some].all()


def test_averages_lie_between_on_the_scale():
    space = search.space({"x": search.floatv(0.01, 1.0, "log"), "y": search.floatv(0.0, 1.0)})
    pair = DNA(space.spec, np.zeros((1, 2, 0), np.int32), np.array([[[0.01, 0.2], [1.0, 0.6]]], np.float32))
    counts, both = jnp.ones((1, 2, 2), bool), np.array([True, True])
    middle = averaged(pair, counts, jnp.ones((1, 2)), both)
    np.testing.assert_allclose(middle.floats, [[[0.1, 0.4]] * 2], rtol=1e-5)
    third = averaged(pair, counts, jnp.array([[3.0, 1.0]]), np.array([False, True]))
    np.testing.assert_allclose(third.floats, [[[0.01, 0.3], [1.0, 0.3]]], rtol=1e-5)
    alone = averaged(pair, counts.at[0, 1].set(False), jnp.zeros((1, 2)), both)
    np.testing.assert_allclose(alone.floats, [[[0.01, 0.2]] * 2], rtol=1e-5)


def test_simulated_binary_crossover_keeps_the_middle_and_spreads_as_eta_says():
    space = search.space([search.floatv(-1.0, 1.0), search.oneof([1, 2])])
    n = 4096
    floats = np.broadcast_to(np.array([[-0.1], [0.1]], np.float32), (n, 2, 1))
    choices = np.broadcast_to(np.array([[0], [1]], np.int32), (n, 2, 1))
    pairs = DNA(space.spec, choices, floats)
    both = np.array([True, True])
    far = []
    for eta in (2.0, 20.0):
        children = jax.jit(simulated_binary)(pairs, words(n, 2, 2), eta, both).host()
        assert (np.sort(children.choices[..., 0]) == [0, 1]).all()
        assert 0.4 < (children.choices[:, 0, 0] == 0).mean() < 0.6
        # Far from the bounds the law is symmetric: two children have their parents' middle, nearly.
        np.testing.assert_allclose(children.floats.sum(1), 0, atol=2e-3 if eta > 10 else 0.2)
        stretch = np.abs(children.floats[:, 0, 0] - children.floats[:, 1, 0]) / 0.2
        is_crossed = np.abs(stretch - 1) > 1e-5
        assert 0.4 < is_crossed.mean() < 0.6
        # One half of the children lie further apart than their parents, by the law of Deb and Agrawal.
        wide = stretch[is_crossed & (stretch > 1)]
        np.testing.assert_allclose(np.mean(wide < 0.5 ** (-1 / (eta + 1))), 0.5, atol=0.05)
        far.append(np.median(np.abs(stretch[is_crossed] - 1)))
    assert far[0] > 3 * far[1]


def test_simulated_binary_crossover_stays_within_the_bounds():
    children = jax.jit(simulated_binary)(PAIRS, words(128, 2, P), 1.0, np.ones(P, bool)).host()
    SPACE.spec.check(children.choices, children.floats)
    assert (children.floats != PAIRS.floats).mean() > 0.3
    twins = jax.tree.map(lambda genes: np.repeat(genes[:, :1], 2, axis=1), PAIRS)
    assert jax.jit(simulated_binary)(twins, words(128, 2, P), 1.0, np.ones(P, bool)).host() == twins
