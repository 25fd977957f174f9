"""Arrays as bytes with a layout."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from symjax.search.studies.storage.packing import Field, pack_rows, unpack_rows

COLUMNS = [
    np.array([1.5, np.nan, -np.inf], np.float32),
    np.array([[1, 2], [3, 4], [5, 6]], np.int8),
    np.array([True, False, True]),
    np.array([0.1, 0.2, 0.3], ml_dtypes.bfloat16),
    np.array([1 + 2j, 0, np.nan], np.complex64),
    np.zeros((3, 0), np.float64),
    np.arange(12, dtype=np.uint32).reshape(3, 2, 2),
]


def test_rows_come_back_to_the_last_bit():
    fields = [Field.of_record(Field(c.dtype.name, c.shape[1:]).to_record()) for c in COLUMNS]
    rows = pack_rows(COLUMNS, 3)
    again = unpack_rows(fields, [rows[2], rows[0]])
    for column, other in zip(COLUMNS, again, strict=True):
        assert other.dtype == column.dtype
        assert other.tobytes() == column[[2, 0]].tobytes()


def test_a_masked_array_and_one_that_is_not_contiguous():
    masked = np.ma.MaskedArray([1, 2], [False, True])
    turned = np.arange(6, dtype=np.int16).reshape(3, 2).T
    numbers, rows = unpack_rows([Field("int64", ()), Field("int16", (3,))], pack_rows([masked, turned], 2))
    assert numbers.tolist() == [1, 2]
    np.testing.assert_array_equal(rows, turned)


def test_nothing_takes_no_bytes():
    assert pack_rows([], 2) == [b"", b""]
    assert unpack_rows([], [b"", b""]) == []


def test_bytes_of_another_length_are_refused():
    with pytest.raises(ValueError, match="rows of 4 bytes"):
        unpack_rows([Field("float32", ())], [b"123"])


def test_a_field_says_what_fills_it():
    assert Field.of(np.asarray(jnp.zeros((2, 3), jnp.bfloat16))) == Field("bfloat16", (2, 3))
    assert Field("bfloat16", (2, 3)).size == 12
