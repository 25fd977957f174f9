"""Constructors of symbolic Linen modules: the words for wrong arguments, and what waits for open choices."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn


class Computing(nn.Module):
    dense: nn.Dense
    width: int = 2

    def __post_init__(self):
        object.__setattr__(self, "total", self.width + self.dense.features)
        super().__post_init__()

    def __call__(self, x):
        return self.dense(x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(featurs=3), r"no field 'featurs'; did you mean 'features'.*\(path=featurs\)"),
        (lambda: nn.Dense(), r"Dense misses features; .*\(path=features\)"),
        (lambda: nn.Dense(3, features=4), "two values for 'features'"),
        (lambda: Computing(nn.Dense(sj.oneof([1, 2])), widht=3), "did you mean 'width'"),
        (lambda: Computing(sj.oneof([nn.Dense(1), 3])), "Computing.dense expects Dense, got 3"),
    ],
)
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Computing(nn.Dense(4), sj.oneof([2, 3])),
        lambda: Computing(sj.oneof([nn.Dense(4), nn.Dense(5)])),
        lambda: Computing(nn.Dense(sj.oneof([4, 5])), width=2),
        lambda: Computing(dense=nn.Dense(sj.oneof([4, 5])), inside=(sj.patches.on_type(nn.Dense, 3),)),
    ],
)
def test_code_of_its_own_waits(make):
    module = make()
    assert not hasattr(module, "total")
    assert sj.is_symbolic(module)
    with pytest.raises(AttributeError, match="immutable"):
        module.width = 3
    decided = module.rebind(dense=nn.Dense(4), width=2)
    assert decided.total == 6
    assert module == make()
    assert jax.tree.structure(module) == jax.tree.structure(make())


def test_what_is_made_while_a_module_runs_is_flax_s():
    class Outer(nn.Module):
        @nn.compact
        def __call__(self, x):
            return Computing(nn.Dense(4), width=sj.oneof([1, 2]))(x)

    with pytest.raises(TypeError, match="not decided yet"):
        Outer().init(jax.random.key(0), jnp.ones((1, 2)))


def test_an_error_of_its_own_without_open_choices_comes_out():
    class Refusing(flax.linen.Module):
        width: int

        def __post_init__(self):
            raise KeyError("never")

    with pytest.raises(KeyError, match="never"):
        sj.symbolize(Refusing)(3)
    assert sj.symbolize(Refusing)(sj.oneof([3, 4])).width == sj.oneof([3, 4])
