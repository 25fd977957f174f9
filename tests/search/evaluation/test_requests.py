"""What an evaluation is asked for: ids, names of functions."""

import functools

import numpy as np
import pytest

from symjax.search.evaluation.requests import check_repeats, signature_text, trial_ids


def test_ids_count_on():
    assert trial_ids(3, None, np.int64(2**32 - 3)).tolist() == [2**32 - 3, 2**32 - 2, 2**32 - 1]
    assert trial_ids(2, [5, 5], 0).tolist() == [5, 5]
    with pytest.raises(TypeError, match="got True"):
        trial_ids(3, None, True)
    with pytest.raises(ValueError, match=r"must lie in \[0, 2\*\*32\)"):
        trial_ids(1, None, 2**32)


def test_repeats_are_a_number():
    assert check_repeats(np.int32(3)) == 3
    with pytest.raises(TypeError, match="got True"):
        check_repeats(True)


def test_a_function_is_told_by_its_name_and_what_it_takes():
    def run(exp, key, data=print, *rest): ...

    class Callable:
        def __call__(self, exp, key): ...

    assert signature_text(run).endswith(".<locals>.run(exp, key, data, rest)")
    assert signature_text(Callable()).endswith(".<locals>.Callable(exp, key)")
    assert signature_text(functools.partial(run, 1)).endswith(".<locals>.run(key, data, rest)")
    assert signature_text(max) == "builtins.max"
