"""`floatv`: a float between two bounds, on three scales."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import search

from ..generated import linear, scaled


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (search.floatv(1e-4, 0.1, "log"), "floatv(1e-4, 0.1, 'log')"),
        (search.floatv(0, 1), "floatv(0.0, 1.0)"),
        (search.floatv(-2.5e-7, 3e10), "floatv(-2.5e-7, 3e10)"),
        (search.floatv(1, 2, "rlog", name="r"), "floatv(1.0, 2.0, 'reverse_log', name='r')"),
    ],
)
def test_prints_as_it_is_written(choice, text):
    assert repr(choice) == sj.format(choice) == text


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: 2 - search.floatv(0.0, 1.0), TypeError, r"floatv\(0.0, 1.0\) is not decided yet"),
        (lambda: -search.floatv(0.0, 1.0), TypeError, "is not decided yet"),
        (lambda: search.floatv(1.0, 0.0), ValueError, "lo < hi"),
        (lambda: search.floatv(1.0, 1.0), ValueError, "lo < hi"),
        (lambda: search.floatv(1.0, 1.0 + 1e-12), ValueError, "float32 can tell"),
        (lambda: search.floatv(0.0, 1.0, "log"), ValueError, "log scale needs lo ≥ 1.18e-38, got lo=0.0"),
        (lambda: search.floatv(-1.0, 1.0, "log"), ValueError, "log scale"),
        (lambda: search.floatv(-1.0, 1.0, "rlog"), ValueError, "reverse log scale"),
        (lambda: search.floatv(0.0, math.inf), ValueError, "finite"),
        (lambda: search.floatv(math.nan, 1.0), ValueError, "finite"),
        (lambda: search.floatv(0.0, 1e39), ValueError, "finite"),
        (lambda: search.floatv(0.0, 1.0, "lgo"), ValueError, r"did you mean 'log'\?"),
        (lambda: search.floatv("a", 1.0), TypeError, "lo"),
        (lambda: search.floatv(None, 1.0), TypeError, "lo"),
        (lambda: search.floatv(False, 1.0), TypeError, "lo"),
        (lambda: search.floatv(search.oneof([0.1, 0.2]), 1.0), TypeError, r"oneof\(\[floatv\(…\)"),
    ],
)
def test_refuses_nonsense(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_field_of_whole_numbers_asks_for_an_intv():
    class Layer(sj.Object):
        width: int

    with pytest.raises(TypeError, match=r"Layer\.width expects int") as caught:
        Layer(search.floatv(1, 4))
    assert "floatv decides a float; for a whole number there is intv(lo, hi)" in caught.value.__notes__


@given(linear | scaled, st.floats(0, 1))
def test_each_share_of_the_scale_is_inside(choice, share):
    value = choice.at(share)
    assert choice.lo <= value <= choice.hi
    choice.check(np.float32([value]), "x")
    assert np.float32(choice.at(0)) == np.float32(choice.lo)
    assert np.float32(choice.at(1)) == np.float32(choice.hi)


@given(linear | scaled)
def test_shares_rise_with_values(choice):
    values = [choice.at(share) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert values == sorted(values)


def test_the_middle_of_each_scale():
    assert search.floatv(0.0, 3.0).middle == 1.5
    assert search.floatv(1e-4, 1.0, "log").middle == 0.01
    assert search.floatv(1.0, 4.0, "rlog").middle == 3.0  # 1 + 4 - 2


def test_a_grid_has_both_bounds():
    choice = search.floatv(1e-3, 1e-1, "log")
    assert [float(str(gene)) for (gene,) in choice.enumerate(3)] == [0.001, 0.01, 0.1]
    assert [float(str(gene)) for (gene,) in choice.enumerate(1)] == [0.01]
    with pytest.raises(ValueError, match=r"grid\(steps\)"):
        choice.enumerate(None)


def test_what_is_out_of_bounds_fits_nowhere():
    space = search.space({"rate": search.floatv(0.0, 0.5)})
    with pytest.raises(ValueError, match=r"rate lies in \[0.0, 0.5\], got 0.75 \(path=rate\)"):
        space.encode({"rate": 0.75})
    with pytest.raises(ValueError, match=r"rate is a float, got 'a' \(path=rate\)"):
        space.encode({"rate": "a"})
    assert space.encode({"rate": 0}).numbers() == [0.0]


@pytest.mark.parametrize(
    "choice",
    [
        search.floatv(-1.0, 1.0),
        search.floatv(1e-4, 1.0, "log"),
        search.floatv(1e-4, 1.0, "rlog"),
        search.floatv(-3e38, 3e38),
        search.floatv(1.0, float(np.nextafter(np.float32(1), np.float32(2)))),
    ],
    ids=str,
)
def test_it_varies_to_another_float_on_its_scale(choice):
    words = jax.random.bits(jax.random.key(0), (512,), "uint32")
    for share in (0.0, 0.5, 1.0):
        gene = jnp.array([choice.at(share)], jnp.float32)
        vary = jax.vmap(lambda word, gene=gene: choice.vary([choice], gene, word[None]))
        genes = vary(words)
        choice.check(np.asarray(genes), "it")
        assert (genes != gene).all()
        if choice.hi != pytest.approx(choice.lo):
            places = jax.vmap(lambda genes: choice.shares_of([choice], genes))(genes)
            distance = jnp.abs(places - choice.shares_of([choice], gene))
            assert 0.005 < jnp.median(distance) < 0.1
            assert distance.max() > 0.4
            assert distance.min() < 0.003
