"""A Gaussian process at fixed shapes."""

import jax
import jax.numpy as jnp
import numpy as np

from symjax.search.algorithms.guided.gaussian_process import NOISE, fitted, predicted, refitted

fit = jax.jit(fitted, static_argnums=3)


def squared(a, b):
    return np.square(a[:, None] - b[None]).astype(np.float32)


def reference(x, y, z, length):
    """By NumPy, of the points that count alone."""

    def matern(d):
        scaled = np.sqrt(5 * d + 1e-12) / length
        return (1 + scaled + scaled**2 / 3) * np.exp(-scaled)

    inverse = np.linalg.inv(matern(squared(x, x).astype(float)) + NOISE * np.eye(len(x)))
    cross = matern(squared(z, x).astype(float))
    variance = y @ inverse @ y / len(x)
    return cross @ inverse @ y, np.sqrt((1 - np.einsum("ij,jk,ik->i", cross, inverse, cross)) * variance)


def test_it_is_the_process_of_the_points_that_count():
    rng = np.random.default_rng(0)
    x, z = rng.random(12), rng.random(5)
    y = np.sin(6 * x) - np.sin(6 * x).mean()
    count = 8
    valid = np.arange(12) < count
    junk = np.where(valid, y, 99.0).astype(np.float32)
    model = fit(squared(x, x), junk, valid, 1.0)
    mean, deviation = predicted(model, squared(z, x))
    mine, theirs = reference(x[:count], y[:count], z, float(model.length))
    np.testing.assert_allclose(mean, mine, atol=2e-3)
    np.testing.assert_allclose(deviation, theirs, atol=2e-2)


def test_the_length_is_that_of_what_was_seen():
    x = np.linspace(0, 1, 24)
    valid = np.ones(24, bool)
    slow, fast = (
        fit(squared(x, x), np.sin(rate * x).astype(np.float32), valid, 1.0).length for rate in (2, 40)
    )
    assert fast < slow


def test_points_more_at_the_same_length():
    x = np.linspace(0, 1, 12)
    y = np.cos(5 * x).astype(np.float32)
    some = fit(squared(x, x), y, np.arange(12) < 6, 1.0)
    more = refitted(some, squared(x, x), jnp.asarray(y), jnp.ones(12, bool))
    assert more.length == some.length
    before, after = (predicted(model, squared(x[9:], x)) for model in (some, more))
    assert (after[1] < before[1]).all()
    np.testing.assert_allclose(after[0], y[9:], atol=0.05)


def test_nothing_seen_is_no_error():
    mean, deviation = predicted(
        fit(jnp.zeros((4, 4)), jnp.zeros(4), jnp.zeros(4, bool), 1.0), jnp.zeros((2, 4))
    )
    assert np.isfinite(mean).all()
    assert np.isfinite(deviation).all()
