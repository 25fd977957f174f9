"""`conduct`: what all engines have in common, whoever carries a plan out."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.conducting import conduct
from symjax.search.evaluation.outcomes import Lanes

SPACE = search.space({"n": search.oneof([1, 2]), "x": search.floatv(0.0, 1.0)})
DNAS = SPACE.sample(jax.random.key(0), 6).host()
KEY = jax.random.key(1)


class ByHand:
    """Carries out a plan without any program."""

    def __init__(self, job):
        self.job = job

    def run(self):
        for number, bucket in enumerate(self.job.plan.buckets):
            rows = bucket.rows
            lanes = Lanes(rows, np.zeros(len(rows), np.uint32))
            self.job.deliver(self.job.outcomes.keep(lanes, DNAS.floats[rows, 0] * 2, number, 1.0))


def test_a_carrier_gets_the_plan_and_its_outcomes_are_the_results():
    parts = []
    results = conduct(
        ByHand, lambda exp, key, data: exp["x"] * data, SPACE, DNAS, KEY, (2.0,), on_result=parts.append
    )
    assert results.metrics.tolist() == (DNAS.floats[:, 0] * 2).tolist()
    assert sorted(number for part in parts for number in part.ids.tolist()) == list(range(6))


@pytest.mark.parametrize(("raised", "kind"), [(KeyboardInterrupt, search.Interrupted), (OSError, OSError)])
def test_what_is_finished_stands_on_whatever_ends_it(raised, kind):
    def stop(results):
        raise raised

    with pytest.raises(kind) as caught:
        conduct(ByHand, lambda exp, key: exp["x"], SPACE, DNAS, KEY, (), on_result=stop)
    assert 0 < caught.value.results.pending.sum() < 6
