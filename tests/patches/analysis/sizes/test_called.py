"""The modules that models call, and what they would be with other arguments."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import nnx
from symjax.patches.analysis.sizes.called import called, shapes_of
from symjax.patches.outlines.calling import outline
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import Inputs


class Block(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x):
        return x + nn.Dense(self.width)(x)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = Block(4)(nn.Dense(4)(x))
        x = nn.RNN(nn.LSTMCell(5))(x)
        return nn.scan(nn.Dense, variable_axes={"params": 0}, split_rngs={"params": True})(5)(x)


class OtherNet(nnx.Module):
    def __init__(self, *, rngs):
        self.blocks = nnx.List([nnx.Linear(3, 4, rngs=rngs), nnx.Linear(4, 2, rngs=rngs)])

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class Stacked(nn.Module):
    @nn.compact
    def __call__(self, x):
        dense = nn.vmap(nn.Dense, in_axes=0, variable_axes={"params": 0}, split_rngs={"params": True})
        return dense(6)(x)


X = jax.ShapeDtypeStruct((2, 7, 3), "float32")


def modules_of(node, x=X):
    (model,) = models(sj.symbolize(node)())
    call = outline(model, Inputs(x))
    return {module.path: module for module in called(call)}, shapes_of(call.variables)


@pytest.fixture(scope="module")
def net():
    @sj.symbolize
    class Recurrent(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.RNN(nn.LSTMCell(5))(Block(4)(nn.Dense(4)(x)))

    return modules_of(Recurrent)


def test_modules_come_in_the_order_of_the_calls_and_before_those_that_they_call(net):
    modules, _ = net
    assert [path for path in modules if "Dense" in path or "Block" in path] == [
        "Dense_0",
        "Block_0",
        "Block_0/Dense_0",
    ]
    assert modules["Block_0"].node.width == 4


def test_a_module_by_itself_with_other_arguments(net):
    modules, _ = net
    dense = modules["Dense_0"]
    assert dense.shapes(dense.node) == {"params/kernel": (3, 4), "params/bias": (4,)}
    assert dense.shapes(dense.node.rebind(features=6))["params/kernel"] == (3, 6)


def test_a_block_that_adds_to_its_input_is_called_with_a_wider_one(net):
    modules, _ = net
    block = modules["Block_0"]
    assert block.inputs.arrays[0].shape == (2, 7, 4)
    assert block.widened(4).arrays[0].shape == (2, 7, 8)
    assert block.widened(5).arrays[0].shape == (2, 7, 4)


def test_the_carry_of_a_recurrent_cell_is_as_wide_as_the_cell(net):
    modules, _ = net
    cell = modules["LSTMCell_0"]
    assert cell.shapes(cell.node.rebind(features=9))["params/hi/kernel"] == (9, 9)


def test_the_names_of_its_variables_in_the_model(net):
    modules, variables = net
    dense = modules["Block_0/Dense_0"]
    assert dense.names_of(dense.shapes(dense.node), variables) == {
        "params/kernel": ("params/Block_0/Dense_0/kernel", 0),
        "params/bias": ("params/Block_0/Dense_0/bias", 0),
    }


def test_variables_of_a_lifted_module_have_axes_in_front():
    modules, variables = modules_of(Stacked)
    (dense,) = modules.values()
    names = dense.names_of(dense.shapes(dense.node), variables)
    assert set(names.values()) == {(f"params/{dense.path}/{name}", 1) for name in ("kernel", "bias")}


def test_the_layers_of_an_nnx_module_are_read_back():
    modules, variables = modules_of(OtherNet)
    assert list(modules) == ["blocks/0", "blocks/1"]
    layer = modules["blocks/1"]
    assert (layer.node.in_features, layer.node.out_features) == (4, 2)
    assert layer.shapes(layer.node.rebind(in_features=8))["params/kernel"] == (8, 2)
    assert layer.names_of(layer.shapes(layer.node), variables)["params/bias"] == ("params/blocks/1/bias", 0)


def test_what_is_no_flax_module_calls_none():
    class Plain(sj.Object):
        layers: tuple = ()

        def init(self, key, x):
            return {"w": jnp.ones((3, 2))}

        def apply(self, params, x):
            return x @ params["w"]

    assert not callable(Plain().layers)
    assert shapes_of({"params": {"w": jnp.ones((3, 2))}}) == {"params/w": (3, 2)}
