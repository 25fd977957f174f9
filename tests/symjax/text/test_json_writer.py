"""`Writer`: a tree in the terms of JSON, as files have it."""

import json
import math

import numpy as np
import pytest
from hypothesis import given

import symjax as sj
from symjax import linen as nn
from symjax.core.paths import ROOT
from symjax.text.json_writer import Writer

from .. import trees


def written(value, hide_defaults=True):
    return Writer(hide_defaults, None).write(value, ROOT)


@given(trees.recipes(foreign=False))
def test_what_is_written_is_json_to_the_letter(recipe):
    record = written(recipe())
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize(
    ("value", "record"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        ((1, "a"), [1, "a"]),
        ([1], {"$list": [1]}),
        ({"a": 1.0}, {"$dict": {"a": 1.0}}),
        (sj.Map({"a": 1}), {"$map": {"a": 1}}),
        (sj.Map({1: "a"}), {"$map": [[1, "a"]]}),
        (math.inf, {"$float": "7ff0000000000000"}),
        (len, {"$ref": "builtins:len"}),
        (trees.Rate(0.5), {"$type": f"{trees.__name__}.Rate", "rate": 0.5}),
        (nn.Dense(3), {"$type": "symjax.linen.Dense", "features": 3}),
    ],
)
def test_the_record_of_a_value(value, record):
    assert written(value) == record


def test_defaults_are_written_where_they_are_asked_for():
    assert written(trees.Rate(0.5), False) == {"$type": f"{trees.__name__}.Rate", "rate": 0.5, "steps": 10}


def test_large_arrays_lie_beside_a_file_and_small_ones_in_the_text():
    arrays = {}
    record = Writer(True, arrays).write((np.zeros(4), np.zeros(4096)), ROOT)
    assert [list(each["$array"])[-1] for each in record] == ["data", "file"]
    assert arrays == {"a0": bytes(4096 * 8)}
    assert "data" in written(np.zeros(4096))["$array"]


def test_a_function_without_a_name_is_refused_with_its_place():
    with pytest.raises(TypeError, match=r"a lambda or closure has none; .* \(path=content\[1\]\)$"):
        written(trees.Box((1, lambda: 1)))


def test_a_class_without_a_name_is_refused():
    lifted = nn.remat(nn.Dense)
    with pytest.raises(TypeError, match="has no name to be saved by"):
        written(lifted(3))
