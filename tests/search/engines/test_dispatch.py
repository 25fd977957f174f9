"""`Dispatch`: a plan on workers; `test_ray` has those."""

import pickle

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.engines.dispatch import Dispatch
from symjax.search.engines.pool import Pool
from symjax.search.evaluation.jobs import Job
from symjax.search.evaluation.outcomes import Outcomes
from symjax.search.evaluation.pace import Pace
from symjax.search.evaluation.progress import reporter
from symjax.search.evaluation.requests import Request
from symjax.search.results.objective import Objective

SPACE = search.space({"x": search.floatv(0.0, 1.0)})
KEY = jax.random.key(0)
DNAS = SPACE.sample(KEY, 3).host()


def run(exp, key):
    return exp["x"]


def job(plan):
    request = Request(SPACE, DNAS, plan.ids, KEY, 1, Objective(), "run(exp, key)")
    return Job(plan, Outcomes(request), (), 1, reporter(False), None, Pace())


def test_a_plan_without_programs_is_refused():
    plan = pickle.loads(pickle.dumps(search.plan(run, SPACE, DNAS, KEY)))
    with pytest.raises(ValueError, match="a plan that was pickled"):
        Dispatch(Pool(1, {}, 0), 8, 0, job(plan))


def test_where_nothing_is_left_no_worker_starts():
    todo = job(search.plan(run, SPACE, DNAS, KEY))
    todo.outcomes.fail(np.arange(3), OSError("no data"))
    pool = Pool(1, {}, 0)
    Dispatch(pool, 8, 0, todo).run()
    assert len(pool) == 0
