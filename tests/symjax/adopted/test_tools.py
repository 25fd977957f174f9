"""What the laws are made of can fail: other bits, other programs, other floats, new classes are told apart."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from .laws import Floats, bits, classes_known, program, same_traced

X = np.ones(3, np.float32)


def test_bits_tell_apart_what_a_comparison_would_not() -> None:
    alike = [
        {"a": jnp.zeros(2)},
        {"a": -jnp.zeros(2)},
        {"a": jnp.zeros(2, jnp.bfloat16)},
        {"b": jnp.zeros(2)},
    ]
    assert [bits(one) == bits(other) for one in alike for other in alike] == np.eye(
        4, dtype=bool
    ).ravel().tolist()
    assert bits(jax.random.key(0)) != bits(jax.random.key(1))
    assert bits(jnp.full(2, jnp.nan)) == bits(jnp.full(2, jnp.nan))


DIFFERENT = {
    "a constant": (lambda x: x * 2.0, lambda x: x * np.float32(2.0000002)),
    "an array that is closed over": (lambda x: x + jnp.arange(3.0), lambda x: x + jnp.arange(3.0)[::-1]),
    "a branch": (
        lambda x: jax.lax.cond(x[0] > 0, lambda: x, lambda: 2 * x),
        lambda x: jax.lax.cond(x[0] > 0, lambda: 3 * x, lambda: 2 * x),
    ),
    "the output's structure": (lambda x: (x, x), lambda x: [x, x]),
    "the dtype": (lambda x: x, lambda x: x.astype(jnp.bfloat16)),
    "which argument": (lambda x: x[0] - x[1], lambda x: x[1] - 2 * x[0]),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_different_programs_are_told_apart(what: str) -> None:
    assert not same_traced(*DIFFERENT[what], X)


def test_the_order_of_operations_and_repeated_ones_do_not_matter() -> None:
    def one(x: jax.Array) -> jax.Array:
        sine, cosine = jnp.sin(x), jnp.cos(x)
        return sine + cosine * cosine

    def other(x: jax.Array) -> jax.Array:
        cosine = jnp.cos(x)
        return jnp.sin(x) + cosine * jnp.cos(x)

    assert program(jax.make_jaxpr(one)(X)) == program(jax.make_jaxpr(other)(X))


def test_floats_are_found_in_defaults_and_containers_and_are_replaced() -> None:
    found = Floats(
        lambda ox: ox.chain(ox.adam(0.5), ox.contrib.prodigy(betas=(0.25, 0.75))), optax, lambda place: False
    )
    places = [*found.places]
    assert places[:5] == [("adam", name) for name in ("b1", "b2", "eps", "eps_root", "learning_rate")]
    assert places.count(("contrib.prodigy", "betas")) == 2
    assert found.values[:5] == [0.9, 0.999, 1e-8, 0.0, 0.5]
    halved = found.make([0.5 * value for value in found.values])
    updates = [made.update(X, made.init(X), X)[0] for made in (halved, found.made)]
    assert bits(updates[0]) != bits(updates[1])


def test_a_float_that_is_static_is_left_alone() -> None:
    found = Floats(lambda nn: nn.Dropout(rate=0.5), flax.linen, lambda place: place == ("Dropout", "rate"))
    assert found.values == []
    assert found.make([]).rate == 0.5


def test_a_new_class_is_counted() -> None:
    before = classes_known()
    made = type("Fresh", (flax.linen.Module,), {"__annotations__": {}})
    assert classes_known() == before + 1
    del made
