"""`StoredTrials`: what stands in the file of a study, for those who look at it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from symjax.text.json_reader import LoadError

from ..algorithms.algorithm import Algorithm
from ..results.exports.optuna import Courses
from ..results.keys import RootKeys
from ..results.objective import Objective
from ..results.results import Results
from ..results.trial import Trial
from ..searching.measurement import Measurement
from ..searching.rounds import Keys
from ..searching.sampled import courses_of
from ..spaces.space import Space
from .description import Description, read_key
from .storage.database import Database
from .storage.errors import StudyError
from .storage.rows import Reader, read_courses, read_measurements
from .views import Views
from .workers import is_alive

AnyPath = os.PathLike[str] | str


class StoredTrials(Views):
    """What stands in the file of a study, and what can be asked of it without searching on.

    Args:
        path: The file.
        space: The space, if it was given.
        algorithm: What proposes, likewise.
        modules: Names of modules of which the file may name functions.

    Attributes:
        path: The file.
        name: What people call the study.

    Raises:
        StudyError: It is no study's, or cannot be read.
    """

    def __init__(
        self, path: Path, space: Space | None, algorithm: Algorithm | None, modules: tuple[str, ...]
    ) -> None:
        self.path = path
        self._space = space
        self._algorithm = algorithm
        self._modules = modules
        self._results: tuple[Any, Results] | None = None
        self._database = Database(path)
        try:
            self._description = Description.read(self._database)
        except BaseException:
            self._database.close()
            raise
        self.name = self._description.name

    # What it is about.

    @property
    def space(self) -> Space:
        """The space. What `Space.constrain` demands is in it if it was given.

        Raises:
            StudyError: It has classes or functions that are not imported, and was not given.
        """
        if self._space is None:
            try:
                self._space = self._description.read_space(self._modules)
            except LoadError as error:
                raise StudyError(
                    f"the space of {self.path} cannot be made again: {error}. Or give the space: "
                    "search.Study(path, space). Without it there is study.records(), a list of dicts"
                ) from error
        return self._space

    @property
    def algorithm(self) -> Algorithm:
        """What proposes.

        Raises:
            StudyError: Its class is not imported, and it was not given.
        """
        if self._algorithm is None:
            try:
                self._algorithm = self._description.read_algorithm(self._modules)
            except LoadError as error:
                raise StudyError(
                    f"the algorithm of {self.path} cannot be made again: {error}; give it"
                ) from error
        return self._algorithm

    @property
    def objective(self) -> Objective:
        """What counts."""
        return self._description.read_objective()

    # Reading.

    @property
    def results(self) -> Results:
        """The results of all trials that are finished, by their ids."""
        moment = self._database.moment
        if self._results is None or self._results[0] != moment:
            self._results = moment, self._reader().all()
        return self._results[1]

    @property
    def times(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """When the trials of `results` began and ended, in seconds since 1970; float64[n] each."""
        rows = self._database.execute("SELECT started, finished FROM trials ORDER BY id")
        began, ended = np.array(rows, np.float64).reshape(-1, 2).T
        return began, ended

    @property
    def courses(self) -> Courses:
        """What trials measured of the only objective on their way, by id: pairs of a step and a number."""
        return courses_of(self.results, read_courses(self._database))

    def __len__(self) -> int:
        """How many trials are finished."""
        return sum(number for state, number in self.counts.items() if state != "reserved")

    @property
    def counts(self) -> dict[str, int]:
        """How many trials are ``'ok'``, ``'nan'``, ``'failed'``, and ``'reserved'`` and not finished."""
        with self._database.reading():
            states = dict(self._database.execute("SELECT state, count(*) FROM trials GROUP BY state"))
            ((reserved,),) = self._database.execute(
                "SELECT coalesce(sum(size), 0) - (SELECT count(*) FROM trials, batches WHERE told IS NULL "
                "AND trials.id >= first AND trials.id < first + size) FROM batches WHERE told IS NULL"
            )
        return {state: states.get(state, 0) for state in ("ok", "nan", "failed")} | {"reserved": reserved}

    @property
    def workers(self) -> int:
        """How many processes, or threads, are running the study now."""
        running = self._database.execute("SELECT id FROM workers WHERE ended IS NULL")
        return sum(is_alive(self.path, worker) for (worker,) in running)

    def trial(self, number: int) -> Trial:
        """The trial with an id.

        Raises:
            KeyError: It is not finished, or there is none.
        """
        results = self._reader().some(number, number)
        if not len(results):
            raise KeyError(f"no trial with the id {number} is finished in {self.path}")
        return results[0]

    def records(self) -> list[dict[str, Any]]:
        """A flat dict for each trial, for which nothing needs to be imported.

        It has the id, the state, each decision and each metric by its name, the digest of the experiment, the
        seconds, the error, and what was noted. `Results.records` has more.
        """
        rows = self._database.execute(
            "SELECT trials.id, state, decisions, metrics, metadata, digest, seconds, errors.type || ': ' || "
            "message FROM trials LEFT JOIN errors ON errors.id = trials.error ORDER BY trials.id"
        )
        return [
            {
                "id": number,
                "state": state,
                **json.loads(decisions),
                **json.loads(metrics or "{}"),
                "digest": digest,
                "seconds": seconds,
                "error": error,
                "metadata": json.loads(metadata or "{}"),
            }
            for number, state, decisions, metrics, metadata, digest, seconds, error in rows
        ]

    def __repr__(self) -> str:
        if self._database.is_closed:
            return f"<Study {self.name!r} at {self.path}, closed>"
        counts = self.counts
        said = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
        return f"<Study {self.name!r} at {self.path}: {said or 'no trials yet'}>"

    def __str__(self) -> str:
        """How far it is, and the best trials if the space can be made again."""
        try:
            results = self.results
        except StudyError as error:
            return f"{self!r}\n{error}"
        return f"{self!r}\n{results}" if len(results) else repr(self)

    def measurements(self, trial: int) -> tuple[Measurement, ...]:
        """What a trial measured on its way, by step: of loops of `sj.sample`."""
        return read_measurements(self._database, trial)

    # The file.

    def backup(self, path: AnyPath) -> None:
        """Copies the study to another file, also while it runs.

        A copy of the file alone, made by other means, may lack the last trials: these stand in the log beside
        it.

        Raises:
            StudyError: It cannot be written there; or there is a file of something else.
        """
        target = Path(os.path.abspath(path))
        if target.exists() and os.path.samefile(target, self.path):
            raise StudyError(f"{target} is the study itself: give a backup another path")
        if target.is_dir():
            raise StudyError(f"{target} is a folder; say which file in it")
        if target.exists() and target.stat().st_size:
            Database(target).close()  # refuses what is no study
        self._database.backup(target)

    def _reader(self) -> Reader:
        description = self._description
        if description.key is None:
            description = self._description = Description.read(self._database)
        key = Keys.of(read_key(description.key)).trials if description.key else jax.random.key(0)
        return Reader(
            self._database,
            self.space,
            RootKeys.of(key, 1),
            self.objective,
            description.repeats,
            description.function or "",
        )
