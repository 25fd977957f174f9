"""`save_results` and `load_results`: results on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from symjax.core.errors import brief, note
from symjax.text.json_reader import LoadError
from symjax.text.storage import as_path, replace_file, writable_file

from ..spaces.dna import DNA
from ..spaces.opening import read_space, write_space
from ..spaces.space import Space
from .column_forms import Json, read_column, read_metrics, write_column, write_metrics
from .failures import Failure, is_plain, read_failure, write_failure
from .frames import plain, to_csv, to_parquet
from .keys import RootKeys
from .objective import Objective
from .plan_summary import PlanSummary
from .reports import records_of
from .results import Results

FORMAT = 1
KIND = "symjax.search.results"
_SUFFIXES = (".json", ".csv", ".parquet")
_PLAIN = (str, int, float, bool, type(None))


def save_results(results: Results, path: os.PathLike[str] | str) -> None:
    """Writes results to a file.

    A file takes the place of an older one as a whole: whatever happens meanwhile, a reader sees one of
    the two.

    Args:
        results: The results.
        path: A file, also of a cloud storage that etils knows. Its suffix says what it is: ``.json`` for all
            that `load_results` needs; ``.csv`` or ``.parquet`` (by polars, or pandas with pyarrow) for the
            columns of `Results.records` alone, which other programs read.

    Raises:
        ImportError: A ``.parquet`` file, and no library that writes one.
        OSError: The file cannot be written; an old one stays.
        TypeError: `results` are none; or the space holds what cannot be saved, such as a lambda.
        ValueError: Another suffix.

    Example:
        >>> import jax, pathlib, tempfile
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(0.0, 1.0)})
        >>> key = jax.random.key(0)
        >>> results = search.evaluate(lambda exp, key: exp['x'], space, space.sample(key, 4), key)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     search.save_results(results, pathlib.Path(folder) / 'results.json')
        ...     again = search.load_results(pathlib.Path(folder) / 'results.json')
        >>> again.best().experiment == results.best().experiment
        True
    """
    if not isinstance(results, Results):
        raise TypeError(f"save_results takes Results, got {brief(results)} of type {type(results).__name__}")
    target = writable_file(as_path(path))
    match target.suffix:
        case ".json":
            content: str | bytes = json.dumps(write_results(results), allow_nan=False, ensure_ascii=False)
        case ".csv":
            content = to_csv(records_of(results))
        case ".parquet":
            content = to_parquet(records_of(results))
        case suffix:
            raise ValueError(
                f"results are saved as {', '.join(_SUFFIXES)}, by the suffix of the path; got {suffix!r}"
            )
    replace_file(target, {}, lambda side: content)


def load_results(path: os.PathLike[str] | str, *, modules: Sequence[str] = ()) -> Results:
    """Reads the results that `save_results` wrote to a ``.json`` file.

    They are what was saved, but for two things that are code: what `Space.constrain` demanded is not in the
    space any more; an exception of a class of one's own is a `RuntimeError` that says what it said.

    Args:
        path: The file.
        modules: Names of modules of which the file may name functions; see `symjax.from_json`.

    Raises:
        FileNotFoundError: There is no such file.
        LoadError: The file is cut off, of something else or of a later version; or its space has classes
            that are not imported.
    """
    source = as_path(path)
    try:
        record = json.loads(source.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise LoadError(
            f"{source} is no JSON, or cut off: {error}; results are loaded from the .json file that "
            "save_results wrote"
        ) from None
    with _reading(str(source)):
        return read_results(record, modules)


def write_results(results: Results) -> dict[str, Json]:
    """Results as what JSON knows; `read_results` is the inverse.

    Raises:
        TypeError: The space holds what cannot be saved.
    """
    arguments = results.arguments()
    space: Space = arguments["space"]
    roots: RootKeys = arguments["key"]
    is_one = bool((roots.data == roots.data[:1]).all())
    dnas: DNA = arguments["dnas"]
    objective: Objective = arguments["objective"]
    columns = {
        name: write_column(np.asarray(arguments[name])) for name in ("ids", "pending", "programs", "seconds")
    }
    return {
        "kind": KIND,
        "format": FORMAT,
        "n": len(results),
        "space": _space_record(space),
        "values": [{name: _value(value) for name, value in space.values(dna).items()} for dna in dnas],
        "dnas": {
            "choices": write_column(np.asarray(dnas.choices)),
            "floats": write_column(np.asarray(dnas.floats)),
        },
        "key": {"impl": roots.impl, "data": write_column(roots.data[:1] if is_one else roots.data)},
        **columns,
        "metrics": write_metrics(arguments["metrics"]),
        "costs": {name: write_column(column) for name, column in arguments["costs"].items()},
        "failures": _failure_records(arguments["errors"]),
        "repeats": arguments["repeats"],
        "compiled": arguments["compiled"],
        "reused": arguments["reused"],
        "plan": arguments["plan"].to_record(),
        "objective": objective.to_record(),
    }


def read_results(record: Json, modules: Sequence[str] = ()) -> Results:
    """The inverse of `write_results`.

    Raises:
        LoadError: Of another format, or of something else.
        KeyError: A part is missing.
        TypeError: A part is of a wrong type.
        ValueError: Parts do not fit together.
    """
    if not isinstance(record, dict) or record.get("kind") != KIND:
        advice = "; sj.load reads saved trees" if isinstance(record, dict) and "tree" in record else ""
        raise LoadError(f"no saved results: expected an object of the kind {KIND!r}{advice}")
    if record.get("format") != FORMAT:
        raise LoadError(
            f"results of format {record.get('format')!r:.40} are not known; this version reads format "
            f"{FORMAT}: a later version of symjax wrote them"
        )
    n = record["n"]
    space = read_space(record["space"], modules)
    dnas = DNA(space.spec, read_column(record["dnas"]["choices"]), read_column(record["dnas"]["floats"]))
    space.spec.check(dnas.choices, dnas.floats)
    keys = read_column(record["key"]["data"])
    results = Results(
        space,
        dnas,
        read_column(record["ids"]),
        RootKeys(np.broadcast_to(keys, (n, *keys.shape[1:])), record["key"]["impl"]),
        read_metrics(record["metrics"]),
        errors=_read_failures(record["failures"]),
        pending=read_column(record["pending"]),
        programs=read_column(record["programs"]),
        seconds=read_column(record["seconds"]),
        compiled=record["compiled"],
        reused=record["reused"],
        plan=PlanSummary.of_record(record["plan"]),
        objective=Objective.of_record(record["objective"]),
        repeats=record["repeats"],
        costs={name: read_column(column) for name, column in record["costs"].items()},
    )
    if len(results) != n:
        raise ValueError(f"{n} configurations are announced, and {len(results)} are there")
    return results


def _space_record(space: Space) -> Json:
    try:
        return write_space(space)
    except TypeError as error:
        note(
            error,
            "the space of these results cannot be saved; let the function stand at the top of a module, or "
            "keep the results by pickle, or without their space in a .csv file",
        )
        raise


def _failure_records(failures: Mapping[int, Failure]) -> list[Json]:
    """What was raised, each exception once, with the configurations that raised it."""
    rows: dict[int, list[int]] = {}
    for row, failure in failures.items():
        rows.setdefault(id(failure), []).append(row)
    unique = {id(failure): failure for failure in failures.values()}
    return [{"rows": rows[key], **write_failure(failure)} for key, failure in unique.items()]


def _read_failures(records: Sequence[Json]) -> dict[int, Failure]:
    failures: dict[int, Failure] = {}
    for record in records:
        failures.update(dict.fromkeys(record["rows"], read_failure(record)))
    return failures


def _value(value: Any) -> Json:
    """What was decided, for readers of the file; JSON has no infinite numbers."""
    cell = plain(value)
    return cell if is_plain(cell) else str(cell)


@contextmanager
def _reading(source: str) -> Iterator[None]:
    """Within it, what does not fit together is a bad file."""
    try:
        yield
    except LoadError as error:
        note(error, f"while reading the results in {source}")
        raise
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise LoadError(
            f"{source} is no file of results, or was changed: {type(error).__name__}: {error}"
        ) from error
