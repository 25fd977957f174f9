"""Dropout and attention of NNX with rates that are leaves, also in classes of plain Flax."""

from collections.abc import Callable
from typing import Any

import flax.nnx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import nnx

X = jax.random.normal(jax.random.key(1), (2, 4, 8))


class Block(flax.nnx.Module):
    """As anybody has it: layers of plain Flax, made in the constructor."""

    def __init__(self, rate: float, *, rngs: Any) -> None:
        self.drop = flax.nnx.Dropout(rate, rngs=rngs)
        self.attention = flax.nnx.MultiHeadAttention(
            2, 8, dropout_rate=rate, deterministic=False, decode=False, rngs=rngs
        )

    def __call__(self, x: Any) -> Any:
        return self.attention(self.drop(x))


def called(module: Any) -> Any:
    return module(X)


def in_jit(module: Any) -> Any:
    return flax.nnx.jit(called)(module)


def merged(module: Any) -> Any:
    return flax.nnx.merge(*flax.nnx.split(module))(X)


@pytest.mark.parametrize("use", [called, in_jit, merged])
@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5])
def test_one_program_serves_all_rates_with_the_numbers_of_flax(
    use: Callable[[Any], Any], rate: float
) -> None:
    symbolic: Any = sj.symbolize(Block)
    traced = jax.jit(lambda node: use(sj.build(node, rngs=0)))
    traced(symbolic(0.75))
    expected = jax.jit(lambda: Block(rate, rngs=flax.nnx.Rngs(0))(X))()
    if rate > 0:  # with 0.0 Flax takes no key, and so other keys for what comes after
        np.testing.assert_allclose(traced(symbolic(rate)), expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(traced(symbolic(rate))).all()
    assert traced._cache_size() == 1


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_a_layer_of_the_view_takes_a_traced_rate(rate: float) -> None:
    expected = flax.nnx.Dropout(rate, rngs=flax.nnx.Rngs(0))(X)
    np.testing.assert_allclose(
        jax.jit(lambda node: sj.build(node, rngs=0)(X))(nnx.Dropout(rate)), expected, rtol=1e-5
    )
    gradient = jax.grad(lambda node: sj.build(node, rngs=0)(X).sum())(nnx.Dropout(rate))
    assert np.isfinite(gradient.rate)


def test_a_rate_that_is_a_number_gives_the_program_of_flax() -> None:
    def plain(x: jax.Array) -> Any:  # what the constructor and the call of Flax do, and nothing else
        return Block.__call__(Block(0.25, rngs=flax.nnx.Rngs(0)), x)

    adopted = str(jax.make_jaxpr(lambda x: sj.build(sj.symbolize(Block)(0.25), rngs=0)(x))(X))  # type: ignore[operator]
    assert adopted == str(jax.make_jaxpr(plain)(X))


def test_the_rate_of_a_module_stays_the_traced_one() -> None:
    def rates(node: Any) -> Any:
        module = sj.build(node, rngs=0)
        module(X)
        return jnp.stack([module.drop.rate, module.attention.dropout_rate])

    np.testing.assert_allclose(jax.jit(rates)(sj.symbolize(Block)(0.25)), 0.25)  # type: ignore[operator]
