"""Fingerprints: which programs are the same."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.compiling.fingerprints import fingerprint


def of(function, *arguments):
    return fingerprint(jax.make_jaxpr(function)(*arguments))


def loop(steps, activation=jax.nn.relu):
    def run(x, y):
        def body(x, _):
            return activation(jax.jit(jnp.dot)(x, y)), x.sum()

        return jax.lax.scan(body, x, length=steps)

    return of(run, jnp.ones((2, 2)), jnp.ones((2, 2)))


def test_is_the_same_for_another_trace_of_the_same_program():
    assert loop(3) == loop(3)
    assert loop(3).opaque == ()
    assert loop(3).equations > 4


@pytest.mark.parametrize(
    "other",
    [
        lambda: loop(4),
        lambda: loop(3, jax.nn.gelu),
        lambda: loop(3, lambda x: x + 1),
    ],
)
def test_is_another_one_for_another_program(other):
    assert loop(3) != other()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda x, y: x - y, lambda x, y: y - x),
        (lambda x, y: x * 2.0, lambda x, y: x * 3.0),
        (lambda x, y: x * 0.0, lambda x, y: x * -0.0),
        (lambda x, y: x + np.float32([1, 2]), lambda x, y: x + np.float32([1, 3])),
        (lambda x, y: (x, y), lambda x, y: (y, x)),
        (lambda x, y: x.astype(int), lambda x, y: x.astype(bool)),
        (lambda x, y: x.sum(), lambda x, y: x.max()),
    ],
)
def test_sees_every_difference(one, other):
    arrays = jnp.ones(2), jnp.ones(2)
    assert of(one, *arrays) == of(one, *arrays)
    assert of(one, *arrays) != of(other, *arrays)
    assert of(one, *arrays) != of(one, jnp.ones(2), jnp.ones(1))


def test_functions_that_are_called_on_the_host_count_by_themselves():
    def called(function):
        return of(lambda x: jax.pure_callback(function, x, x, vmap_method="sequential"), 1.0)

    def one(x):
        return x

    def other(x):
        return x

    assert called(one) == called(one)
    assert called(one) != called(other)


def test_a_derivative_that_was_not_taken_does_not_count():
    def derived(factor):
        @jax.custom_jvp
        def square(x):
            return x * x

        square.defjvp(lambda primals, tangents: (square(*primals), factor * tangents[0]))
        return square

    assert of(derived(1.0), 1.0) == of(derived(2.0), 1.0)
    assert of(jax.grad(derived(1.0)), 1.0) != of(jax.grad(derived(2.0)), 1.0)


SCRIPT = """
import jax, jax.numpy as jnp
from symjax.search.compiling.fingerprints import fingerprint
print(fingerprint(jax.make_jaxpr(lambda x: jax.nn.relu(jnp.sin(x) * 2))(jnp.ones(3))).digest)
"""


def test_the_digest_is_the_same_in_another_process():
    done = subprocess.run([sys.executable, "-P", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == of(lambda x: jax.nn.relu(jnp.sin(x) * 2), jnp.ones(3)).digest
