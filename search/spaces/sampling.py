"""The law of a space: every decision uniform, by itself."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .points import Spec


@partial(jax.jit, static_argnums=(0, 2))
def sample_genes(spec: Spec, key: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """Draws `n` points of a space.

    Args:
        spec: The decisions.
        key: A JAX key.
        n: How many.

    Returns:
        Choices int32[n, C], each uniform over its candidates, and floats float32[n, F], each uniform on
        its scale. Row i depends on the key and on i alone.
    """

    def row(index: jax.Array) -> tuple[jax.Array, jax.Array]:
        choice_key, float_key = jax.random.split(jax.random.fold_in(key, index))
        return _choices(spec, choice_key), _floats(spec, float_key)

    return jax.vmap(row)(jnp.arange(n, dtype=jnp.uint32))


def _choices(spec: Spec, key: jax.Array) -> jax.Array:
    arity = np.array([point.arity for point in spec.choices], np.int32)
    return jax.random.randint(key, arity.shape, 0, arity, jnp.int32)


def _floats(spec: Spec, key: jax.Array) -> jax.Array:
    bounds = np.array([(point.low, point.high) for point in spec.floats], np.float32).reshape(-1, 2)
    low, high = np.array([point.span for point in spec.floats], np.float32).reshape(-1, 2).T
    is_log = np.array([point.scale == "log" for point in spec.floats], bool)
    share = jax.random.uniform(key, low.shape, jnp.float32)
    drawn = low * (1 - share) + high * share
    scaled = jnp.where(is_log, jnp.exp(jnp.where(is_log, drawn, 0)), drawn)
    return jnp.clip(scaled, bounds[:, 0], bounds[:, 1])
