"""Parameters of tuners that ask for one value at a time."""

import math

import pytest

from symjax.search.spaces.parameter import Parameter, options_of


class Recorder:
    """A trial that says what it was asked for."""

    def suggest_categorical(self, name, choices):
        return name, tuple(choices)

    def suggest_int(self, name, low, high, *, step=1, log=False):
        return name, low, high, step, log

    def suggest_float(self, name, low, high, *, log=False):
        return name, low, high, log


@pytest.mark.parametrize(
    ("parameter", "asked"),
    [
        (Parameter("a", (1, 2)), ("a", (1, 2))),
        (Parameter("i", None, 1, 9, 4), ("i", 1, 9, 4, False)),
        (Parameter("i", None, 1, 9, is_log=True), ("i", 1, 9, 1, True)),
        (Parameter("f", None, 1.0, 9.0, is_log=True), ("f", 1.0, 9.0, True)),
    ],
)
def test_a_parameter_is_suggested_by_its_kind(parameter, asked):
    assert parameter.suggested(Recorder()) == asked


def test_options_tell_values_apart():
    assert options_of([None, True, 2, 0.5, "a"], list("vwxyz")) == (None, True, 2, 0.5, "a")
    assert options_of([1.0, 1, True], ["1.0", "1", "True"]) == ("1.0", "1", "True")
    assert options_of([math.nan, 1.0], ["nan", "1.0"]) == ("nan", 1.0)
    assert options_of([len, "len"], ["len", "len"]) == ("len (0)", "len (1)")
