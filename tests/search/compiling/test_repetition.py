"""Steps of training that a loop in Python spells out are seen; the layers of a deep model are none."""

import jax
import jax.numpy as jnp
import pytest
from flax import linen as nn
from flax import nnx

from symjax import optax
from symjax.search.compiling.repetition import repetition

KEY, X = jax.random.key(0), jnp.ones((2, 4))
ADAM = optax.adam(1e-3)


class Deep(nn.Module):
    depth: int

    @nn.compact
    def __call__(self, x):
        for _ in range(self.depth):
            x = x + nn.Dense(4)(nn.gelu(nn.LayerNorm()(x)))
        return x


def trained(steps, *, jitted=False, depth=2):
    def run(key, x):
        model = Deep(depth)
        variables = model.init(key, x)

        def step(carry, key):
            variables, state = carry
            x_ = x + jax.random.normal(key, x.shape)
            gradients = jax.grad(lambda v: jnp.mean(model.apply(v, x_) ** 2))(variables)
            updates, state = ADAM.update(gradients, state, variables)
            return (optax.apply_updates(variables, updates), state), None

        carry = variables, ADAM.init(variables)
        if steps is None:
            carry, _ = jax.lax.scan(step, carry, jax.random.split(key, 8))
        step = jax.jit(step) if jitted else step
        for i in range(steps or 0):
            carry, _ = step(carry, jax.random.fold_in(key, i))
        return jnp.mean(model.apply(carry[0], x))

    return run


def of_nnx(key, x):
    model = nnx.Linear(4, 4, rngs=nnx.Rngs(key))
    optimizer = nnx.Optimizer(model, ADAM, wrt=nnx.Param)
    for _ in range(8):
        gradients = nnx.grad(lambda model: jnp.mean(nnx.gelu(model(nnx.gelu(model(x))))))(model)
        optimizer.update(model, gradients)
    return jnp.mean(model(x))


@pytest.mark.parametrize(
    "run",
    [trained(8), trained(8, jitted=True), jax.jit(trained(8)), of_nnx],
    ids=["a loop", "a loop of a jitted step", "a loop in a jitted function", "NNX"],
)
def test_steps_that_python_takes_are_counted(run):
    assert repetition(jax.make_jaxpr(run)(KEY, X)).times == 8


@pytest.mark.parametrize(
    "run",
    [trained(None, depth=8), trained(1, depth=8), lambda key, x: Deep(12).init_with_output(key, x)],
    ids=["a scan", "one step", "a call"],
)
def test_the_layers_of_a_deep_model_are_no_steps(run):
    program = jax.make_jaxpr(run)(KEY, X)
    assert len(program.eqns) > 400
    assert repetition(program) is None


def test_a_short_program_may_repeat_itself():
    assert repetition(jax.make_jaxpr(jax.grad(lambda x: jnp.sin(jnp.sin(jnp.sin(x)))))(1.0)) is None
