"""`oneof` and `floatv`: what they print, and what they refuse."""

import math

import pytest

import symjax as sj
from symjax import search


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (search.oneof([8, 16, 32]), "oneof([8, 16, 32])"),
        (search.oneof(["relu", None]), "oneof(['relu', None])"),
        (search.oneof(n for n in (1, 2)), "oneof([1, 2])"),
        (search.floatv(1e-4, 0.1, "log"), "floatv(1e-4, 0.1, 'log')"),
        (search.floatv(0, 1), "floatv(0.0, 1.0)"),
        (search.floatv(-2.5e-7, 3e10), "floatv(-2.5e-7, 3e10)"),
        (search.oneof([search.floatv(0, 1), 2]), "oneof([floatv(0.0, 1.0), 2])"),
    ],
)
def test_prints_as_it_is_written(choice, text):
    assert repr(choice) == text
    assert sj.format(choice) == text


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: search.oneof([]), ValueError, "at least one candidate"),
        (lambda: search.oneof("abc"), TypeError, "list of candidates"),
        (lambda: search.oneof({1, 2}), TypeError, "list of candidates"),
        (lambda: search.oneof(3), TypeError, "list of candidates"),
        (lambda: search.oneof(3, 4), TypeError, r"as one list: oneof\(\[3, 4\]\)"),
        (lambda: search.oneof([3, 4]) * 2, TypeError, r"oneof\(\[3, 4\]\) is not decided yet .*decode"),
        (lambda: 2 - search.floatv(0.0, 1.0), TypeError, r"floatv\(0.0, 1.0\) is not decided yet"),
        (lambda: search.oneof([3, 4]) < 2, TypeError, "is not decided yet"),
        (lambda: -search.floatv(0.0, 1.0), TypeError, "is not decided yet"),
        (lambda: search.floatv(1.0, 0.0), ValueError, "lo < hi"),
        (lambda: search.floatv(1.0, 1.0), ValueError, "lo < hi"),
        (lambda: search.floatv(1.0, 1.0 + 1e-12), ValueError, "float32 can tell"),
        (lambda: search.floatv(0.0, 1.0, "log"), ValueError, "log scale"),
        (lambda: search.floatv(-1.0, 1.0, "log"), ValueError, "log scale"),
        (lambda: search.floatv(0.0, math.inf), ValueError, "finite"),
        (lambda: search.floatv(math.nan, 1.0), ValueError, "finite"),
        (lambda: search.floatv(0.0, 1e39), ValueError, "finite"),
        (lambda: search.floatv(0.0, 1.0, "lgo"), ValueError, r"did you mean 'log'\?"),
        (lambda: search.floatv("a", 1.0), TypeError, "lo"),
    ],
)
def test_refuses_nonsense(make, error, message):
    with pytest.raises(error, match=message):
        make()


class Layer(sj.Object):
    width: int
    rate: float = 0.5


def test_stands_in_any_field_and_is_checked_against_its_hint():
    layer = Layer(width=search.oneof([1, 2]), rate=search.floatv(0, 1))
    assert layer.width.candidates == (1, 2)
    with pytest.raises(TypeError, match=r"\(path=width\)"):
        Layer(width=search.oneof([1, "a"]))


def test_is_a_value():
    assert search.floatv(0, 1) == search.floatv(0.0, 1.0)
    assert search.oneof([1]) != search.oneof([1.0])
    assert hash(search.oneof([1, 2])) == hash(search.oneof([1, 2]))
    wider = sj.rebind(Layer(search.oneof([1, 2])), {"width.candidates[1]": 4})
    assert wider.width == search.oneof([1, 4])


# As written before the room had floors.
SAVED = """{"format": 1, "versions": {"jax": "0.10.2", "symjax": "0.1.0", "flax": "0.12.8"}, "tree": {"$dict": {
"a": {"$type": "symjax.search.choices.OneOf", "candidates": [8, {"$type": "symjax.search.choices.FloatV",
"lo": 0.0001, "hi": 0.1, "scale": "log"}]},
"b": {"$type": "symjax.search.choices.FloatV", "lo": 0.0, "hi": 1.0, "scale": "linear"}}}}"""


def test_files_that_name_choices_as_they_always_did_are_read():
    tree = {"a": search.oneof([8, search.floatv(1e-4, 0.1, "log")]), "b": search.floatv(0, 1)}
    assert sj.eq(sj.from_json(SAVED), tree)
    assert sj.from_json(sj.to_json(tree)) == sj.from_json(SAVED)
