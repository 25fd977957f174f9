"""Progress in steps, over segments and over what fails in them."""

from symjax.search import Progress
from symjax.search.evaluation.progress import reporter
from symjax.search.stepwise.step_report import StepReport


def _progress(done, total, failed=0, seconds=1.0):
    return Progress(done, total, failed, 1, 1, seconds, None)


def test_steps_add_up_over_segments():
    said = []
    report = StepReport(reporter(said.append), total=24)
    report.begin(8, 2)
    report(_progress(4, 8, failed=1, seconds=2.0))
    report(_progress(8, 8, failed=2))
    report.begin(2, 4)
    report(_progress(1, 2))
    report.end()
    assert [each.done for each in said] == [8, 16, 20, 24]
    assert [each.failed for each in said] == [1, 2, 2, 2]
    assert {each.total for each in said} == {24}
    assert said[0].left == 2.0 / 8 * 16
    assert said[-1].left == 0.0


def test_the_end_is_said_once():
    said = []
    report = StepReport(reporter(said.append), total=8)
    report.begin(4, 2)
    report(_progress(4, 4))
    report.end()
    assert len(said) == 1
