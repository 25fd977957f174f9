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

from symjax.core.errors import brief, note

from ..algorithms.algorithm import Algorithm
from ..algorithms.default import default_algorithm
from ..engines.engine import Engine, check_engine
from ..engines.local import Local
from ..evaluation.interrupts import Interrupted
from ..evaluation.jobs import OnResult
from ..evaluation.progress import Report
from ..evaluation.requests import check_repeats, signature_text
from ..planning.inputs import check_function, check_space, key_aval
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..searching.early_stopping.policy import Policy
from ..searching.giving_up import speak_of_failures
from ..searching.rounds import Keys, Search, check_number
from ..searching.sampling_loop import SamplingLoop
from ..searching.watching import Watch
from ..spaces.space import Space
from .description import Description, read_key
from .driving import Drive
from .sampling import SampledTrials
from .storage.database import create
from .storage.decision_texts import DecisionTexts
from .storage.errors import StudyError
from .storage.states import replace_state
from .stored_trials import AnyPath, StoredTrials
from .workers import Worker

_MOST = 2**32  # trial ids are folded into keys as uint32


@final
class Study(StoredTrials):
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
            in the file. As long as no trial is finished, another name takes its place.
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
        target = Path(os.path.abspath(path))
        goal = Objective.of(objective, mode, constraints)
        if space is not None:
            check_space(space)
        if algorithm is not None:
            check_algorithm(algorithm)
        if target.is_dir():
            raise StudyError(f"{target} is a folder; a study is a file: {target / 'study.db'}")
        if not target.exists() or not target.stat().st_size:
            if space is None:
                raise StudyError(
                    f"there is no study at {target}, and without a space none can be created: "
                    "search.Study(path, space)"
                )
            algorithm = algorithm or default_algorithm(space, max(1, len(goal.metrics)))
            seeds = check_repeats(1 if repeats is None else repeats)
            title = name or target.stem
            description = Description.of(title, time.time(), space, algorithm, goal, seeds)
            create(target, [description.statement()])
        super().__init__(target, space, algorithm, tuple(modules))
        try:
            if space is not None:
                self._description.check_space(target, space, modules)
            if algorithm is not None:
                self._description.check_algorithm(target, algorithm, modules)
            if goal not in (Objective(), self.objective) and not self.workers:
                with self._database.writing():
                    self._description = self._description.aimed(self._database, goal)
            self._description.check_objective(target, goal, repeats)
        except BaseException as error:
            if isinstance(error, StudyError) and not len(self):
                note(
                    error,
                    f"No trial is finished in {target}: nothing is lost if you delete it and begin anew.",
                )
            self._database.close()
            raise
        self._samplers: list[Worker] = []

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
            trials: How many the study is to have. What an earlier run has asked for and not finished runs as
                well, if it begins before that.
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
        space: Space | None,
        n: int | None,
        key: jax.Array,
        objective: Objective | None = None,
        early_stopping: Policy | None = None,
    ) -> SamplingLoop:
        """What ``sj.sample(space, study, n, key=key)`` returns: a loop over the trials of the study.

        The space may be None, for the study's. Each trial is written when its feedback is complete, with what
        was measured on its way. A loop that is killed goes on with the trial that it was at.

        Raises:
            StudyError: The study is of another space, objective or key.
        """
        if space is not None:
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
        source = SampledTrials(self._database, drive, self._samplers[-1])
        return SamplingLoop(search.space, source, keys, goal, early_stopping, source.past)

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

    # The file.

    def close(self) -> None:
        """Closes the file. A study that is not closed is whole, too."""
        while self._samplers:
            self._samplers.pop().close()
        self._database.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
