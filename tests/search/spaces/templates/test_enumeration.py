"""All points in order, and grids; that they are complete in every space stands in `test_exactness.py`."""

import pytest

from symjax import search


def test_the_last_decision_turns_fastest_and_what_does_not_matter_is_skipped():
    space = search.space(
        {
            "a": search.oneof([search.oneof([1, 2]), 3]),
            "b": search.intv(4, 5),
        }
    )
    assert [tuple(space.decode(dna).values()) for dna in space.enumerate()] == [
        (1, 4),
        (1, 5),
        (2, 4),
        (2, 5),
        (3, 4),
        (3, 5),
    ]


def test_inner_decisions_turn_faster_than_the_outer_ones():
    space = search.space(search.manyof(2, ["a", ["b", search.oneof([1, 2])]]))
    assert [space.decode(dna) for dna in space.enumerate()] == [
        ["a", ("b", 1)],
        ["a", ("b", 2)],
        [("b", 1), "a"],
        [("b", 2), "a"],
    ]


def test_enumeration_is_lazy():
    space = search.space([search.intv(0, 10**6)] * 5)
    assert space.size == (10**6 + 1) ** 5
    assert [dna.numbers() for dna, _ in zip(space.enumerate(), range(2), strict=False)] == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
    ]


FLOATS = search.space(
    {
        "a": search.floatv(1.0, 3.0),
        "b": search.oneof([0, search.floatv(1e-2, 1.0, "log", name="rate")]),
    }
)


def test_floats_have_no_end():
    assert FLOATS.size == float("inf")
    with pytest.raises(ValueError, match=r"infinite: a is a float; space.grid\(steps\)"):
        FLOATS.enumerate()


def test_a_grid_takes_some_values_of_a_float():
    rows = [FLOATS.values(dna) for dna in FLOATS.grid(3)]
    assert len(rows) == 3 * (1 + 3)
    assert [row["a"] for row in rows] == [1.0] * 4 + [2.0] * 4 + [3.0] * 4
    assert [row.get("rate") for row in rows[:4]] == [None, 0.01, 0.1, 1.0]
    assert [FLOATS.values(dna)["a"] for dna in FLOATS.grid({"a": 1, "rate": 1})] == [2.0, 2.0]


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        (0, ValueError, "at least one step"),
        (2.5, TypeError, "steps is a whole number"),
        ({"a": 2.5, "rate": 1}, TypeError, "steps is a whole number"),
        ({"a": 2}, ValueError, "a number of steps for rate"),
        ({"a": 2, "rat": 1}, KeyError, "no decision 'rat'; did you mean 'rate'"),
        ({"a": 2, "b": 1, "rate": 1}, KeyError, "no decision 'b'"),
    ],
)
def test_a_bad_grid_is_refused(steps, error, message):
    with pytest.raises(error, match=message):
        FLOATS.grid(steps)
