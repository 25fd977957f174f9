"""Sobol sequences: points that fill the space evenly."""

import sys

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms import Random, Sobol
from symjax.search.spaces.dna import DNA

from .variation.laws import SPACE

KEY = jax.random.key(0)


def drawn(algorithm, space, *sizes):
    state, parts = algorithm.init(space, KEY), []
    for n in sizes:
        dnas, state = algorithm.ask(state, KEY, n)
        parts.append(dnas)
    return DNA.concat(parts)


def test_points_do_not_hang_on_the_batch():
    whole = drawn(Sobol(), SPACE, 16)
    assert drawn(Sobol(), SPACE, 1, 4, 3, 8) == whole
    assert drawn(Sobol(), SPACE, 6) == whole[:6]
    SPACE.spec.check(whole.choices, whole.floats)
    assert len(np.unique(whole.floats[:, 0])) == 16
    other, _ = Sobol().ask(Sobol().init(SPACE, jax.random.key(1)), KEY, 16)
    assert other != whole


def test_all_laws_are_followed_more_evenly_than_by_draws():
    space = search.space(
        {
            "rate": search.floatv(1e-4, 1.0, "log"),
            "width": search.intv(1, 1000, scale="log"),
            "kind": search.oneof(list("abcd")),
            "order": search.permutate([1, 2, 3]),
        }
    )
    dnas = drawn(Sobol(), space, 64)
    decades = np.floor(np.log10(dnas.floats[:, 0]))
    assert np.bincount((decades + 4).astype(int)).tolist() == [16] * 4
    assert np.bincount(dnas.choices[:, 1]).tolist() == [16] * 4
    widths = np.array([tree["width"] for tree in space.decode(dnas)])
    assert abs(np.median(np.log10(widths)) - 1.5) < 0.15
    orders = np.unique(dnas.choices[:, 2:], axis=0, return_counts=True)[1]
    assert len(orders) == 6
    assert orders.min() > 4


def test_a_float_has_one_point_in_each_part():
    space = search.space([search.floatv(0.0, 1.0), search.floatv(0.0, 1.0)])
    for algorithm, is_even in ((Sobol(), True), (Random(), False)):
        parts = np.sort((np.asarray(drawn(algorithm, space, 32).floats) * 32).astype(int), axis=0)
        assert (parts == np.arange(32)[:, None]).all() == is_even


def test_too_many_dimensions_and_no_scipy(monkeypatch):
    many = search.space([search.manyof(25_000, [1, 2], distinct=False)])
    with pytest.raises(
        ValueError, match="at most 21,201 dimensions, and the decisions of the space take 25,000"
    ):
        Sobol().init(many, KEY)
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(ImportError, match="Sobol needs SciPy"):
        Sobol().init(SPACE, KEY)
