"""`intv`: a whole number between two bounds."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (search.intv(1, 4), "intv(1, 4)"),
        (search.intv(16, 256, 16), "intv(16, 256, step=16)"),
        (search.intv(1, 64, scale="log", name="n"), "intv(1, 64, scale='log', name='n')"),
        (search.intv(np.int64(-3), 4), "intv(-3, 4)"),
    ],
)
def test_prints_as_it_is_written(choice, text):
    assert repr(choice) == sj.format(choice) == text
    assert sj.from_json(sj.to_json(choice)) == choice


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: search.intv(1.5, 3), TypeError, "lo expects int"),
        (lambda: search.intv(0, math.inf), TypeError, "hi expects int"),
        (lambda: search.intv(3, 3), ValueError, "lo < hi, got lo=3, hi=3"),
        (lambda: search.intv(4, 3), ValueError, "lo < hi"),
        (lambda: search.intv(1, 3, 0), ValueError, "step of at least 1, got 0"),
        (lambda: search.intv(1, 3, 5), ValueError, "a step within its bounds"),
        (lambda: search.intv(1, 3, "log"), TypeError, r"intv\(1, 3, scale='log'\)"),
        (lambda: search.intv(1, 3, scale="lgo"), ValueError, "did you mean 'log'"),
        (lambda: search.intv(0, 3, scale="log"), ValueError, "log scale needs lo ≥ 1, got lo=0"),
        (lambda: search.intv(0, 2**31), ValueError, "at most 2,147,483,647 values"),
        (lambda: search.intv(0, 2**80), ValueError, "at most 2,147,483,647 values"),
        (lambda: search.intv(search.oneof([1, 2]), 4), TypeError, "the bounds of intv are numbers"),
    ],
)
def test_refuses_nonsense(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_greatest_value_does_not_exceed_the_bound():
    choice = search.intv(10, 30, 8)
    assert list(choice.values) == [10, 18, 26]
    assert choice.options() == (10, 26)
    assert [choice.numbers(np.array(genes)) for genes in choice.enumerate(None)] == [[10], [18], [26]]
    assert choice.size([]) == len(choice) == 3


def test_numbers_of_any_size_are_exact():
    low = 2**60
    space = search.space([search.intv(low, low + 7, 7)])
    assert [space.decode(dna) for dna in space.enumerate()] == [[low], [low + 7]]
    assert space.encode([low + 7]).choices.tolist() == [1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (9, r"n lies in \[10, 26\] in steps of 8, got 9"),
        (12, "in steps of 8, got 12"),
        (30, "in steps of 8, got 30"),
        (18.0, "n is a whole number, got 18.0"),
        (True, "n is a whole number, got True"),
    ],
)
def test_what_is_no_value_is_refused_by_name(value, message):
    space = search.space({"n": search.intv(10, 30, 8)})
    with pytest.raises((TypeError, ValueError), match=message):
        DNA.from_dict(space.spec, {"n": value})
    with pytest.raises(ValueError, match=message):
        space.encode({"n": value})


def test_genes_out_of_range_are_named_by_their_values():
    space = search.space({"n": search.intv(10, 30, 8)})
    with pytest.raises(ValueError, match=r"n lies in \[10, 26\] in steps of 8, got 34"):
        space.decode(DNA(space.spec, np.array([3], np.int32), np.zeros(0, np.float32)))


@pytest.mark.parametrize(
    "choice",
    [
        search.intv(0, 1),
        search.intv(1, 5),
        search.intv(1, 1000, scale="log"),
        search.intv(0, 2**31 - 3),
        search.intv(1, 2**31 - 3, scale="log"),
    ],
    ids=str,
)
def test_it_varies_to_any_other_value_and_mostly_to_near_ones(choice):
    last = len(choice) - 1
    words = jax.random.bits(jax.random.key(0), (2048,), "uint32")
    for gene in {0, 1, last // 2, last}:
        vary = jax.vmap(lambda word, gene=gene: choice.vary([choice], jnp.array([gene]), word[None]))
        genes = np.asarray(vary(words))[:, 0]
        assert genes.dtype == np.int32
        assert (genes != gene).all()
        choice.check(genes, "it")
        if last <= 4:
            assert set(genes) == set(range(last + 1)) - {gene}
        elif choice.scale == "linear":
            distance = np.abs(genes.astype(float) - gene) / last
            assert np.median(distance) < 0.05
            assert distance.max() > 0.4
