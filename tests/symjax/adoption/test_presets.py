"""A `functools.partial` of a class is a class with other defaults."""

import functools
import pickle
from typing import Any

import flax.linen as raw
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as raw_nnx

import symjax as sj
from symjax import linen as nn
from symjax import nnx

KEY = jax.random.key(0)
X = jnp.ones((2, 3))


class ResNet(raw.Module):
    stage_sizes: list[int]
    width: int
    block: Any = raw.Dense
    rate: float = 0.5

    @raw.compact
    def __call__(self, x):
        for _ in self.stage_sizes:
            x = self.block(self.width)(x)
        return x


class Stack(raw_nnx.Module):
    def __init__(self, din: int, width: int, layers: tuple[nnx.Module, ...] = (), *, rngs: raw_nnx.Rngs):
        self.first, self.layers = raw_nnx.Linear(din, width, rngs=rngs), raw_nnx.List(layers)


class Plain:
    def __init__(self, a, b=2, *rest):
        self.sum = a + b + sum(rest)


class Adam(sj.Object):
    rate: float = 0.1
    steps: int = 3


ResNet18 = sj.symbolize(functools.partial(ResNet, [1, 1], block=raw.Dense))
Small = sj.symbolize(functools.partial(Stack, 3, layers=[nnx.PReLU()]))
Shifted = sj.symbolize(functools.partial(Plain, b=5))
Fast = sj.symbolize(functools.partial(Adam, rate=0.5))
NODES = [ResNet18(4), ResNet18(width=4, rate=0.1), Small(width=4), Shifted(1), Fast(steps=4)]


def test_a_linen_class():
    node = ResNet18(4)
    assert isinstance(node, ResNet)
    assert isinstance(node, sj.symbolize(ResNet))
    assert not isinstance(sj.symbolize(ResNet)([1], 2), ResNet18)
    assert (node.stage_sizes, node.rate) == ((1, 1), 0.5)
    assert repr(node) == "ResNet(width=4)"
    plain = functools.partial(ResNet, [1, 1], block=raw.Dense)(width=4)
    assert jax.tree.map(jnp.shape, node.init(KEY, X)) == jax.tree.map(jnp.shape, plain.init(KEY, X))
    assert ResNet18(4, stage_sizes=[1]).rebind(stage_sizes=sj.MISSING) == node
    assert jax.tree.leaves(node) == [0.5]
    with pytest.raises(TypeError, match=r"ResNet.width expects int"):
        ResNet18("4")

    class Outer(nn.Module):
        @nn.compact
        def __call__(self, x):
            return ResNet18(4)(x)

    assert Outer().init(KEY, X)["params"].keys() == {"ResNet_0"}  # as Flax names it


def test_an_nnx_class():
    assert sj.build(Small(width=4)).first.kernel.shape == (3, 4)
    assert len(sj.build(Small(width=4)).layers) == 1
    assert Small(width=4, rngs=raw_nnx.Rngs(0)).first.kernel.shape == (3, 4)
    assert isinstance(Small(width=4, rngs=raw_nnx.Rngs(0)), Stack)


def test_a_plain_class_and_an_object():
    assert (Shifted(1).sum, Shifted(1, b=1).sum) == (6, 2)
    assert isinstance(Fast(), Adam)
    assert Fast().rate == 0.5
    with pytest.raises(TypeError, match=r"arguments that its \*rest collects"):
        sj.symbolize(functools.partial(Plain, 1, 2, 3))


@pytest.mark.parametrize("node", NODES)
def test_it_is_saved_by_its_arguments_and_pickled(node):
    assert sj.from_json(sj.to_json(node)) == node
    assert type(pickle.loads(pickle.dumps(node))) is type(node)
    assert pickle.loads(pickle.dumps(node)) == node
    assert jax.tree.map(lambda leaf: leaf, node) == node
    scope: dict[str, Any] = {}
    exec(sj.to_python(node, imports=True), scope)
    assert scope["tree"] == node


def test_equal_partials_give_one_class():
    assert sj.symbolize(functools.partial(ResNet, block=raw.Dense, stage_sizes=(1, 1))) is ResNet18
    assert sj.symbolize(functools.partial(ResNet, [1, 2], block=raw.Dense)) is not ResNet18
    named = sj.symbolize(functools.partial(ResNet, [1]), name="tests.ResNet9")
    assert '"$type": "tests.ResNet9"' in sj.to_json(named(2))
    marked = sj.symbolize(functools.partial(ResNet, [1]), name="tests.MarkedResNet", static=["rate"])
    assert jax.tree.leaves(marked(2)) == []


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match=r"ResNet has no field 'with'; did you mean 'width'|no field"):
        sj.symbolize(functools.partial(ResNet, widht=3))
    with pytest.raises(TypeError, match=r"ResNet.width expects int"):
        sj.symbolize(functools.partial(ResNet, width="3"))
