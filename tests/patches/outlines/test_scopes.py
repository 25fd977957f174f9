"""The layers of NNX modules in the name stacks of jaxprs."""

import jax
import jax.numpy as jnp
from flax import nnx

from symjax.patches.outlines.scopes import name_scopes


class Block(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(3, 3, rngs=rngs)

    def __call__(self, x):
        """Doubles."""
        assert isinstance(self, Block)
        return self.dense(x) * 2


class Net(nnx.Module):
    def __init__(self, rngs):
        self.blocks = nnx.List([Block(rngs), Block(rngs)])

    @nnx.jit
    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def test_each_layer_stands_there_by_its_path():
    net, x = Net(nnx.Rngs(0)), jnp.ones((2, 3))
    outputs = net(x)
    layers = name_scopes(net)
    assert layers[("blocks", "1", "dense")] == "Linear"
    assert layers[()] == "Net"
    assert (net(x) == outputs).all()
    graph, state = nnx.split(net)
    jaxpr = jax.make_jaxpr(lambda state, x: nnx.merge(graph, state)(x))(state, x)
    inner = jaxpr.eqns[0].params["jaxpr"]
    stacks = {str(equation.source_info.name_stack) for equation in inner.eqns}
    assert {"blocks/0", "blocks/1", "blocks/0/blocks/0/dense", "blocks/1/blocks/1/dense"} <= stacks


def test_a_layer_keeps_its_class_and_its_documentation():
    net = Net(nnx.Rngs(0))
    other = Net(nnx.Rngs(0))
    name_scopes(net)
    name_scopes(other)
    block = net.blocks[0]
    assert isinstance(block, Block)
    assert type(block).__name__ == "Block"
    assert type(block).__call__.__doc__ == "Doubles."
    assert jax.tree.structure(nnx.split(net)[0]) == jax.tree.structure(nnx.split(other)[0])
    assert type(block) is type(other.blocks[1])
