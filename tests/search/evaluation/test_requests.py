"""What an evaluation is asked for: batches, ids, names of functions."""

import functools

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.requests import batch_of, check_repeats, signature_text, trial_ids

SPACE = search.space({"x": search.floatv(0, 1), "n": search.oneof([1, 2])})
DNAS = SPACE.sample(jax.random.key(0), 4)


def test_a_batch_may_be_a_list_of_dnas_or_of_trees():
    trees = [SPACE.decode(dna) for dna in DNAS]
    for configurations in (DNAS, list(DNAS), trees, (DNAS[0], *trees[1:])):
        assert batch_of(SPACE, configurations) == DNAS
    assert batch_of(SPACE, DNAS[1]) == DNAS[1:2]
    assert len(batch_of(SPACE, [])) == 0


@pytest.mark.parametrize("value", [3, None, {"x": 1.0, "n": 1}])
def test_what_is_no_batch(value):
    with pytest.raises(TypeError, match=r"expected a batch of DNAs.*or a list of trees"):
        batch_of(SPACE, value)
    with pytest.raises(TypeError, match="expected a space"):
        batch_of(SPACE.tree, DNAS)


def test_ids_count_on():
    assert trial_ids(3, None, np.int64(2**32 - 3)).tolist() == [2**32 - 3, 2**32 - 2, 2**32 - 1]
    assert trial_ids(2, [5, 5], 0).tolist() == [5, 5]
    with pytest.raises(TypeError, match="got True"):
        trial_ids(3, None, True)


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
