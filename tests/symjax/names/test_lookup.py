"""Functions and classes by name, and back."""

import collections
import functools
import math

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.names.lookup import find, is_nameless, look_up, place, public_name

from .. import trees


@pytest.mark.parametrize(
    "value",
    [jax.nn.relu, jnp.tanh, math.sqrt, trees.double, trees.Box, trees.Plain, dict, flax.linen.Dense],
    ids=repr,
)
def test_a_public_name_leads_back(value):
    module, name = public_name(value)
    assert find(module, name) is value


@pytest.mark.parametrize(
    "value", [lambda: 1, trees.Box().rebind, functools.partial(len), 1, "len", math], ids=repr
)
def test_what_is_found_nowhere_has_no_name(value):
    assert public_name(value) is None


def test_a_closure_in_a_default_is_nameless_and_a_value_is_not():
    def closure():
        return 1

    assert is_nameless(closure)
    assert is_nameless((1, (closure,)))
    assert not is_nameless((1, math.sqrt, "closure"))


def test_finding_imports_and_runs_nothing():
    class Trap(type):
        def __getattr__(cls, name):
            raise AssertionError(name)

    class Host(metaclass=Trap):
        @staticmethod
        def inner():
            return 1

    assert find("no_such_module_at_all", "name") is None
    assert find("math", "__name__") is None
    assert find("collections", "abc") is None  # a module
    assert find("collections", "OrderedDict") is collections.OrderedDict
    trees.Host = Host
    try:
        assert find(trees.__name__, "Host.inner") is Host.inner
        assert find(trees.__name__, "Host.outer") is None
    finally:
        del trees.Host


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("os:system", "if you trust it, pass modules="),
        ("numpy:load", "has effects"),
        ("no_such_module:f", "if you trust it, pass modules="),
        ("jax.numpy:no_such", "has no such function or class"),
        ("__main__:f", "only while it runs"),
        (1, "is no name"),
        ("", "from which nothing is looked up"),
    ],
)
def test_why_a_name_is_not_looked_up(reference, why):
    with pytest.raises(LookupError, match=why):
        look_up(reference)


def test_what_computes_and_what_modules_of_symbols_define_is_looked_up():
    assert look_up("jax.numpy:tanh") is jnp.tanh
    assert look_up(f"{trees.__name__}:double") is trees.double
    with pytest.raises(LookupError, match="os"):
        look_up("posixpath:join")
    with pytest.raises(LookupError, match="no_such_module is not imported"):
        look_up("no_such_module:f", modules=["no_such_module"])
    assert look_up("posixpath:join", modules=["posixpath"])("a", "b") == "a/b"


def test_a_symbolic_version_stands_at_its_original_s_place_or_at_that_in_a_view():
    assert place(trees.double, None) == {"__module__": trees.__name__, "__qualname__": "double"}
    assert place(flax.linen.Dense, "symjax.linen.Dense")["__module__"] == "symjax.linen"
    assert (nn.Dense.__module__, nn.Dense.__qualname__) == ("symjax.linen", "Dense")
    assert sj.from_json(sj.to_json(nn.Dense(3))) == nn.Dense(3)
