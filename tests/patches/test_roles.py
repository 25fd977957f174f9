"""Roles say what a class or function is."""

import functools

import flax.linen
import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import flax_roles, has_role, member, role


@role("test_role", features="units")
class Marked(sj.Object):
    units: int = 1
    other: int = 2


class Derived(Marked):
    more: int = 3


def test_roles_are_inherited():
    assert has_role(Marked(), "test_role")
    assert has_role(Derived(), "test_role")
    assert member(Derived(), "test_role", "features") == "units"


def test_a_derived_class_may_say_otherwise():
    @role("test_role", features="more")
    class Other(Derived):
        pass

    assert member(Other(), "test_role", "features") == "more"
    assert member(Derived(), "test_role", "features") == "units"


def test_a_decorator_returns_what_it_marks():
    def function():
        pass

    assert role("test_role")(function) is function
    assert has_role(function, "test_role")
    assert has_role(functools.partial(function), "test_role")


def test_a_class_has_not_the_role_of_its_instances():
    assert not has_role(Marked, "test_role")


def test_several_roles_and_any_of_several():
    @role("test_role_a", "test_role_b")
    class Both(sj.Object):
        pass

    assert has_role(Both(), "test_role_a")
    assert has_role(Both(), "test_role_b")
    assert has_role(Both(), "test_role_c", "test_role_b")
    assert not has_role(Both(), "test_role_c")


def test_roles_add_up():
    class Twice(sj.Object):
        pass

    role("test_role_a")(Twice)
    role("test_role_b")(Twice)
    assert has_role(Twice(), "test_role_a")
    assert has_role(Twice(), "test_role_b")


def test_a_class_of_others_is_marked_by_a_call():
    class Foreign:
        def __init__(self, units):
            self.units = units

    role("test_role", features="units")(Foreign)
    Symbolic = sj.symbolize(Foreign)
    assert has_role(Symbolic(3), "test_role")
    assert member(Symbolic(3), "test_role", "features") == "units"


def test_a_symbolized_function_has_the_role_of_the_function():
    @role("test_role")
    def leaky(x, slope):
        return x * slope

    assert has_role(sj.symbolize(leaky)(slope=0.1), "test_role")


def test_members():
    assert member(Marked(), "test_role", "other") == "other"
    assert member(Marked(), "test_role", "nothing") is None
    assert member(Marked(), "no_such_role", "features") is None
    assert member(3, "test_role", "features") is None


@pytest.mark.parametrize("names", [(), (Marked,)])
def test_a_role_needs_a_name(names):
    with pytest.raises(TypeError, match="takes the names of roles"):
        role(*names)


@pytest.mark.parametrize("value", [0, "convolution", None, [], {}, jax.numpy.ones(3), object()])
def test_most_values_have_no_role(value):
    assert not has_role(value, "convolution", "activation")


LAYERS = {
    "convolution": [nn.Conv(1, (3,)), nn.ConvTranspose(1, (3,)), nn.ConvLocal(1, (3,))],
    "dense": [nn.Dense(1), nn.DenseGeneral(1)],
    "normalization": [nn.BatchNorm(), nn.LayerNorm(), nn.RMSNorm(), nn.GroupNorm(), nn.InstanceNorm()],
    "dropout": [nn.Dropout(0.5)],
    "embedding": [nn.Embed(3, 4)],
    "attention": [nn.MultiHeadDotProductAttention(2), nn.MultiHeadAttention(2), nn.SelfAttention(2)],
    "activation": [nn.relu, nn.gelu, nn.silu, nn.swish, nn.tanh, jax.nn.relu, jax.numpy.tanh, nn.PReLU()],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_flax_come_marked(name):
    assert all(has_role(layer, name) for layer in LAYERS[name])
    others = [layer for other, layers in LAYERS.items() if other != name for layer in layers]
    assert not any(has_role(layer, name) for layer in others)


def test_so_do_unsymbolized_layers_and_subclasses():
    class Mine(flax.linen.Conv):
        pass

    assert has_role(flax.linen.Conv(1, (3,)), "convolution")
    assert has_role(Mine(1, (3,)), "convolution")


@pytest.mark.parametrize("value", [nn.softmax, nn.glu, nn.log_softmax, nn.Sequential([]), nn.max_pool])
def test_outputs_and_containers_are_no_layers(value):
    assert not any(has_role(value, name) for name in LAYERS)


def test_every_role_is_told():
    told = role.__doc__
    roles = {name for given in flax_roles.LINEN.values() for name in given}
    assert all(f"``'{name}'``" in told for name in roles | {"separable_convolution"})
