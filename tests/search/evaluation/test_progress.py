"""The progress bar."""

import io

import pytest

from symjax.search.evaluation.progress import Bar, reporter


def drawn(*reports):
    """What a bar writes, with a clock that goes on by ten seconds at each look."""
    out, times = io.StringIO(), iter(range(0, 1000, 10))
    bar = Bar(out, clock=lambda: next(times))
    for report in reports:
        bar(*report)
    return out.getvalue()


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ((0, 4), "0/4 [..............................] 10 s"),
        ((1, 4), "1/4 [#######.......................] 10 s, about 30 s left"),
        ((4, 4), "4/4 [##############################] 10 s\n"),
        ((0, 0), "0/0 [##############################] 10 s\n"),
    ],
)
def test_says_how_far_and_how_long(report, text):
    assert drawn(report).split() == text.split()
    assert drawn(report).endswith("\n") == text.endswith("\n")


def test_is_drawn_anew_in_the_same_line():
    first, second = drawn((1, 4), (2, 4)).removeprefix("\r").split("\r")
    assert len(first) == len(second)


def test_reporter_is_a_bar_a_function_or_nothing(capsys):
    assert isinstance(reporter(True), Bar)
    report = print
    assert reporter(report) is report
    reporter(False)(1, 2)
    assert capsys.readouterr() == ("", "")
