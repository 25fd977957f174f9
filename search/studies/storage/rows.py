"""Trials as rows of a study's file, and back as `Results`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...results.columns import Array, shortest
from ...results.failures import Failure, read_failure, write_failure
from ...results.keys import RootKeys
from ...results.objective import Objective
from ...results.plan_summary import PlanSummary
from ...results.results import Results
from ...searching.measurement import Measurement
from ...spaces.space import Space
from .contents import Content, names_of, read_contents, write_contents
from .database import Database
from .decision_texts import DecisionTexts, digests, json_value, read_genes, write_genes
from .errors import StudyError

_TRIALS = (
    "id, state, worker, started, finished, seconds, digest, error, genes, decisions, metrics, metadata, "
    "layout, content"
)
_INSERT = f"INSERT OR IGNORE INTO trials ({_TRIALS}) VALUES (?{', ?' * 13})"


@dataclass(frozen=True)
class Run:
    """Who ran trials, and when.

    Attributes:
        worker: The number of the worker.
        started: Seconds since 1970.
        finished: Likewise.
    """

    worker: int
    started: float
    finished: float


@dataclass(frozen=True)
class Notes:
    """What else is to be said of a single trial.

    Attributes:
        measurements: What was measured on its way.
        metadata: What was noted of it.
    """

    measurements: tuple[Measurement, ...]
    metadata: Mapping[str, Any]


def write_trials(
    database: Database, texts: DecisionTexts, results: Results, run: Run, notes: Notes | None = None
) -> None:
    """Writes what is finished, within a transaction; a trial that is there already stays.

    Args:
        database: The study's file.
        texts: Writes decisions.
        results: What came of trials; those that are pending are left out.
        run: Who ran them.
        notes: What else is to be said, of a single trial.

    Raises:
        StudyError: The metrics are others than those of the trials before.
    """
    places = np.flatnonzero(~results.pending)
    if not len(places):
        return
    done = results if len(places) == len(results) else results[places]
    failures = done.arguments()["errors"]
    empty = np.zeros(len(done), bool)
    empty[list(failures)] = True
    raw = done.arguments()["metrics"]
    contents = write_contents(raw, done.costs, empty if raw is not None else np.ones(len(done), bool))
    layouts = _numbers(database, contents)
    errors = {id(failure): _error(database, failure) for failure in failures.values()}
    n = len(done)
    database.insert(
        _INSERT,
        zip(
            done.ids.tolist(),
            done.states.tolist(),
            [run.worker] * n,
            [run.started] * n,
            [run.finished] * n,
            [None if np.isnan(each) else each for each in done.seconds.tolist()],
            digests(done.dnas),
            [errors[id(failures[row])] if row in failures else None for row in range(n)],
            write_genes(done.dnas),
            texts.of(done.dnas),
            _metric_texts(done, empty),
            [json.dumps(json_value(notes.metadata)) if notes is not None else None] * n,
            [layouts[text] for text, _ in contents],
            [content for _, content in contents],
            strict=True,
        ),
    )
    if notes is not None:
        rows = [
            (int(done.ids[0]), each.step, each.seconds, json.dumps(json_value(each.metrics)))
            for each in notes.measurements
        ]
        database.insert("INSERT OR IGNORE INTO measurements VALUES (?, ?, ?, ?)", rows)


def read_measurements(database: Database, trial: int) -> tuple[Measurement, ...]:
    """What a trial measured on its way."""
    rows = database.execute(
        "SELECT step, metrics, seconds FROM measurements WHERE trial = ? ORDER BY step", (trial,)
    )
    return tuple(map(_measurement, rows))


def read_courses(database: Database) -> dict[int, tuple[Measurement, ...]]:
    """What trials measured on their way, by their ids; nothing of those that measured nothing."""
    courses: dict[int, list[Measurement]] = {}
    for trial, *row in database.execute(
        "SELECT trial, step, metrics, seconds FROM measurements ORDER BY trial, step"
    ):
        courses.setdefault(trial, []).append(_measurement(row))
    return {trial: tuple(course) for trial, course in courses.items()}


def _measurement(row: Sequence[Any]) -> Measurement:
    step, text, seconds = row
    return Measurement(step, {name: float(number) for name, number in json.loads(text).items()}, seconds)


def write_metadata(database: Database, trial: int, metadata: Mapping[str, Any]) -> None:
    """Replaces what was noted of a trial."""
    text = json.dumps(json_value(metadata))
    with database.writing():
        database.execute("UPDATE trials SET metadata = ? WHERE id = ?", (text, trial))


@dataclass(frozen=True)
class Reader:
    """Reads trials.

    Attributes:
        database: The study's file.
        space: The space.
        roots: The root key of the trials: data and generator.
        objective: What counts.
        repeats: How many seeds each ran with.
        function: What was evaluated.
    """

    database: Database
    space: Space
    roots: RootKeys
    objective: Objective
    repeats: int
    function: str

    def all(self) -> Results:
        """The results of all trials that are finished, by their ids."""
        with self.database.reading():
            rows = self.database.execute(f"{_SELECT} ORDER BY id")
            return self._results(rows)

    def some(self, first: int, last: int) -> Results:
        """Those with ids from `first` to `last`, both included."""
        with self.database.reading():
            rows = self.database.execute(f"{_SELECT} WHERE id BETWEEN ? AND ? ORDER BY id", (first, last))
            return self._results(rows)

    def _results(self, rows: Sequence[Any]) -> Results:
        ids, seconds, error_numbers, genes, layouts, contents = zip(*rows, strict=True) if rows else [()] * 6
        try:
            metrics, costs = read_contents(layouts, contents, self._layouts(set(layouts)))
            dnas = read_genes(self.space.spec, list(genes))
        except (ValueError, KeyError, TypeError) as error:
            raise StudyError(f"{self.database.path} is damaged: {error}; go on with a backup") from error
        n = len(rows)
        return Results(
            self.space,
            dnas,
            np.array(ids, np.uint32),
            RootKeys(np.broadcast_to(self.roots.data, (n, *self.roots.data.shape[1:])), self.roots.impl),
            metrics,
            errors=self._failures(error_numbers),
            seconds=np.array(seconds, np.float64),
            plan=PlanSummary(function=self.function),
            objective=self.objective,
            repeats=self.repeats,
            costs=costs,
        )

    def _layouts(self, numbers: set[int]) -> dict[int, str]:
        rows = self.database.execute("SELECT id, text FROM layouts")
        return {number: text for number, text in rows if number in numbers}

    def _failures(self, numbers: Sequence[int | None]) -> dict[int, Failure]:
        if not any(number is not None for number in numbers):
            return {}
        records = dict(self.database.execute("SELECT id, record FROM errors"))
        failures = {number: read_failure(json.loads(text)) for number, text in records.items()}
        return {row: failures[number] for row, number in enumerate(numbers) if number is not None}


_SELECT = "SELECT id, seconds, error, genes, layout, content FROM trials"


def _numbers(database: Database, contents: Sequence[Content]) -> dict[str, int]:
    """The numbers of layouts; new ones are entered, if they have the metrics that trials had so far."""
    known: dict[str, int] = {
        text: number for number, text in database.execute("SELECT id, text FROM layouts")
    }
    for text in dict.fromkeys(text for text, _ in contents):
        if text in known:
            continue
        names = names_of(text)
        for other in known:
            earlier = names_of(other)
            if None not in (names, earlier) and names != earlier:
                raise StudyError(
                    f"the function returned the metrics {_listed(names)}, and {_listed(earlier)} in the "
                    f"trials that are in {database.path}: let it return these again, or begin another study"
                )
        database.execute("INSERT INTO layouts (text) VALUES (?)", (text,))
        known[text] = int(database.execute("SELECT last_insert_rowid()")[0][0])
    return known


def _listed(names: Sequence[str] | None) -> str:
    return ", ".join(name or "(a number)" for name in names or ()) or "none"


def _error(database: Database, failure: Failure) -> int:
    """The number of an exception."""
    record = write_failure(failure)
    text = json.dumps(record)
    database.execute(
        "INSERT OR IGNORE INTO errors (type, message, traceback, record) VALUES (?, ?, ?, ?)",
        (record["type"], record["text"], record["traceback"], text),
    )
    return int(database.execute("SELECT id FROM errors WHERE record = ?", (text,))[0][0])


def _metric_texts(results: Results, empty: npt.NDArray[np.bool_]) -> list[str | None]:
    """The metrics that are single numbers, for readers of the file."""
    columns = []
    for name, column in results.columns.items():
        if column.ndim == 1 and column.dtype.kind in "biuf":
            quoted = json.dumps(name)
            columns.append([f"{quoted}: {text}" for text in _number_texts(column)])
    if not columns:
        return [None] * len(results)
    rows = zip(*columns, strict=True)
    return [
        None if nothing else f"{{{', '.join(row)}}}"
        for nothing, row in zip(empty.tolist(), rows, strict=True)
    ]


def _number_texts(column: Array) -> list[str]:
    plain = np.ma.getdata(column)
    if plain.dtype.kind == "f":
        return [repr(x) if math.isfinite(x) else f'"{x}"' for x in shortest(plain).tolist()]
    return [json.dumps(number) for number in plain.tolist()]
