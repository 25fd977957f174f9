"""The words of errors about patches."""

import pickle
import warnings

import pytest

from symjax import patches
from symjax.core.tracebacks import caller_level
from symjax.patches.core.errors import in_uri


def test_a_long_uri_is_cut():
    assert in_uri("f?1") == "(uri=f?1)"
    assert len(in_uri("f?" + "1" * 10**6)) < 300


def test_errors_can_be_sent():
    error = pickle.loads(pickle.dumps(patches.PatchError("nothing")))
    assert isinstance(error, ValueError)
    assert str(error) == "nothing"


def call_of_a_library():
    """Code of the library, as far as a frame tells: what warns two calls below what a user wrote."""
    scope = {"__name__": "symjax.somewhere", "warnings": warnings, "caller_level": caller_level}
    exec("def inner(): warnings.warn('odd', stacklevel=caller_level())\ndef outer(): inner()", scope)
    return scope["outer"]


def test_a_warning_points_at_the_innermost_line_that_is_not_the_librarys():
    with pytest.warns(UserWarning, match="odd") as caught:
        call_of_a_library()()
    assert caught[0].filename == __file__
