"""Results as a study of Optuna, which its dashboard, its plots and its samplers read."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from symjax.core.errors import note, summary

from ...spaces.suggesting import suggestions
from ...spaces.values import candidate_names
from ..frames import unique_names
from ..measurements import OK, PENDING, Measurements
from ..objective import Mode, Modes
from ..ranking import Scores
from ..reports import metric_columns

Optuna: TypeAlias = Any  # the module, or a class of its
Storage: TypeAlias = Any
"""A URL, a path, one of Optuna's storages, or None for a study in memory."""
Courses: TypeAlias = Mapping[int, Sequence[tuple[int, float]]]
"""By trial id pairs of a step, and what was measured after it."""
_JOURNALS = (".log", ".journal", ".jsonl")
_ID = slice(68, 72)  # where SQLite files say whose they are (sqlite.org/fileformat.html, section 1.3)


class Times(NamedTuple):
    """When trials ran, in seconds since 1970, float64[n] each; NaN where that is not known."""

    start: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]


def to_optuna(
    measured: Measurements,
    storage: Storage = None,
    name: str | None = None,
    metric: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    times: Times | None = None,
    courses: Courses | None = None,
    stopped: Collection[int] | None = None,
) -> Any:
    """The trials as an `optuna.Study`; see `Results.to_optuna`.

    Args:
        measured: n trials.
        storage: Where the study is kept.
        name: What it is called there.
        metric: What counts; see `Results.rank`.
        mode: Its direction.
        times: When the trials ran; by default they ended now.
        courses: What trials measured of the first objective on their way.
        stopped: The ids of those that were stopped early; by default those whose courses end before the last
            step of all.
    """
    optuna = _imported()
    scores = measured.scores(metric, mode)
    goals = scores.goals or _stated(measured)
    courses = courses or {}
    if stopped is None:
        stopped = _short(courses)
    trials = list(_Trials(optuna, measured, scores, times or _times(measured), courses, stopped))
    # No file is touched before: what is wrong with the trials leaves none behind.
    directions = ["maximize" if each == "max" else "minimize" for _, each in goals]
    try:
        study = optuna.create_study(storage=_storage(optuna, storage), study_name=name, directions=directions)
    except optuna.exceptions.DuplicatedStudyError as error:
        note(error, "an export makes a study of its own: say another name=, or delete that one by Optuna")
        raise
    # Unwrapped: a public method, which warns that it is experimental since three major versions.
    inspect.unwrap(type(study).set_metric_names)(study, [name or "value" for name, _ in goals])
    study.add_trials(trials)
    return study


def _imported() -> Optuna:
    try:
        import optuna  # slow to import, and optional
    except ImportError as error:
        raise ImportError(
            "to_optuna needs Optuna, which is not installed: pip install optuna; results.to_frame() and "
            "search.save_results need no Optuna"
        ) from error
    return optuna


def _stated(measured: Measurements) -> tuple[tuple[str, Mode], ...]:
    """The objectives where nothing was measured."""
    stated = measured.objective
    return tuple(zip(stated.metrics, stated.modes, strict=False)) or (("", "max"),)


def _times(measured: Measurements) -> Times:
    now = np.full(len(measured), time.time())
    return Times(now - np.nan_to_num(measured.seconds), now)


def _short(courses: Courses) -> set[int]:
    """The ids of those whose courses end before the last step of all."""
    ends = {number: course[-1][0] for number, course in courses.items() if course}
    last = max(ends.values(), default=0)
    return {number for number, end in ends.items() if end < last}


class _Trials:
    """The trials as Optuna has them, in their order.

    Args:
        optuna: The module.
        measured: The trials.
        scores: What counts.
        times: When they ran.
        courses: What they measured on their way.
        stopped: The ids of those that were stopped early.
    """

    def __init__(
        self,
        optuna: Optuna,
        measured: Measurements,
        scores: Scores,
        times: Times,
        courses: Courses,
        stopped: Collection[int],
    ) -> None:
        self._optuna = optuna
        self._measured = measured
        self._names = tuple(map(candidate_names, measured.space.choices, measured.space.branches))
        self._outcome = scores.outcome
        self._violation = scores.violation
        self._values = [measured.numbers(name) for name, _ in scores.goals]
        self._attributes = _attributes(measured)
        self._times = times
        self._courses = courses
        self._stopped = stopped

    def __iter__(self) -> Iterator[Any]:
        return (self._trial(row) for row in range(len(self._measured)))

    def _trial(self, row: int) -> Any:
        trial = self._optuna.trial
        states = {OK: trial.TrialState.COMPLETE, PENDING: trial.TrialState.WAITING}
        state = states.get(int(self._outcome[row]), trial.TrialState.FAIL)
        number = int(self._measured.ids[row])
        if state.name == "COMPLETE" and number in self._stopped:
            state = trial.TrialState.PRUNED  # after fewer steps it is not to be compared with the others
        space = self._measured.space
        answers = suggestions(space.spec, space.choices, self._names, self._measured.dnas[row])
        laws = self._optuna.distributions
        attributes = ((name, column[row]) for name, column in self._attributes.items())
        frozen = trial.create_trial(
            state=state,
            values=[float(column[row]) for column in self._values] if state.name == "COMPLETE" else None,
            intermediate_values=dict(self._courses.get(number, ())),
            params={parameter.name: value for parameter, value in answers},
            distributions={parameter.name: parameter.distribution(laws) for parameter, _ in answers},
            user_attrs={name: value for name, value in attributes if value is not None},
            system_attrs=self._excess(row) if state.name == "COMPLETE" else None,
        )
        start, end = (float(column[row]) for column in self._times)
        if state.is_finished() and np.isfinite(end):
            frozen.datetime_start = datetime.fromtimestamp(start if np.isfinite(start) else end)
            frozen.datetime_complete = datetime.fromtimestamp(end)
        return frozen

    def _excess(self, row: int) -> dict[str, list[float]] | None:
        """By how much a trial is out of bounds, in the older of two forms: all versions of Optuna read it."""
        if not self._measured.objective.bounds:
            return None
        return {"constraints": [float(min(self._violation[row], np.finfo(np.float64).max))]}


def _attributes(measured: Measurements) -> dict[str, list[Any]]:
    """What else is known of trials, as user attributes: metrics, decisions, the error. None is nothing."""
    own: dict[str, list[Any]] = {
        "id": measured.ids.tolist(),
        "dna": [str(dna) for dna in measured.dnas],
        "decided": [str(measured.space.values(dna)) for dna in measured.dnas],
        "seconds": [None if np.isnan(seconds) else seconds for seconds in measured.seconds.tolist()],
        "error": [None] * len(measured),
        "traceback": [None] * len(measured),
    }
    tracebacks = measured.tracebacks
    for row, error in measured.errors.items():
        own["error"][row] = summary(error)
        own["traceback"][row] = tracebacks[row]
    metrics = metric_columns(measured)
    titles = unique_names(own, metrics, "metric")
    return {**own, **{titles[name]: list(map(_plain, column)) for name, column in metrics.items()}}


def _plain(cell: Any) -> Any:
    """What JSON knows: a text for what is no finite number."""
    if isinstance(cell, list):
        return list(map(_plain, cell))
    return (
        str(cell)
        if isinstance(cell, complex) or (isinstance(cell, float) and not np.isfinite(cell))
        else cell
    )


def _storage(optuna: Optuna, storage: Storage) -> Any:
    """What Optuna takes for a storage; a path says by its suffix whether it is a journal or an SQLite file.

    Raises:
        ValueError: The file belongs to another program, such as a study of symjax itself.
    """
    if isinstance(storage, str) and storage.startswith("sqlite:///"):
        _refuse_foreign(Path(storage.removeprefix("sqlite:///").partition("?")[0]))
    is_path = isinstance(storage, os.PathLike) or (isinstance(storage, str) and "://" not in storage)
    if not is_path:
        return storage
    path = Path(storage)
    if path.suffix in _JOURNALS:
        journals = optuna.storages.journal
        return optuna.storages.JournalStorage(journals.JournalFileBackend(str(path)))
    _refuse_foreign(path)
    return f"sqlite:///{path}"


def _refuse_foreign(path: Path) -> None:
    """Optuna would put its tables into whatever SQLite file it is handed."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            head = file.read(100)
        if not head.startswith(b"SQLite format 3\0") or any(head[_ID]):
            raise ValueError(
                f"{path} is another program's file, and no storage of Optuna's: export to a file of its own"
            )
