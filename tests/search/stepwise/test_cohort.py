"""Cohorts: states follow their configurations, through compaction and copies."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.pace import Pace
from symjax.search.evaluation.progress import reporter
from symjax.search.evaluation.requests import Request
from symjax.search.planning.plan import make_plan
from symjax.search.results.objective import Objective
from symjax.search.stepwise.cohort import FinalStates, Stage, advance, begin

from .conftest import Descent

KEY = jax.random.key(0)
BAR = reporter(False)


@pytest.fixture(scope="module")
def cohort():
    """Of two structures, after their start."""
    space = search.space(Descent(search.floatv(0.01, 0.3), search.oneof([1, 2])))
    steps = search.Steps.of(Descent, n=4)
    dnas = search.DNA.from_numbers(space.spec, [[0.1, 0], [0.2, 1], [0.05, 0], [0.3, 1], [0.25, 0]])
    ids = np.arange(5, dtype=np.uint32)
    plan = make_plan(steps, space, dnas, KEY, (), ids=ids, repeats=1, lanes=None, width=None, devices=None)
    request = Request(space, plan.dnas, ids, KEY, 1, Objective(), "")
    return begin(steps, request, plan, Stage(request), BAR, Pace(), width=None)


def _measured(cohort, m=2):
    stage = Stage(cohort.request)
    return advance(cohort, m, stage, BAR, Pace()), stage.results()["at"]


def test_states_follow_their_configurations(cohort):
    _, whole = _measured(cohort)
    places = np.array([3, 0, 4])
    chosen, some = _measured(cohort.taken(places))
    np.testing.assert_array_equal(some, whole[places])
    assert chosen.request.ids.tolist() == [3, 0, 4]
    assert sorted(len(bucket.rows) for bucket in chosen.plan.buckets) == [1, 2]
    for bucket, states in zip(chosen.plan.buckets, chosen.states, strict=True):
        assert all(len(leaf) == len(bucket.rows) for leaf in states.leaves)


def test_a_copy_goes_on_from_anothers_state(cohort):
    sources = np.array([2, 1, 2, 1, 4])
    copied = cohort.copied(sources)
    for place, source in enumerate(sources):
        np.testing.assert_array_equal(copied.leaves(place)[0], cohort.leaves(source)[0])
    _, at = _measured(copied, 1)
    rates = np.array([0.1, 0.2, 0.05, 0.3, 0.25], np.float32)[sources]
    starts = [cohort.leaves(source)[0][0] for source in sources]
    np.testing.assert_allclose(
        at, [x - rate * 2 * x for x, rate in zip(starts, rates, strict=True)], rtol=1e-6
    )


def test_what_raised_keeps_its_state(cohort):
    """A stage that knows of a part only leaves the others as they were."""
    stage = Stage(cohort.request)
    bucket, states = cohort.plan.buckets[0], cohort.states[0]
    np.testing.assert_array_equal(stage.leaves(bucket, states.leaves)[0], states.leaves[0])


def test_there_is_no_state_of_a_stranger(cohort):
    with pytest.raises(IndexError, match="no member 7"):
        cohort.leaves(7)
    with pytest.raises(KeyError, match="trial 7 has no state"):
        FinalStates(cohort, ())[7]
