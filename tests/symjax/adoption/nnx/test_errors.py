"""Errors inside NNX modules, with a note on the layer at fault."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax.adoption.nnx.errors import note_layer, note_methods, noting


class Inner(plain.Module):
    def __init__(self, size, rate=0.5):
        self.size = size
        self.rate = rate

    def __call__(self, x):
        if self.size == 0:
            raise ZeroDivisionError("of its own")
        return x


class Outer(plain.Module):
    def __init__(self, *sizes):
        self.layers = plain.List([Inner(size) for size in sizes])

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def _private(self):
        raise ValueError


def notes(function, *args):
    with pytest.raises(Exception) as caught:
        function(*args)
    return caught.type, getattr(caught.value, "__notes__", [])


def test_the_error_stays_itself_and_names_the_layer_by_place_and_sizes():
    kind, texts = notes(noting(Outer.__call__), Outer(1, 0), 1.0)
    assert kind is ZeroDivisionError
    assert texts == ["layers[1]: Inner(size=0) was running (path=layers[1])"]


def test_only_the_outermost_method_tells_and_only_once():
    method = noting(Outer.__call__)
    assert noting(method) is method
    inner = noting(lambda self: method(Outer(0), 1.0))
    assert len(notes(inner, Outer(1))[1]) == 1


def test_a_call_that_goes_well_is_the_call():
    assert noting(Outer.__call__)(Outer(1, 2), 3.0) == 3.0
    assert noting(len)([1, 2]) == 2  # no method of a module


def test_public_methods_of_a_class_are_wrapped_and_private_ones_are_not():
    class Own(Outer):
        def run(self):
            raise ValueError("run")

        def _hidden(self):
            raise ValueError("hidden")

    note_methods(Own)
    assert notes(Own(1).run)[1] == ["Own() was running (path=<root>)"]
    assert notes(Own(1)._hidden)[1] == []


def test_a_place_that_is_noted_stays():
    error = ValueError("a")
    try:
        Outer(0)(1.0)
    except ZeroDivisionError as caught:
        error = caught
    module = Outer(0)
    note_layer(error, module)
    note_layer(error, module)
    assert len(error.__notes__) == 1


def test_a_float_that_code_tests_under_jit_is_named():
    @sj.symbolize
    class Tests(plain.Module):
        def __init__(self, rate=0.5):
            self.rate = rate

        def __call__(self, x):
            return x if self.rate else -x

    run = jax.jit(lambda node, x: sj.build(node)(x))
    kind, texts = notes(run, Tests(), jnp.ones(2))
    assert issubclass(kind, jax.errors.JAXTypeError)
    assert any("rate" in text for text in texts)
