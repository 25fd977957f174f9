"""The words of errors about patches."""

import pickle

from symjax import patches
from symjax.patches.core.errors import in_uri, nearest_first


def test_the_nearest_name_comes_first():
    assert nearest_first("widht", ["depth", "width", "rate"])[0] == "width"
    assert sorted(nearest_first("x", {"b", "a"})) == ["a", "b"]


def test_no_name_is_compared_with_a_very_long_one():
    assert nearest_first("z" * 10**6, ["b", "a", "z" * 100]) == ["a", "b", "z" * 100]


def test_a_long_uri_is_cut():
    assert in_uri("f?1") == "(uri=f?1)"
    assert len(in_uri("f?" + "1" * 10**6)) < 300


def test_errors_can_be_sent():
    error = pickle.loads(pickle.dumps(patches.PatchError("nothing")))
    assert isinstance(error, ValueError)
    assert str(error) == "nothing"
