"""`Optuna`: the samplers of Optuna, by its ask and tell."""

from __future__ import annotations

import importlib.util
import inspect
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final, TypeAlias, final

import jax
import numpy as np

from symjax.core.errors import known, nearest

from ...spaces.dna import DNA
from ...spaces.parameter import Parameter
from ...spaces.points import Spec
from ...spaces.space import Space
from ...spaces.suggesting import Names, suggested, suggestions
from ..algorithm import Algorithm, Rewards
from .history import History

Sampler: TypeAlias = Any
"""An ``optuna.samplers.BaseSampler``."""

_SAMPLERS: Final = {
    "tpe": "TPESampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "random": "RandomSampler",
    "nsga2": "NSGAIISampler",
}
# These know all from what points there are and what they earned. Others keep notes in Optuna's trials, which
# come back only if all that was asked is asked again.
_FORGETFUL: Final = ("tpe", "gp", "random")
_NEEDS: Final = {"gp": "torch", "cmaes": "cmaes"}
_OUT_OF_BOUNDS: Final = -1e29  # rewards below this say that a constraint is violated, and by how much
_GREATEST: Final = float(np.finfo(np.float32).max)


class Optuna(Algorithm):
    """The samplers of Optuna: TPE, Gaussian processes, CMA-ES, NSGA-II.

    Optuna is asked one decision after the other, and only for those that matter: so a conditional space stays
    conditional. A float is one, also on a log scale (on a reverse one by its mirror image); `intv` is a whole
    number; `oneof` a category; `manyof` and `permutate` are a category for each place: of distinct candidates
    the place of the candidate among those that are left. CMA-ES draws categories, and whatever is
    conditional, at random.

    Each point is asked of a new sampler with a seed of its own, out of the key: what is proposed depends on
    the state and the key alone, and a search that is resumed is the one that was not interrupted. The state
    is the history; Optuna's study in memory is made of it again where it is not at hand.

    What failed is told as pruned, without a value: TPE ranks it last, the others leave it out. So is what is
    out of bounds, with its value where there is one objective.

    Proposals come one at a time unless a search says ``batch=``: these samplers learn from each.

    Attributes:
        sampler: ``'tpe'``, ``'gp'`` (needs PyTorch), ``'cmaes'`` (needs the package cmaes), ``'random'`` or
            ``'nsga2'``; or a function of a seed that returns a sampler.

    Raises:
        ImportError: Optuna is not installed, or what the sampler needs besides; when a search begins.
        ValueError: There is no such sampler.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0)})
        >>> tpe = search.algorithms.Optuna('tpe')
        >>> results = search.run(tpe, lambda exp, key: -exp['x'] ** 2, space, 30, jax.random.key(0))
        >>> abs(results.best().experiment['x']) < 0.2
        True
    """

    is_traceable: ClassVar[bool] = False
    has_fronts: ClassVar[bool] = True
    batch: ClassVar[int | None] = 1

    sampler: str | Callable[[int], Any] = "tpe"

    def __check__(self) -> None:
        if isinstance(self.sampler, str) and self.sampler not in _SAMPLERS:
            said = [f"Optuna has no sampler {self.sampler!r} here;", nearest(self.sampler, _SAMPLERS)]
            said += [known(_SAMPLERS, "samplers"), "or a function of a seed"]
            raise ValueError(" ".join(part for part in said if part))

    def start(self, space: Space, key: jax.Array, objectives: int) -> History:
        """Nothing was asked, and nothing told."""
        if self.sampler == "cmaes" and objectives > 1:
            raise ValueError(
                f"CMA-ES maximizes one number, and there are {objectives} objectives; 'tpe', 'gp' and "
                "'nsga2' know fronts"
            )
        self._require_installed()
        return History.empty(space.spec, objectives)

    def propose(self, spec: Spec, own: History, key: jax.Array, n: int) -> tuple[DNA, History]:
        """Asks Optuna, a sampler for each point."""
        seeds = np.asarray(jax.random.bits(key, (n,), "uint32"))
        study = self._study(spec, own)
        dnas = DNA.concat([study.ask(self._sampler(int(seed))) for seed in seeds])
        history = own.ask(dnas, seeds)
        history.memo.append(study)
        return dnas, history

    def learn(self, spec: Spec, own: History, dnas: DNA, rewards: Rewards) -> History:
        """Tells Optuna, if its study is at hand; else it is made of the history when it is asked."""
        study = own.memo.pop() if own.memo else None
        history, rows = own.tell(dnas, np.asarray(rewards))
        if study is not None:
            for row in rows:
                study.tell(self._sampler(int(history.seeds[row])), history, row)
            history.memo.append(study)
        return history

    def _require_installed(self) -> None:
        """Says what is not installed before anything runs; Optuna would say it after some trials."""
        _optuna()
        needed = _NEEDS.get(self.sampler) if isinstance(self.sampler, str) else None
        if needed is not None and importlib.util.find_spec(needed) is None:
            raise ImportError(f"Optuna's sampler {self.sampler!r} needs {needed}: pip install {needed}")

    def _sampler(self, seed: int) -> Sampler:
        if callable(self.sampler):
            return self.sampler(seed)
        kind = getattr(_samplers(), _SAMPLERS[self.sampler])
        # It would be said again of each point, and of each decision that is conditional.
        quiet = {"warn_independent_sampling": False} if self.sampler in ("gp", "cmaes") else {}
        options = {name: value for name, value in quiet.items() if name in inspect.signature(kind).parameters}
        return kind(seed=seed, **options)

    def _study(self, spec: Spec, history: History) -> _Study:
        """Optuna's study: the one that is at hand, or one that is made of the history."""
        try:
            return history.memo.pop()  # type: ignore[no-any-return]
        except IndexError:  # saved and loaded; or somebody else went on from the same state
            pass
        is_forgetful = self.sampler in _FORGETFUL
        study = _Study(spec, history.rewards.shape[1], is_forgetful)
        for row, is_told in history.events():
            sampler = self._sampler(int(history.seeds[row]))
            if is_told:
                study.tell(sampler, history, row)
            elif is_forgetful:
                study.add(history.dna(spec, row))
            elif study.ask(sampler) != history.dna(spec, row):
                raise RuntimeError(
                    f"Optuna does not propose again what it proposed as point {row}: the state is from "
                    f"another version than {_optuna().__version__}, or the sampler's seed does not decide all"
                )
        return study


@final
class _Study:
    """A study of Optuna's in memory, of which the trials are the points of a history, in its order."""

    def __init__(self, spec: Spec, objectives: int, is_forgetful: bool) -> None:
        optuna = _optuna()
        self._spec = spec
        self._names: Names = ({},) * len(spec)
        self._choices = tuple(point.choice for point in spec.points)
        self._storage = optuna.storages.InMemoryStorage()
        if is_forgetful:
            # What samplers note for others who ask meanwhile, a study that is made anew would not have.
            self._storage.set_trial_system_attr = lambda *_: None
        with _quiet(type(self._storage).__module__):
            self._study = optuna.create_study(
                storage=self._storage, study_name="symjax", directions=["maximize"] * objectives
            )
        self._id = self._storage.get_study_id_from_name("symjax")

    def ask(self, sampler: Sampler) -> DNA:
        """A point, which waits for its reward."""
        self._study.sampler = sampler
        trial = self._study.ask()
        dna = suggested(self._spec, self._choices, self._names, lambda each: each.suggested(trial))
        # As the history has it: in float32, and by the first of the answers that lead to the same point.
        number = self._storage.get_trial_id_from_study_id_trial_number(self._id, trial.number)
        for parameter, value in suggestions(self._spec, self._choices, self._names, dna):
            distribution = distribution_of(parameter)
            self._storage.set_trial_param(
                number, parameter.name, distribution.to_internal_repr(value), distribution
            )
        return dna

    def add(self, dna: DNA) -> None:
        """Adds a point that nobody asks for, which waits for its reward."""
        optuna = _optuna()
        answers = suggestions(self._spec, self._choices, self._names, dna)
        self._study.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.RUNNING,
                params={parameter.name: value for parameter, value in answers},
                distributions={parameter.name: distribution_of(parameter) for parameter, _ in answers},
            )
        )

    def tell(self, sampler: Sampler, history: History, row: int) -> None:
        """Tells the reward of a point; one that nobody asked for is added."""
        if history.asked[row] < 0:
            self.add(history.dna(self._spec, row))
        self._study.sampler = sampler
        pruned = _optuna().trial.TrialState.PRUNED
        rewards = [float(reward) for reward in history.rewards[row]]
        if min(rewards) > _OUT_OF_BOUNDS:
            self._study.tell(row, [min(reward, _GREATEST) for reward in rewards])
            return
        if len(rewards) == 1 and np.isfinite(rewards[0]):
            number = self._storage.get_trial_id_from_study_id_trial_number(self._id, row)
            self._storage.set_trial_intermediate_value(number, 0, rewards[0])
        self._study.tell(row, state=pruned)


def distribution_of(parameter: Parameter) -> Any:
    """The distribution of Optuna's from which a parameter is suggested."""
    return parameter.distribution(_optuna().distributions)


def _optuna() -> Any:
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        raise ImportError("search.algorithms.Optuna needs Optuna: pip install symjax-flax[search]") from error


def _samplers() -> Any:
    return _optuna().samplers


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Within, this thread logs nothing there: Optuna's word on a study in memory is no news."""
    thread = threading.get_ident()

    def is_other(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logging.getLogger(logger).addFilter(is_other)
    try:
        yield
    finally:
        logging.getLogger(logger).removeFilter(is_other)
