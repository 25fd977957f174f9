"""The metrics of a batch: what is missing, and what repeats say."""

import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.results import columns

ABSENT = np.array([False, True, False])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.bool_])
def test_whole_numbers_without_a_result_are_masked(dtype):
    column = columns.without(np.array([1, 0, 1], dtype), ABSENT)
    assert column.tolist() == [1, None, 1]
    assert (column.dtype, column.sum()) == (dtype, 2)
    assert columns.without(np.array([1, 0, 1], dtype), ABSENT & False).__class__ is np.ndarray


@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, np.complex64])
def test_floats_without_a_result_are_nan(dtype):
    column = columns.without(np.ones((3, 2), dtype), ABSENT)
    assert np.isnan(column).tolist() == [[False] * 2, [True] * 2, [False] * 2]
    assert columns.nan_rows(column).tolist() == ABSENT.tolist()
    assert column.dtype == dtype


def test_ragged_metrics_without_a_result_are_none():
    rows = np.array([0, 2])
    column = columns.stack([(rows[:1], np.ones((1, 2))), (rows[1:], np.full((1, 3), np.nan))], 3)
    column = columns.without(column, ABSENT)
    assert [None if row is None else row.shape for row in column] == [(2,), None, (3,)]
    assert columns.nan_rows(column).tolist() == [False, False, True]


def test_a_column_is_a_read_only_copy():
    original = np.array([1.0, 2.0, 3.0])
    column = columns.without(original, ABSENT)
    assert original[1] == 2
    for each in (column, columns.without(original, ABSENT & False), columns.without(np.arange(3), ABSENT)):
        with pytest.raises(ValueError, match="read-only"):
            each[0] = 0


def test_metrics_go_by_the_keys_of_their_dicts():
    metrics = {"eval/loss": 0, "top@1": 1, "a.b": 2, "a": {"c": 3}, "curves": [4]}
    assert set(columns.by_name(metrics)) == {"eval/loss", "top@1", "a.b", "a.c", "curves[0]"}
    assert columns.by_name({"a.b": 1, "a": {"b": 2}}) == {"['a.b']": 1, "a.b": 2}
    assert columns.by_name(np.zeros(1)).keys() == {""}


def test_repeats_have_a_mean_and_a_deviation():
    samples = np.array([[1, 3], [2, 2], [0, 5]], np.float32)
    assert columns.mean(samples).tolist() == [2, 2, 2.5]
    assert columns.deviation(samples) == pytest.approx(samples.std(axis=1, ddof=1))
    assert columns.mean(samples).dtype == columns.deviation(samples).dtype == np.float32
    counts = columns.without(samples.astype(int), ABSENT)
    assert columns.mean(counts).tolist() == pytest.approx([2, np.nan, 2.5], nan_ok=True)
    curves = columns.mean(np.ones((3, 2, 7), jnp.bfloat16))
    assert (curves.shape, curves.dtype) == ((3, 7), jnp.bfloat16)


def test_repeats_of_ragged_metrics():
    samples = columns.stack(
        [(np.array([0]), np.array([[[1.0, 2.0], [3.0, 4.0]]])), (np.array([2]), np.array([[[1.0], [2.0]]]))],
        3,
    )
    means = columns.mean(columns.without(samples, ABSENT))
    assert [None if row is None else row.tolist() for row in means] == [[2, 3], None, [1.5]]


def test_names_are_paths():
    assert list(columns.by_name({"a": np.ones(1), "b": {"c": np.ones(1)}})) == ["a", "b.c"]
    assert list(columns.by_name((np.ones(1), [np.ones(1)]))) == ["[0]", "[1][0]"]
    assert list(columns.by_name(np.ones(1))) == [""]


def test_numbers_of_several_types_are_joined():
    rows = np.array([0]), np.array([1])

    def joined(*dtypes):
        parts = [(row, np.ones(1, dtype)) for row, dtype in zip(rows, dtypes, strict=True)]
        return columns.stack(parts, 2).dtype

    assert joined(np.float64, np.float64) == np.float64  # also where JAX has no 64 bits
    assert joined(np.float64, np.float32) == np.float64
    assert joined(np.int32, np.float32) == np.float32
    assert joined(jnp.bfloat16, np.float32) == np.float32


def test_floats_are_told_as_people_write_them():
    assert columns.shortest(np.array([[0.1], [np.inf]], np.float32)).tolist() == [[0.1], [np.inf]]
    assert columns.shortest(np.array([0.1, 1 / 3])).tolist() == [0.1, 1 / 3]
