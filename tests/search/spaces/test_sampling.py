"""The law of a space: every decision uniform on its scale, by itself."""

import itertools
import math

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from symjax import search

from .generated import trees

seeds = st.integers(0, 2**32 - 1)
N = 4096
# Each of these laws is tested with an error probability of 1e-4, at a fixed seed.
LEAST = 1e-4

# All in one space: it is the sampler that takes long to compile.
FINITE = {
    "one": search.oneof(["a", "b", "c"]),
    "inner": search.oneof([search.oneof([1, 2]), 3]),
    "sets": search.manyof(2, ["w", "x", "y", "z"], sorted=True),
    "lists": search.manyof(2, ["w", "x", "y", "z"]),
    "multisets": search.manyof(3, ["x", "y", "z"], distinct=False, sorted=True),
    "tuples": search.manyof(2, ["x", "y", "z"], distinct=False),
    "order": search.permutate(["x", "y", "z"]),
    "whole": search.intv(-3, 5),
    "steps": search.intv(16, 64, 16),
}
LOGS = {
    "octaves": search.intv(1, 16, scale="log"),
    "strides": search.intv(10, 100, 30, scale="log"),
    "large": search.intv(2**40, 2**40 + 2**39, 2**37, scale="log"),
}
FLOATS = {
    "linear": search.floatv(-3.0, 5.0),
    "log": search.floatv(1e-6, 1e-2, "log"),
    "reverse": search.floatv(1e-3, 1.0, "rlog"),
    "wide": search.floatv(1e-30, 1e30, "log"),
    "huge": search.floatv(1e38, 3e38, "rlog"),
}
SPACE = search.space({**FINITE, **LOGS, **FLOATS})


@pytest.fixture(scope="module")
def sample():
    return SPACE.sample(jax.random.key(7), N).host()


def columns(dnas, name):
    index = SPACE.spec.names.index(name)
    point = SPACE.spec.points[index]
    return getattr(dnas, point.array)[:, SPACE.spec.columns[index]]


@pytest.mark.parametrize("name", FINITE)
def test_every_value_is_as_likely_as_any_other(sample, name):
    rows = [tuple(row) for row in columns(sample, name).tolist()]
    values = [tuple(int(gene) for gene in genes) for genes in FINITE[name].enumerate(None)]
    assert set(rows) <= set(values)
    assert stats.chisquare([rows.count(value) for value in values]).pvalue > LEAST


def test_decisions_do_not_depend_on_each_other(sample):
    for one, other in itertools.pairwise(["one", "inner", "whole", "steps", "octaves"]):
        table = np.zeros((20, 20))
        np.add.at(table, (columns(sample, one)[:, 0], columns(sample, other)[:, 0]), 1)
        table = table[table.any(1)][:, table.any(0)]
        assert stats.chi2_contingency(table[:6, :6]).pvalue > LEAST


@pytest.mark.parametrize("name", LOGS)
def test_whole_numbers_on_a_log_scale_are_what_is_rounded_to_them(sample, name):
    choice = LOGS[name]
    genes = columns(sample, name)[:, 0]
    edges = [max(value - choice.step / 2, 0.5) for value in choice.values] + [
        choice.values[-1] + choice.step / 2
    ]
    expected = np.diff(np.log(edges))
    counts = np.bincount(genes, minlength=len(choice))
    assert stats.chisquare(counts, N * expected / expected.sum()).pvalue > LEAST


SHARES = {
    "linear": lambda x: (x + 3) / 8,
    "log": lambda x: (np.log10(x) + 6) / 4,
    "reverse": lambda x: 1 - np.log((1.001 - x.astype(np.float64)) / 1e-3) / math.log(1e3),
    "wide": lambda x: (np.log10(x) + 30) / 60,
    "huge": lambda x: 1 - np.log((4e38 - x.astype(np.float64)) / 1e38) / math.log(3),
}


@pytest.mark.parametrize("name", FLOATS)
def test_floats_are_uniform_on_their_scale(sample, name):
    share = SHARES[name](columns(sample, name)[:, 0])
    assert stats.kstest(share, "uniform").pvalue > LEAST


def test_sampled_dnas_are_valid(sample):
    SPACE.spec.check(sample.choices, sample.floats)
    for dna in sample[:8]:
        assert search.DNA.from_numbers(SPACE.spec, dna.numbers()) == dna


@given(st.lists(trees, min_size=20, max_size=20), seeds)
@settings(max_examples=1)
def test_samples_of_any_space_are_valid(trees, seed):
    space = search.space([trees, search.oneof([1])])
    dnas = space.sample(jax.random.key(seed), 64).host()
    space.spec.check(dnas.choices, dnas.floats)


@given(seeds)
@settings(max_examples=20)
def test_a_gene_never_leaves_its_bounds(seed):
    dnas = SPACE.sample(jax.random.key(seed), 64).host()
    SPACE.spec.check(dnas.choices, dnas.floats)


SMALL = search.space({"choice": search.oneof(["a", "b", "c"]), "rate": search.floatv(1e-6, 1e-2, "log")})


def test_a_larger_sample_begins_with_a_smaller_one():
    key = jax.random.key(3)
    many = SMALL.sample(key, 9)
    assert many[:4] == SMALL.sample(key, 4)
    assert many[0] == SMALL.sample(key)


def test_sampling_runs_under_jit_and_vmap():
    keys = jax.random.split(jax.random.key(3), 5)
    alone = [SMALL.sample(key, 4) for key in keys]
    jitted = jax.jit(lambda key: SMALL.sample(key, 4))
    mapped = jax.vmap(lambda key: SMALL.sample(key, 4))(keys)
    for i, key in enumerate(keys):
        assert jitted(key) == alone[i]
        assert np.array_equal(mapped[i].choices, alone[i].choices)
        np.testing.assert_allclose(mapped[i].floats, alone[i].floats, rtol=1e-6)
