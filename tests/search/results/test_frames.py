"""Rows and data frames."""

import csv
import importlib.util
import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import linen as nn
from symjax.search.results import frames

TABLE = {
    "id": [0, 1],
    "act": ["relu", None],
    "n": [3, None],
    "loss": [0.5, float("nan")],
    "curve": [[1.0, 2.0], None],
    "ok": [True, None],
}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, 3),
        (True, True),
        (None, None),
        ("relu", "relu"),
        (np.float32(0.5), 0.5),
        (np.array(7), 7),
        (jax.nn.gelu, "gelu"),
        (nn.Dense(3), "Dense(features=3)"),
        ((1, "a"), "(1, 'a')"),
        (list(range(40)), str(list(range(40)))),
    ],
)
def test_values_are_plain(value, text):
    assert frames.plain(value) == text
    assert type(frames.plain(value)) is type(text)


def test_cells_are_plain():
    absent = np.array([False, True])
    assert frames.cells(np.array([0.1, 2], np.float32), absent) == [0.1, None]
    assert frames.cells(np.array([[0.1, 2]] * 2, jnp.bfloat16), absent) == [[0.10009765625, 2.0], None]
    assert frames.cells(np.array([1, 2], jnp.int4), absent) == [1, None]
    assert frames.cells(np.array([True, False]), absent) == [True, None]
    assert frames.cells(np.array([np.ones(1), None], object), absent) == [[1.0], None]


def test_csv_is_read_again():
    rows = list(csv.DictReader(io.StringIO(frames.to_csv({**TABLE, 'odd, "name"': ["a,\nb", 'c"']}))))
    assert rows[0] == {
        "id": "0",
        "act": "relu",
        "n": "3",
        "loss": "0.5",
        "curve": "[1.0, 2.0]",
        "ok": "True",
        'odd, "name"': "a,\nb",
    }
    assert (rows[1]["act"], rows[1]["loss"], rows[1]['odd, "name"']) == ("", "nan", 'c"')


def test_a_frame_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = frames.to_frame(TABLE, "pandas")
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(TABLE)
    assert (str(frame["id"].dtype), str(frame["n"].dtype), str(frame["ok"].dtype)) == (
        "int64",
        "Int64",
        "boolean",
    )
    assert (frame["n"][0], frame["loss"][0], frame["curve"][0]) == (3, 0.5, [1.0, 2.0])
    assert frame["n"].isna().tolist() == [False, True]


def test_a_frame_of_polars():
    polars = pytest.importorskip("polars")
    frame = frames.to_frame(TABLE, "polars")
    assert isinstance(frame, polars.DataFrame)
    assert frame["n"].to_list() == [3, None]
    assert frame["curve"].to_list() == [[1.0, 2.0], None]
    assert polars.read_parquet(io.BytesIO(frames.to_parquet(TABLE)))["act"].to_list() == ["relu", None]


def without(*names):
    """As if these libraries were not installed."""
    real = importlib.util.find_spec
    return lambda name: None if name in names else real(name)


def test_without_a_library_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", without("pandas", "polars", "pyarrow"))
    with pytest.raises(ImportError, match=r"pandas or polars: pip install pandas; results.records\(\)"):
        frames.to_frame(TABLE)
    with pytest.raises(ImportError, match="needs polars: pip install polars"):
        frames.to_frame(TABLE, "polars")
    with pytest.raises(ImportError, match="Parquet file needs polars, or pandas with pyarrow"):
        frames.to_parquet(TABLE)
    with pytest.raises(ValueError, match="'pandas' or 'polars', got 'spark'"):
        frames.to_frame(TABLE, "spark")


def test_rows():
    assert frames.rows_of(TABLE)[1]["id"] == 1
    assert frames.rows_of({"a": []}) == []


def test_names_that_are_taken_get_a_prefix():
    names = frames.unique_names(["id"], ["id", "metric.id", ""], "metric")
    assert names == {"id": "metric.id", "metric.id": "metric.metric.id", "": "metric"}
