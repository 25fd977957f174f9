"""`Views`: a study as people look at it: its best trials, tables, plots and files."""

from __future__ import annotations

import abc
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..results.exports.optuna import Courses, Storage, Times
from ..results.files import save_results
from ..results.objective import Modes
from ..results.plotting.figures import Axes, Figure
from ..results.plotting.plot import Kind
from ..results.results import Results
from ..results.trial import Trial
from ..searching.sampled import stopped_of


class Views(abc.ABC):
    """What can be asked of a study without searching on: all of it about the trials that are finished.

    Attributes:
        name: What people call the study.
    """

    name: str

    @property
    @abc.abstractmethod
    def results(self) -> Results:
        """The results of all trials that are finished, by their ids."""

    @property
    @abc.abstractmethod
    def times(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """When the trials of `results` began and ended, in seconds since 1970; float64[n] each."""

    @property
    def courses(self) -> Courses:
        """What trials measured of the only objective on their way, by id: pairs of a step and a number."""
        return {}

    def best(self, metric: str | Sequence[str] | None = None, mode: Modes | None = None) -> Trial:
        """The best trial; see `Results.best`. With several objectives `pareto` says more.

        Raises:
            ValueError: None is finished, or all failed.
        """
        return self.results.best(metric, mode)

    def pareto(self, metrics: Sequence[str] | None = None, mode: Modes | None = None) -> tuple[Trial, ...]:
        """The Pareto front; see `Results.pareto`."""
        return self.results.pareto(metrics, mode)

    @property
    def trials(self) -> Any:
        """A data frame with a row for each trial: of pandas or polars, whichever is installed.

        Without either it is a list of dicts, `Results.records`.
        """
        try:
            return self.results.to_frame()
        except ImportError:
            return self.results.records()

    def table(self, metric: str | Sequence[str] | None = None, mode: Modes | None = None, k: int = 10) -> str:
        """The k best trials as text; see `Results.table`."""
        return self.results.table(metric, mode, k)

    def importance(
        self, metric: str | Sequence[str] | None = None, mode: Modes | None = None
    ) -> dict[str, float]:
        """How much each decision explains by itself; see `Results.importance`."""
        return self.results.importance(metric, mode)

    def plot(
        self,
        kind: Kind | None = None,
        metric: str | Sequence[str] | None = None,
        mode: Modes | None = None,
        axes: Axes | None = None,
    ) -> Figure:
        """Draws the trials, as ``'history'``, ``'parallel'``, ``'importance'`` or ``'pareto'``.

        See `Results.plot`.

        Raises:
            ImportError: matplotlib is not installed.
        """
        return self.results.plot(kind, metric, mode, axes)

    def to_optuna(self, storage: Storage = None, name: str | None = None) -> Any:
        """The trials as an `optuna.Study`, with their times and courses; see `Results.to_optuna`.

        What a policy stopped early, in a loop of `sj.sample`, is pruned there.

        Args:
            storage: None for a study in memory; a path, which ends in ``.log`` for a journal, and in
                anything else for an SQLite file; a URL, or one of Optuna's storages.
            name: What it is called there; by default as this study.

        Raises:
            ImportError: Optuna is not installed.
            ValueError: The file is another program's, such as this study's own.
        """
        results, times = self.results, Times(*self.times)
        return results.to_optuna(
            storage, name or self.name, times=times, courses=self.courses, stopped=stopped_of(results)
        )

    def save(self, path: os.PathLike[str] | str) -> None:
        """Writes the trials to a ``.json``, ``.csv`` or ``.parquet`` file; see `save_results`."""
        save_results(self.results, path)
