"""Points of a space of numbers as points of a box."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms.adapters import unit_box
from symjax.search.algorithms.adapters.unit_box import require_numbers

SPACE = search.space(
    {
        "a": sj.floatv(-2.0, 6.0),
        "n": sj.intv(1, 9, step=2),
        "b": sj.floatv(1e-4, 1.0, "log"),
        "m": sj.intv(1, 1000, scale="log"),
        "c": sj.floatv(0.5, 1.5, "rlog"),
    }
)

to_genes = jax.jit(unit_box.to_genes, static_argnums=0)
to_points = jax.jit(unit_box.to_points, static_argnums=0)


def test_points_lie_on_the_scales():
    points = jnp.array([[0.5] * 5, [0.0] * 5, [1.0] * 5])
    middle, low, high = SPACE.decode(search.DNA(SPACE.spec, *to_genes(SPACE.spec, points)))
    assert middle == {"a": 2.0, "n": 5, "b": pytest.approx(0.01), "m": 22, "c": pytest.approx(2 - 0.75**0.5)}
    assert low == {"a": -2.0, "n": 1, "b": pytest.approx(1e-4), "m": 1, "c": 1.5}
    assert high == {"a": 6.0, "n": 9, "b": 1.0, "m": 1000, "c": pytest.approx(0.5)}


def test_genes_come_back():
    dnas = SPACE.sample(jax.random.key(0), 200)
    points = to_points(SPACE.spec, dnas.choices, dnas.floats)
    assert points.shape == (200, 5)
    assert ((points >= 0) & (points <= 1)).all()
    choices, floats = to_genes(SPACE.spec, points)
    np.testing.assert_array_equal(choices, dnas.choices)
    np.testing.assert_allclose(floats, dnas.floats, rtol=2e-5, atol=2e-6)


def test_outside_of_the_box_mirrors_stand():
    within = jnp.full((1, 5), 0.3)
    outside = jnp.concatenate([-within, 2 - within, 2 + within, within - 4, within])
    choices, floats = to_genes(SPACE.spec, outside)
    np.testing.assert_array_equal(choices, np.broadcast_to(choices[-1], choices.shape))
    np.testing.assert_allclose(floats, np.broadcast_to(floats[-1], floats.shape), rtol=1e-5)
    SPACE.spec.check(
        *map(np.asarray, to_genes(SPACE.spec, jnp.array([[jnp.nan, jnp.inf, -jnp.inf, 1e30, -7.0]])))
    )


def test_other_decisions_are_named():
    space = search.space({"x": sj.floatv(0.0, 1.0), "act": sj.oneof(["relu", "gelu"])})
    with pytest.raises(ValueError, match=r"somebody moves points of floats .* cannot decide act: oneof"):
        require_numbers(space.spec, "somebody")
