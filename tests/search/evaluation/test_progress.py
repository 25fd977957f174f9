"""The progress bar."""

import io

import pytest

from symjax.search import Progress
from symjax.search.evaluation.progress import Bar, reporter


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


def state(done, total=4, failed=0, compiled=1, programs=2, seconds=10.0, left=None):
    return Progress(done, total, failed, compiled, programs, seconds, left)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (state(0, programs=0), "0/4 [..............................] planning, 10 s"),
        (state(0), "0/4 [..............................] 1/2 programs, 10 s"),
        (state(1, left=30.0), "1/4 [#######.......................] 1/2 programs, 10 s, about 30 s left"),
        (state(2, failed=1), "2/4 [###############...............] 1/2 programs, 10 s, 1 failed"),
        (state(4, left=0.0), "4/4 [##############################] 1/2 programs, 10 s\n"),
        (state(0, 0, programs=0), "0/0 [##############################] 10 s\n"),
    ],
)
def test_says_how_far_and_how_long(progress, text):
    out = Terminal()
    Bar(out)(progress)
    assert out.getvalue().split() == text.split()
    assert out.getvalue().endswith("\n") == text.endswith("\n")


def test_a_terminal_has_one_line_that_is_drawn_over():
    out, clock = Terminal(), Clock()
    bar = Bar(out, clock)
    bar(state(1))
    clock.now = 1.0
    bar(state(2))
    bar(state(3))  # too soon to be seen
    empty, first, second = out.getvalue().split("\r")
    assert (empty, len(first)) == ("", len(second))
    assert (first[:3], second[:3]) == ("1/4", "2/4")
    bar.close()  # it was interrupted: the latest state counts
    assert out.getvalue().split("\r")[-1].startswith("3/4")
    assert out.getvalue().endswith("\n")


def test_a_file_has_a_line_every_few_seconds():
    out, clock = io.StringIO(), Clock()
    bar = Bar(out, clock)
    for done in range(101):
        clock.now = done * 0.2
        bar(state(done, total=100))
    bar.close()
    assert "\r" not in out.getvalue()
    assert [line.split("/")[0] for line in out.getvalue().splitlines()] == ["0", "25", "50", "75", "100"]


def test_reporter_is_a_bar_a_function_or_nothing(capsys):
    assert isinstance(reporter(True), Bar)
    calls = []
    reporter(lambda done, total: calls.append((done, total)))(state(3))
    reporter(lambda progress: calls.append(progress))(state(3))
    assert calls == [(3, 4), state(3)]
    silent = reporter(False)
    silent(state(3))
    silent.close()
    assert capsys.readouterr() == ("", "")
    with pytest.raises(TypeError, match="progress"):
        reporter(lambda: None)
