"""`swap_activation`, wherever a nonlinearity stands as a value."""

import functools

import jax
import jax.numpy as jnp
import pytest

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
