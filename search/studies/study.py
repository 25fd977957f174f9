"""`Study`: a search that outlives its process, in one file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief
from symjax.text.json_reader import LoadError

from ..algorithms.algorithm import Algorithm
from ..algorithms.default import default_algorithm
from ..engines.engine import Engine, check_engine
from ..engines.local import Local
from ..evaluation.interrupts import Interrupted
from ..evaluation.jobs import OnResult
from ..evaluation.progress import Report
from ..evaluation.requests import check_repeats, signature_text
from ..planning.inputs import check_function, check_space, key_aval
from ..results.keys import RootKeys
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..results.trial import Trial
from ..searching.early_stopping.policy import Policy
from ..searching.giving_up import speak_of_failures
from ..searching.measurement import Measurement
from ..searching.rounds import Keys, Search, check_number
from ..searching.sampling_loop import SamplingLoop
from ..searching.watching import Watch
from ..spaces.space import Space
from .database import Database, create
from .decision_texts import DecisionTexts
from .description import Description, read_key
from .driving import Drive
from .errors import StudyError
from .rows import Reader, read_measurements
from .sampling import SampledTrials
from .states import replace_state
from .views import Views
from .workers import Worker, is_alive

AnyPath = os.PathLike[str] | str
_MOST = 2**32  # trial ids are folded into keys as uint32


@final
class Study(Views):
    """A search in a file: killed at any moment, it goes on as if it had never stopped.

    All stands in one SQLite file: what is searched, as JSON, each trial with what was decided, measured and
    raised, and what the algorithm has learnt. Between two batches there is one transaction, in which trials
    and state are written together. Trials have their ids, and so their random numbers, from the moment at
    which they are asked for: what was asked for and did not come to its end is run again, with the same
    results.

    Several processes of one machine may run the same study at once: each asks for the next trials, and tells
    what came of them. With a single one, the search is bit for bit the one that `search.run` does, however
    often it was killed and resumed.

    Args:
        path: The file. It is created if it is not there; then a space is needed. On a disk of this machine:
            not on one that several machines share.
        space: The space. Of a study that is there it may be left out, unless it is constrained.
        algorithm: What proposes; by default what stands in the file, or for a new study
            `search.algorithms.default_algorithm`.
        objective: The name of the metric that counts, or several for a Pareto front; by default what stands
            in the file.
        mode: ``'max'`` if more is better, ``'min'`` if less is.
        constraints: Bounds of metrics; see `search.evaluate`.
        repeats: How many seeds each trial runs with; by default 1.
        name: What people call the study; by default the file's name.
        modules: Names of modules of which the file may name functions; see `symjax.from_json`.

    Attributes:
        path: The file.
        name: What people call the study.

    Raises:
        StudyError: There is no study, and none can be created; the file is of something else, cut off, or of
            a later version; or the study that is there is of another space, algorithm or objective.
        TypeError: The space holds what cannot be saved, such as a lambda.

    Example:
        >>> import jax, pathlib, tempfile
        >>> from symjax import search
        >>> def height(exp, key):
        ...     return {'y': -exp['x'] ** 2}
        >>> space = search.space({'x': search.floatv(-1.0, 1.0)})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / 'study.db'
        ...     with search.Study(path, space, search.algorithms.Random(), objective='y') as study:
        ...         results = study.run(height, 32, jax.random.key(0), batch=16)
        ...     with search.Study(path) as study:
        ...         len(study), study.best().metrics == results.best().metrics
        (32, True)
    """

    def __init__(
        self,
        path: AnyPath,
        space: Space | None = None,
        algorithm: Algorithm | None = None,
        *,
        objective: str | Sequence[str] | None = None,
        mode: Modes | None = None,
        constraints: Mapping[str, Bound] | None = None,
        repeats: int | None = None,
        name: str | None = None,
        modules: Sequence[str] = (),
    ) -> None:
        self.path = Path(os.path.abspath(path))
        goal = Objective.of(objective, mode, constraints)
        if space is not None:
            check_space(space)
        if algorithm is not None:
            check_algorithm(algorithm)
        if self.path.is_dir():
            raise StudyError(f"{self.path} is a folder; a study is a file: {self.path / 'study.db'}")
        if not self.path.exists() or not self.path.stat().st_size:
            if space is None:
                raise StudyError(
                    f"there is no study at {self.path}, and without a space none can be created: "
                    "search.Study(path, space)"
                )
            algorithm = algorithm or default_algorithm(space, max(1, len(goal.metrics)))
            title = name or self.path.stem
            description = Description.of(
                title, time.time(), space, algorithm, goal, check_repeats(1 if repeats is None else repeats)
            )
            create(self.path, [description.statement()])
        self._database = Database(self.path)
        try:
            self._description = Description.read(self._database)
            if space is not None:
                self._description.check_space(self.path, space, modules)
            if algorithm is not None:
                self._description.check_algorithm(self.path, algorithm, modules)
            self._description.check_objective(self.path, goal, repeats)
        except BaseException:
            self._database.close()
            raise
        self.name = self._description.name
        self._space, self._algorithm, self._modules = space, algorithm, tuple(modules)
        self._results: tuple[Any, Results] | None = None
        self._samplers: list[Worker] = []

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
                    f"{self.path} can be read by study.records() only, for its space cannot be made again: "
                    f"{error}. Import what it names, give modules=[…], or give the space"
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

    # Searching.

    def run(
        self,
        fn: Callable[..., Any],
        trials: int,
        key: jax.Array,
        *broadcast: Any,
        batch: int | None = None,
        engine: Engine | None = None,
        progress: bool | Report = False,
        on_result: OnResult | None = None,
    ) -> Results:
        """Searches until the study has so many trials, those of earlier runs included.

        So the same lines begin a study, resume it, and leave it as it is when it is finished.

        Args:
            fn: ``fn(experiment, key, *broadcast)``; see `search.evaluate`. A file keeps no code: it has to be
                given each time, and to be the same.
            trials: How many the study is to have.
            key: The key of all that is drawn; the same each time.
            *broadcast: Arguments that all trials share.
            batch: How many trials are asked for at a time; by default what was said the first time, or else
                the algorithm's own choice.
            engine: Where to run; by default on all devices of this process.
            progress: True for a bar over the whole search, with the best so far; or a function of a
                `Progress`, or of ``(done, total)``.
            on_result: Called with the results of each chunk of trials as it is finished and written.

        Returns:
            The results of all trials that are finished.

        Raises:
            Interrupted: Ctrl-C. What is finished is in the file, and on the exception.
            StudyError: The file cannot be written; the key, or what the function returns, is not what it was;
                or the engine is that of several processes, of which one runs the study by `engine.lead`.
            Exception: As `search.evaluate`.
        """
        check_number("trials", trials)
        if batch is not None:
            check_number("batch", batch)
        check_function(fn, len(broadcast))
        check_engine(engine)
        key_aval(key)
        if engine is not None and engine.is_shared:
            raise StudyError(
                f"{engine!r} evaluates in several processes at once, and one of them alone may run the study "
                f"at {self.path}. Let all of them call engine.lead(run, fn, space), where run(leader) opens "
                "the study and calls study.run(…, engine=leader)"
            )
        search = self._search(fn, key, broadcast, engine or Local())
        with self._database.writing():
            self._description = self._description.begun(
                self._database, key, batch, search.algorithm.batch or trials, signature_text(fn)
            )
        watch = Watch(trials, progress, repeats=self._description.repeats)
        with closing(watch):
            if progress is not False:
                watch.saw(self.results, resumed=True)
            size = self._description.batch or trials
            texts = DecisionTexts(search.space)
            drive = Drive(self._database, self._reader(), texts, search, size, trials, watch, on_result)
            try:
                drive.run()
            except KeyboardInterrupt as interrupt:
                advice = f"They are in {self.path}, and the same lines go on from there"
                raise Interrupted(self.results, advice=advice) from (interrupt.__cause__ or interrupt)
        results = self.results
        speak_of_failures(results)
        return results

    def sampled(
        self,
        space: Space,
        n: int | None,
        key: jax.Array,
        objective: Objective | None = None,
        early_stopping: Policy | None = None,
    ) -> SamplingLoop:
        """What ``sj.sample(space, study, n, key=key)`` returns: a loop over the trials of the study.

        Each trial is written when its feedback is complete, with what was measured on its way. A loop that
        is killed goes on with the trial that it was at.

        Raises:
            StudyError: The study is of another space, objective or key.
        """
        self._description.check_space(self.path, space, self._modules)
        self._space = self._space or space
        goal = self.objective if self.objective.metrics else objective or Objective.of("reward")
        self._description.check_objective(self.path, objective or Objective(), None)
        search = replace(self._search(_nothing, key, (), Local()), compiled=False)
        with self._database.writing():
            self._description = self._description.begun(self._database, key, None, 1, "")
        trials, keys = (n or _MOST), Keys.of(key)
        texts, watch = DecisionTexts(search.space), Watch(trials)
        drive = Drive(self._database, self._reader(), texts, search, 1, trials, watch, is_host=True)
        self._samplers.append(Worker(self._database))
        return SamplingLoop(
            search.space, SampledTrials(drive, self._samplers[-1]), keys, goal, early_stopping
        )

    def measurements(self, trial: int) -> tuple[Measurement, ...]:
        """What a trial measured on its way, by step: of loops of `sj.sample`."""
        return read_measurements(self._database, trial)

    def switch(self, algorithm: Algorithm) -> None:
        """Goes on with another algorithm, which is told of all trials that the one before was told of.

        Args:
            algorithm: The new one.

        Raises:
            StudyError: The study is being run.
            ValueError: It does not know such a space, or so many objectives.
        """
        check_algorithm(algorithm)
        with self._database.writing():
            if self.workers:
                raise StudyError(f"{self.path} is being run; switch when that has ended")
            self._description = self._description.switched(self._database, algorithm)
            self._algorithm = algorithm
            if self._description.key is None:
                return
            search = self._search(_nothing, read_key(self._description.key), (), Local())
            told = self._database.execute("SELECT first, size FROM batches WHERE told IS NOT NULL")
            ids = np.concatenate([np.arange(first, first + size) for first, size in told] or [np.arange(0)])
            results = self._reader().all()
            known = results[np.flatnonzero(np.isin(results.ids, ids))]
            state = search.init()
            if len(known):
                state = search.tell(state, known)
            replace_state(self._database, state)

    def _search(
        self, fn: Callable[..., Any], key: jax.Array, broadcast: tuple[Any, ...], engine: Engine
    ) -> Search:
        """The search that the file is about."""
        names = json.loads(self._description.predicates)
        if names and not self.space.predicates:
            raise StudyError(
                f"the space of {self.path} is constrained by {', '.join(names)}, which is code, and code is "
                "in no file: open the study with its space, search.Study(path, space)"
            )
        goal = self.objective
        options = {
            "objective": list(goal.metrics) or None,
            "mode": list(goal.modes) or None,
            "constraints": dict(goal.bounds) or None,
            "repeats": self._description.repeats,
        }
        return Search(self.algorithm, fn, self.space, Keys.of(key), engine, broadcast, options)

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
        try:
            counts = self.counts
        except StudyError as error:
            return f"<Study {self.name!r}: {error}>"
        said = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
        return f"<Study {self.name!r} at {self.path}: {said or 'no trials yet'}>"

    def __str__(self) -> str:
        """How far it is, and the best trials if the space can be made again."""
        try:
            results = self.results
        except StudyError as error:
            return f"{self!r}\n{error}"
        return f"{self!r}\n{results}" if len(results) else repr(self)

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

    def close(self) -> None:
        """Closes the file. A study that is not closed is whole, too."""
        while self._samplers:
            self._samplers.pop().close()
        self._database.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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


def check_algorithm(algorithm: object) -> None:
    """Refuses what is no algorithm.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(algorithm, Algorithm):
        raise TypeError(
            f"a study takes an algorithm, such as search.algorithms.Random(); got {brief(algorithm)}"
        )


def _nothing(experiment: object, key: object) -> None:
    """What is evaluated where nothing is."""
