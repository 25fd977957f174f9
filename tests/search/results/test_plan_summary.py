"""What remains of a plan."""

import pickle

from symjax.search.results.plan_summary import PlanSummary


def test_prints_as_the_plan():
    summary = PlanSummary("4 configurations → 2 programs", (3, 1), (8, 8), ("lr",), {"width": 2})
    assert (str(summary), summary.programs) == ("4 configurations → 2 programs", 2)
    assert pickle.loads(pickle.dumps(summary)) == summary
    assert str(PlanSummary()) == ""
