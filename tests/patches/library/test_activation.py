"""`swap_activation`, wherever a nonlinearity stands as a value."""

import functools
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import patch, swap_activation
from symjax.patches.roles.flax_layers import ACTIVATIONS


class Block(nn.Module):
    dense: nn.Module
    activation: object = nn.relu
    activations: tuple[object, ...] = (nn.tanh, functools.partial(nn.leaky_relu, negative_slope=0.2))

    @nn.compact
    def __call__(self, x):
        for activation in (self.activation, *self.activations):
            x = activation(self.dense(x))
        return x


def test_in_fields_and_in_lists():
    model = nn.Sequential([Block(nn.Dense(3)), nn.silu, jax.nn.elu, nn.PReLU(), nn.Dense(3)])
    swapped = swap_activation("gelu")(model)
    block, *others, dense = swapped.layers
    assert all(value is jax.nn.gelu for value in (block.activation, *block.activations, *others))
    assert dense == nn.Dense(3)
    x = jnp.ones((2, 3))
    assert swapped.apply(swapped.init(jax.random.key(0), x), x).shape == (2, 3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_name_is_one(name):
    (swapped,) = patch([nn.relu if name != "relu" else nn.elu], f"swap_activation?{name}")
    assert swapped is getattr(jax.nn, name)
    assert patches.has_role(swapped, "activation")


def test_a_function_of_ones_own():
    def square(x):
        return x * x

    assert swap_activation(square)([nn.relu]) == [square]


def test_what_is_marked_is_swapped():
    @patches.role("activation")
    class Learned(sj.Object):
        slope: float

    assert swap_activation("gelu")([Learned(0.1), nn.softmax, nn.glu]) == [nn.gelu, nn.softmax, nn.glu]


def test_an_open_choice_is_closed():
    class Choice(sj.Placeholder):
        candidates: tuple[object, ...]

        def options(self):
            return self.candidates

    block = Block(nn.Dense(3), activation=Choice((nn.relu, nn.tanh)))
    assert swap_activation("gelu")(block).activation is nn.gelu
    mixed = [Choice((nn.relu, nn.Dense(3)))]
    assert swap_activation("gelu")(mixed) == [Choice((nn.gelu, nn.Dense(3)))]


def test_gates_are_left_alone():
    cell = swap_activation("gelu")(nn.LSTMCell(8))
    assert (cell.gate_fn, cell.activation_fn) == (nn.sigmoid, nn.gelu)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"no activation 'gleu'; did you mean 'gelu'\? known activations: "
    ) as caught:
        patch([nn.relu], "swap_activation?gleu")
    assert caught.value.__notes__ == ["while applying the patch swap_activation?to=gleu"]


def test_nothing_to_swap():
    with pytest.warns(patches.PatchWarning, match="swap_activation"):
        swap_activation("relu")([nn.relu])


class Methods(flax.linen.Module):
    """Activations that no field holds: called in a method, in a cell, and one that is a probability."""

    activation: Any = flax.linen.elu

    @flax.linen.compact
    def __call__(self, x):
        x = self.activation(flax.linen.Dense(4)(x))
        x = flax.linen.relu(x) + flax.linen.gelu(x, approximate=False)
        x = flax.linen.RNN(flax.linen.GRUCell(4))(x[None])[0]
        return flax.linen.sigmoid(flax.linen.PReLU()(flax.linen.Dense(4)(x)))


class Written(flax.linen.Module):
    """As `Methods`, with another activation."""

    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.silu(flax.linen.Dense(4)(x))
        x = 2 * flax.linen.silu(x)
        x = flax.linen.RNN(flax.linen.GRUCell(4, activation_fn=flax.linen.silu))(x[None])[0]
        return flax.linen.sigmoid(flax.linen.silu(flax.linen.Dense(4)(x)))


def test_what_methods_call_is_swapped_with_what_fields_hold():
    x = jnp.linspace(-1, 1, 12).reshape(3, 4)
    model = patch(sj.symbolize(Methods)(), "swap_activation?silu")
    variables = Written().init(jax.random.key(0), x)
    assert jax.tree.map(jnp.shape, model.init(jax.random.key(0), x)) == jax.tree.map(jnp.shape, variables)
    outputs, expected = model.apply(variables, x), Written().apply(variables, x)
    assert jnp.allclose(outputs, expected, rtol=1e-5)
    assert sj.from_json(sj.to_json(model)) == model


def test_so_it_is_in_a_model_of_nnx():
    class Net(nnx.Module):
        def __init__(self, *, rngs):
            self.dense = nnx.Linear(4, 4, rngs=rngs)
            self.cell = nnx.GRUCell(4, 4, rngs=rngs)

        def __call__(self, x):
            return self.cell(x, nnx.relu(self.dense(x)))[0]

    x = jnp.linspace(-1, 1, 12).reshape(3, 4)
    model = sj.build(patch(sj.symbolize(Net)(), "swap_activation?silu"), rngs=0)
    dense = model.dense(x)
    assert model.cell.activation_fn is nnx.silu
    assert model.cell.gate_fn is nnx.sigmoid
    assert jnp.allclose(model(x), model.cell(x, nnx.silu(dense))[0], rtol=1e-5)


def test_a_model_of_ones_own_function_of_activations():
    def shifted(x):
        return jax.nn.relu(x) - 1

    x = jnp.linspace(-1, 1, 12).reshape(4, 3)
    model = patch(sj.symbolize(Block)(nn.Dense(3)), swap_activation(shifted))
    variables = model.init(jax.random.key(0), x)
    expected = Block(nn.Dense(3), shifted, (shifted, shifted)).apply(variables, x)
    assert jnp.allclose(model.apply(variables, x), expected, rtol=1e-5)


def test_inputs_tell_what_is_swapped():
    places = swap_activation("silu").matched(sj.symbolize(Methods)(), jnp.ones((3, 4)))
    assert {"activation", "inside.gelu", "inside.relu"} <= set(map(str, places))
    assert "inside.sigmoid" not in map(str, places)
