"""What remains of a plan."""

import pickle

from symjax.search.results.plan_summary import PlanSummary


def test_prints_as_the_plan():
    summary = PlanSummary("4 configurations → 2 programs", (3, 1), (8, 8), ("lr",), {"width": 2})
    assert (str(summary), summary.programs) == ("4 configurations → 2 programs", 2)
    assert pickle.loads(pickle.dumps(summary)) == summary
    assert str(PlanSummary()) == ""


def test_knows_which_configurations_it_is_about():
    summary = PlanSummary("1,200 configurations → 2 programs")
    assert summary.about(1200) == str(summary)
    assert summary.about(200) == ""
    assert PlanSummary("all configurations → 1 program").about(7) == "7 configurations → 1 program"
    assert PlanSummary.concat([summary, PlanSummary("7 configurations → 1 program")]).about(1200) == ""
