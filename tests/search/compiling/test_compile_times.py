"""How long compiling took, and will take."""

import pytest

from symjax.search.compiling.compile_times import Candidate, CompileTime, Record, estimate

A, B = CompileTime(4.0, 100, "cpu"), CompileTime(2.0, 200, "cpu")


def test_a_record_gives_back_what_was_added(tmp_path):
    record = Record(tmp_path / "folder" / "times.jsonl")
    assert record.read() == {}
    record.add("a", A)
    record.add("b", CompileTime(1.0, 1, "tpu"))
    record.add("b", B)
    assert record.read() == {"a": A, "b": B}


def test_a_record_that_was_cut_off_gives_the_rest(tmp_path):
    path = tmp_path / "times.jsonl"
    Record(path).add("a", A)
    path.write_text(path.read_text() + 'not json\n[1]\n{"digest": "c"}\n{"digest": "b", "sec')
    assert Record(path).read() == {"a": A}


def test_a_long_record_forgets_its_older_half(tmp_path):
    record = Record(tmp_path / "times.jsonl")
    record.add("old", A)
    path = tmp_path / "times.jsonl"
    path.write_text(path.read_text() + "#" * (1 << 20) + "\n\n\n")
    record.add("new", B)
    assert record.read() == {"new": B}
    assert path.stat().st_size < 1000


def test_what_cannot_be_written_is_not(tmp_path):
    (tmp_path / "file").touch()
    record = Record(tmp_path / "file" / "times.jsonl")
    record.add("a", A)
    assert record.read() == {}


@pytest.mark.parametrize(
    ("programs", "on_disk", "expected"),
    [
        ([], True, (0, 0)),
        ([Candidate("new", 50, "cpu", False)], True, (1.0, 0)),
        ([Candidate(None, 50, "cpu", False)], True, (1.0, 0)),
        ([Candidate("new", 50, "cpu", True)], True, (0, 1)),
        ([Candidate("a", 100, "cpu", False)] * 2, True, (0, 2)),
        ([Candidate("a", 100, "cpu", False)], False, (4.0, 0)),
        ([Candidate("a", 100, "cpu", False), Candidate("new", 100, "cpu", False)], True, (2.0, 1)),
        ([Candidate("a", 100, "cpu", False), Candidate("new", 100, "gpu", False)], True, (None, 1)),
    ],
)
def test_estimates_by_what_is_known(programs, on_disk, expected):
    assert estimate(programs, {"a": A, "b": B}, on_disk) == expected


def test_without_a_record_nothing_is_estimated():
    assert estimate([Candidate("new", 50, "cpu", False)], {}, True).seconds is None
