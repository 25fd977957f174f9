"""`Dispatch`: a plan on workers; `test_ray` has those."""

import pickle

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.engines.dispatch import Dispatch
from symjax.search.engines.pool import Member, Pool, WorkerLost
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


class Losing(Pool):
    """Has one worker, which ends whatever it is at."""

    def __init__(self):
        super().__init__(1, {}, 0)
        self.sent = []

    def grow(self, wanted):
        self._members = self._members or [Member(None, None)]

    def store(self, value):
        return str(id(value)).encode()

    def send(self, member, share, order, refs):
        member.share = share
        self.sent.append(len(share.rows))

    def wait(self):
        return [(member, WorkerLost("it is gone")) for member in self.busy]


@pytest.mark.parametrize("retries", [0, 1])
def test_a_share_is_sent_again_as_often_as_is_said_and_then_in_halves(retries):
    pool, todo = Losing(), job(search.plan(run, SPACE, DNAS, KEY))
    Dispatch(pool, 8, retries, todo).run()
    assert pool.sent.count(3) == retries + 1
    assert pool.sent.count(1) == 3
    errors = todo.outcomes.results().errors
    assert sorted(errors) == [0, 1, 2]
    assert all("workers were lost over this" in error.__notes__[0] for error in errors.values())
