"""The law of a space: every decision by its own law, independent of the others."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .choice import Choice
from .points import Spec


@partial(jax.jit, static_argnums=(0, 2))
def sample_genes(spec: Spec, key: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """Draws `n` points of a space.

    Args:
        spec: The decisions.
        key: A JAX key.
        n: How many.

    Returns:
        Choices int32[n, C] and floats float32[n, F]. Row i depends on the key and on i alone.
    """

    def row(index: jax.Array) -> tuple[jax.Array, jax.Array]:
        row_key = jax.random.fold_in(key, index)
        return _draw(spec, "choices", row_key), _draw(spec, "floats", row_key)

    return jax.vmap(row)(jnp.arange(n, dtype=jnp.uint32))


def _draw(spec: Spec, array: str, key: jax.Array) -> jax.Array:
    """The genes of one array: all decisions of a kind at once, for thousands of them compile fast so."""
    kinds: dict[type[Choice], list[int]] = {}
    for index, point in enumerate(spec.points):
        if point.array == array:
            kinds.setdefault(type(point.choice), []).append(index)
    if not kinds:
        return jnp.zeros(0, jnp.int32 if array == "choices" else jnp.float32)
    drawn, columns = [], []
    for number, (kind, members) in enumerate(sorted(kinds.items(), key=lambda item: item[0].__name__)):
        choices = [spec.points[index].choice for index in members]
        drawn.append(kind.draw(choices, jax.random.fold_in(key, number)))
        columns += [np.arange(spec.columns[i].start, spec.columns[i].stop) for i in members]
    return jnp.concatenate(drawn)[np.argsort(np.concatenate(columns))]
