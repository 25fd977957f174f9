"""What `symbolize` is asked for beyond what a class is already."""

import pickle

import flax.linen as raw
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as raw_nnx

import symjax as sj
from symjax import linen as nn

X = jnp.ones((1, 2))


@sj.symbolize(static=["rate"])
class Noisy(nn.Module):
    """Symbolic by itself, before it is decorated."""

    rate: float
    scale: float = 1.0

    @nn.compact
    def __call__(self, x):
        return self.scale * (x if self.rate > 0 else -x)


@sj.symbolize(static=["rate"])
class Settings(sj.Object):
    rate: float
    scale: float = 1.0


class Base:
    def __init__(self, rate):
        self.rate = rate


@sj.symbolize(static=["rate"])
class Child(sj.symbolize(Base)):
    def __init__(self, rate, scale=1.0):
        super().__init__(rate)


@pytest.mark.parametrize("cls", [Noisy, Settings, Child])
def test_static_on_a_class_that_is_symbolic_already(cls):
    assert jax.tree.leaves(cls(0.5)) == [1.0]
    assert cls(0.5) == sj.from_json(sj.to_json(cls(0.5))) == pickle.loads(pickle.dumps(cls(0.5)))
    assert cls.__name__ in repr(cls(0.5))
    assert sj.symbolize(cls, static=["rate"]) is cls


def test_the_advice_in_an_error_works():
    jax.jit(lambda module: module.apply({}, X))(Noisy(0.5))


@pytest.mark.parametrize(
    "cls",
    [
        nn.Dropout,
        raw.Dropout,
        Noisy,
        Settings,
        Child,
        Base,
        raw_nnx.Dropout,
        lambda x: x,
    ],
)
def test_static_names_arguments(cls):
    with pytest.raises(ValueError, match=r"static names no argument of .*: nonsense; .*its arguments: "):
        sj.symbolize(cls, static=["nonsense"])
    with pytest.raises(TypeError, match=r"static takes a list of names: static=\['rate'\]"):
        sj.symbolize(cls, static="rate")


def test_what_cannot_be_honoured_is_refused():
    with pytest.raises(ValueError, match=r"'symjax.linen.BatchNorm' is .* already; give .* another name"):
        sj.symbolize(nn.BatchNorm, static=["momentum"])
    with pytest.raises(ValueError, match=r"Noisy already, without these options; decorate the class itself"):
        sj.symbolize(Noisy, static=["scale"])
    for target in (nn.Dense, Settings, raw.LayerNorm, raw_nnx.Linear, max):
        with pytest.raises(TypeError, match="mutable=True cannot be asked for"):
            sj.symbolize(target, mutable=True, name="tests.mutable")


def test_with_another_name_there_are_two_classes():
    marked = sj.symbolize(nn.BatchNorm, static=["momentum"], name="tests.BatchNorm")
    assert len(jax.tree.leaves(marked())) == len(jax.tree.leaves(nn.BatchNorm())) - 1
    both = sj.symbolize(Noisy, static=["scale"], name="tests.Noisy")
    assert jax.tree.leaves(both(0.5)) == []
    assert isinstance(both(0.5), Noisy)
    assert pickle.loads(pickle.dumps(both(0.5))) == both(0.5) == sj.from_json(sj.to_json(both(0.5)))
