"""Roles say what a class or function is."""

import functools

import flax.linen
import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import has_role, member, role
from symjax.patches.roles import flax_layers
from symjax.patches.roles.marks import arguments, makes_role, noting_roles


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


def test_the_same_mark_again_does_nothing():
    mark = role("test_role", features="units")
    assert mark(mark(Marked)) is Marked
    assert member(Marked(), "test_role", "features") == "units"


@pytest.mark.parametrize("members", [{}, {"features": "other"}, {"features": "units", "bias": "other"}])
def test_another_mark_for_the_same_role_is_refused_and_leaves_nothing(members):
    with pytest.raises(ValueError, match="Marked has the role 'test_role' already, with features='units'"):
        role("test_role_new", "test_role", **members)(Marked)
    assert member(Marked(), "test_role", "features") == "units"
    assert not has_role(Marked(), "test_role_new")


def test_the_layers_of_flax_keep_what_the_library_said():
    with pytest.raises(ValueError, match="Dense has the role 'dense' already, with Linen's names"):
        role("dense", features="units")(flax.linen.Dense)
    assert role("dense")(flax.linen.Dense) is flax.linen.Dense
    with pytest.raises(ValueError, match="Dense has the role 'dense' already, with Linen's names"):
        role("dense", features="units")(nn.Dense)  # the same class, symbolized
    assert member(nn.Dense(3), "dense", "features") == "features"


def test_arguments_by_the_names_of_linen():
    class Layer(sj.Object):
        units: int = 1
        bias: bool = True
        features: str = "its own meaning"
        kernel_size: str = "no kernel's"

    role("test_role_c", features="units", kernel_size="none")(Layer)
    by_name = arguments(Layer(3), "test_role_c")
    assert by_name["features"] == ("units", 3)
    assert by_name["bias"] == ("bias", True)
    assert "kernel_size" not in by_name
    assert arguments(Layer(3), "dense") == arguments(3, "dense") == {}
    assert arguments(nn.Dense(5), "dense")["features"] == ("features", 5)


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


def test_every_role_is_told():
    told = role.__doc__
    roles = {name for its_roles in flax_layers.LINEN.values() for name in its_roles}
    assert all(f"``'{name}'``" in told for name in roles | {"separable_convolution"})


def test_the_roles_that_are_asked_for_are_noted():
    with noting_roles() as outer:
        has_role(3, "dense", "convolution")
        with noting_roles() as inner:
            arguments(3, "attention")
        makes_role(nn.Dense, "dropout")
    has_role(3, "embedding")
    assert outer == {"dense", "convolution", "dropout"}
    assert inner == {"attention"}
