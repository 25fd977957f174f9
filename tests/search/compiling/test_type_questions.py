"""Code that asks whether a number is a float, to which JAX's tracers answer otherwise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.compiling.type_questions import asked_for_type, asks

NUMBER = jax.typeof(0.5)


def asked(f):
    return asked_for_type(lambda values, key: f(*values), [NUMBER, NUMBER], jax.eval_shape(jax.random.key, 0))


def test_which_number_is_asked_and_where():
    ((place, (file, line)),) = asked(lambda x, y: x + (y if isinstance(y, float) else 0.0)).items()
    assert (place, file.rpartition(":")[0], "isinstance(y, float)" in line) == (1, __file__, True)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x if isinstance(x, float | jax.Array) else jnp.float32(y),
        lambda x, y: x if isinstance(x, (float, np.ndarray, jax.core.Tracer)) else y,
        lambda x, y: jnp.full(2, x) @ jnp.ones(2) + jax.lax.mul(y, 2.0) - 2 // x % abs(-y) ** x,
    ],
)
def test_who_knows_of_arrays_may_ask(f):
    assert asked(f) == {}
    assert not asks(f.__code__)


def test_what_was_asked_before_an_error_counts():
    def f(x, y):
        if isinstance(x, float):
            return x
        raise ValueError(y)

    assert list(asked(f)) == [0]
