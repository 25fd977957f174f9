"""`Job`: a plan that is to be carried out."""

import jax
import numpy as np

from symjax import search
from symjax.search.evaluation.jobs import Job
from symjax.search.evaluation.outcomes import Lanes, Outcomes
from symjax.search.evaluation.pace import Pace
from symjax.search.evaluation.progress import reporter
from symjax.search.evaluation.requests import Request
from symjax.search.results.objective import Objective

SPACE = search.space({"x": search.floatv(0.0, 1.0)})
KEY = jax.random.key(0)


def test_it_tells_of_progress_and_delivers_what_is_finished():
    dnas = SPACE.sample(KEY, 3).host()
    plan = search.plan(lambda exp, key: exp["x"], SPACE, dnas, KEY)
    outcomes = Outcomes(Request(SPACE, dnas, plan.ids, KEY, 1, Objective(), "run(exp, key)"))
    states, parts = [], []
    job = Job(plan, outcomes, (), 1, reporter(states.append), parts.append, Pace())
    rows = np.array([2, 0])
    outcomes.keep(Lanes(rows, np.zeros(2, np.uint32)), dnas.floats[rows, 0], 0, 1.0)
    job.tell(compiled=1, programs=2, size=5)
    job.deliver(rows)
    job.deliver(np.zeros(0, int))  # nothing is nothing to speak of
    (state,), (part,) = states, parts
    assert (state.done, state.total, state.compiled, state.programs, state.failed) == (2, 3, 1, 2, 0)
    assert part.ids.tolist() == [2, 0]
    assert part.metrics.tolist() == dnas.floats[rows, 0].tolist()
