"""What plots tell apart."""

import numpy as np
import pytest

from symjax.search.results.plotting.outcomes import only_outcome, outcomes_of, scores_of

from .drawn import LOSS, results


def test_the_groups_of_trials():
    measured = results(constraints={"size": 50})
    (loss,) = outcomes_of(measured, scores_of(measured, None, None))
    assert np.flatnonzero(loss.good).tolist() == [0, 1, 4, 5]
    assert np.flatnonzero(loss.infeasible).tolist() == [6]
    assert np.flatnonzero(loss.lost).tolist() == [2, 3]  # the last one did not run, and is in no group
    assert loss.title == "loss ↓"


def test_what_is_infinite_has_no_place():
    measured = results(loss=np.where(LOSS == 4, np.inf, LOSS))
    loss = only_outcome(measured, scores_of(measured, None, None), "history")
    assert np.flatnonzero(loss.lost).tolist() == [0, 2, 3]
    assert np.isnan(loss.values[0])


def test_more_is_better():
    measured = results(mode="max")
    (loss,) = outcomes_of(measured, scores_of(measured, None, None))
    np.testing.assert_array_equal(loss.costs[[0, 1]], [-4, -3])
    assert loss.title == "loss ↑"


def test_one_objective_of_several_is_to_be_said():
    measured = results(["loss", "size"])
    with pytest.raises(
        ValueError, match="'history' is of one objective, and there are loss, size: say metric='loss'"
    ):
        only_outcome(measured, scores_of(measured, None, None), "history")
