import flax.linen
import flax.nnx
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches, search

KEY = jax.random.key(0)
X = jax.ShapeDtypeStruct((8, 16), jnp.float32)
WIDTH = 32


class Net(nn.Module):
    width: int = WIDTH

    @nn.compact
    def __call__(self, x):
        return flax.linen.Dense(1)(flax.linen.relu(flax.linen.Dense(self.width)(x)))


PARAMETERS = 17 * WIDTH + WIDTH + 1


class Fit(sj.Object):
    model: nn.Module
    rate: float = 0.1
    steps: int = 5

    def run(self, key, x):
        variables = self.model.init(key, x)

        def step(variables, _):
            loss, gradient = jax.value_and_grad(lambda v: jnp.mean(self.model.apply(v, x) ** 2))(variables)
            return jax.tree.map(lambda v, g: v - self.rate * g, variables, gradient), loss

        return {"loss": jax.lax.scan(step, variables, length=self.steps)[1][-1]}


def products(steps):
    """The operations of the matrix products: forward, and to the parameters and the hidden layer back."""
    return steps * 2 * 8 * (2 * 16 * WIDTH + 3 * WIDTH)


def test_a_loop_of_training_counts_as_often_as_it_turns():
    few, many = (search.cost(Fit.run, Fit(Net(), steps=n), KEY, X) for n in (5, 105))
    assert products(100) < many.flops - few.flops < 1.3 * products(100)
    assert many.parameters == few.parameters == PARAMETERS
    assert many.notes == ()


def test_a_call_costs_what_patches_say_of_the_model():
    def run(exp, key, variables, x):
        return exp.model.apply(variables, x)

    variables = jax.eval_shape(Net().init, KEY, X)
    costs = search.cost(run, Fit(Net()), KEY, variables, X)
    by_layer = patches.cost(Net(), X)
    assert costs.flops == by_layer.forward.flops
    assert costs.parameters == by_layer.parameters


def test_a_point_of_a_space():
    space = search.space(Fit(Net(width=search.oneof([4, WIDTH])), rate=search.floatv(0.0, 1.0)))
    small, wide = (search.DNA.from_numbers(space.spec, [index, 0.5]) for index in (0, 1))
    costs = search.cost(Fit.run, space, wide, KEY, X)
    assert costs == search.cost(Fit.run, Fit(Net()), KEY, X)
    assert search.cost(Fit.run, space, small, KEY, X).flops < costs.flops
    assert set(costs.numbers()) == {"flops", "bytes", "parameters"}
    with pytest.raises(TypeError, match="give one of its DNAs, and the key"):
        search.cost(Fit.run, space, KEY)
    with pytest.raises(TypeError, match="give one of its DNAs, and the key"):
        search.cost(Fit.run, space, space.sample(KEY, 2), KEY, X)
    with pytest.raises(TypeError, match="cannot be called with an experiment, a key and 0 shared"):
        search.cost(Fit.run, space, small, KEY)


def test_floats_that_code_tests_are_constants():
    def tested(exp, key, x):
        assert isinstance(exp.rate, float)
        return x * exp.rate if exp.rate > 0 else x

    assert search.cost(tested, Fit(Net()), KEY, X).flops == 8 * 16
    assert search.cost(tested, Fit(Net(), rate=0.0), KEY, X).flops == 0


def test_an_array_that_code_tests_is_a_constant():
    def tested(exp, key):
        return key if exp["on"] else jax.random.split(key)

    assert search.cost(tested, {"on": jnp.bool_(True)}, KEY).flops == 0
    assert search.cost(tested, {"on": jnp.bool_(False)}, KEY).flops > 0


def test_what_the_function_raises_comes_out():
    def wrong(exp, key):
        raise LookupError("of its own")

    with pytest.raises(LookupError, match="of its own"):
        search.cost(wrong, Fit(Net()), KEY)


class Built(sj.Object):
    model: nnx.Module

    def run(self, key, x):
        return sj.build(self.model, rngs=flax.nnx.Rngs(key))(x)


def test_parameters_of_nnx_models_are_those_of_the_nodes():
    assert search.cost(Built.run, Built(nnx.Linear(16, 3)), KEY, X).parameters == 17 * 3


def test_a_model_that_is_initialized_twice_has_its_parameters_once():
    def run(exp, key, x):
        jax.eval_shape(exp.model.init, key, x)
        return Fit.run(exp, key, x)

    assert search.cost(run, Fit(Net()), KEY, X).parameters == PARAMETERS


def test_what_was_not_counted_is_said():
    def run(exp, key, x):
        return jax.lax.while_loop(lambda x: x[0, 0] < 3, lambda x: x + 1, x)

    costs = search.cost(run, {}, KEY, X)
    assert costs.parameters == 0
    assert [note.split(":")[0] for note in costs.notes] == [
        "a while loop whose number of turns is not known, counted as one turn",
        "no parameters counted",
    ]
    assert str(costs).startswith("129 FLOPs, ")
