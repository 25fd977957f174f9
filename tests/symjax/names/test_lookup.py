"""Names of functions and classes: those by which they are found again, without running any code."""

import sys

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.names.lookup import find, is_nameless, look_up, public_name

from .. import trees


class Outer:
    class Inner:
        @staticmethod
        def function():
            pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (jax.nn.relu, ("jax.nn", "relu")),
        (jnp.tanh, ("jax.nn", "tanh")),
        (jax.scipy.special.erf, ("jax.scipy.special", "erf")),
        (np.add, ("numpy", "add")),
        (int, ("builtins", "int")),
        (trees.double, (trees.__name__, "double")),
        (Outer.Inner.function, (__name__, "Outer.Inner.function")),
        (nn.Dense, ("symjax.linen", "Dense")),
        (lambda x: x, None),
        ([].append, None),
    ],
)
def test_public_names_are_found_again(value, name):
    assert public_name(value) == name
    assert is_nameless((1, value)) is (name is None)
    if name is not None:
        assert find(*name) is value


def test_a_lookup_imports_nothing_and_runs_no_code():
    class Trap(type(sys)):
        def __getattr__(self, name):
            raise AssertionError("looked at")

    sys.modules["trap_of_a_test"] = Trap("trap_of_a_test")
    try:
        assert find("trap_of_a_test", "anything") is None
        assert find("symjax.optax", "__builtins__") is None
        assert find("not_imported", "x") is None
    finally:
        del sys.modules["trap_of_a_test"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (3, "3 is no name of a function or class"),
        ("jax:nothing", "'jax:nothing' cannot be found: jax has no such function or class"),
        ("jax.not_imported:x", "is not imported"),
        ("os:system", r"is of a module from which nothing is looked up; .*modules=\['os'\]"),
        ("jax.numpy:load", r"has effects; if you trust it, pass modules=\['jax.numpy'\]"),
        (f"{trees.__name__}:functools", "cannot be found"),
        (f"{trees.__name__}:Any", "is typing.Any really"),
        ("__main__:nothing", "was defined in the script that saved it"),
    ],
)
def test_a_refusal_says_why(reference, message):
    with pytest.raises(LookupError, match=message):
        look_up(reference)


def test_modules_give_what_they_define():
    assert look_up("json:dumps", ["json"]) is __import__("json").dumps
    with pytest.raises(LookupError, match=r"is json\.decoder\.JSONDecoder really"):
        look_up("json:JSONDecoder", ["json"])
    assert look_up(f"{trees.__name__}:Box") is trees.Box
    assert issubclass(look_up("symjax.linen:Dense"), sj.linen.Module)
