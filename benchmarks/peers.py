"""Searches by other libraries, on the same problems."""

import random
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from problems import Decision, Problem

Scores = npt.NDArray[np.float64]
Search = Callable[[Problem, int, int], Scores]  # of a problem, a seed and a number of trials: the scores


def optuna_by(sampler: str) -> Search:
    """Optuna with its own settings of a sampler; conditional decisions are asked for when they matter."""

    def search(problem: Problem, seed: int, trials: int) -> Scores:
        import optuna

        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        samplers = {
            "random": optuna.samplers.RandomSampler,
            "TPE": optuna.samplers.TPESampler,
            "NSGA-II": optuna.samplers.NSGAIISampler,
        }
        scores = []

        def objective(trial: Any) -> Any:
            answer: dict[str, float] = {}
            for decision in problem.decisions:
                if matters(decision, answer):
                    answer[decision.name] = suggest(trial, decision)
            scores.append(problem.scores(listed(problem, answer)))
            return tuple(scores[-1].tolist()) if problem.objectives > 1 else float(scores[-1])

        study = optuna.create_study(
            directions=["maximize"] * problem.objectives, sampler=samplers[sampler](seed=seed)
        )
        study.optimize(objective, n_trials=trials)
        return np.array(scores)

    return search


def suggest(trial: Any, decision: Decision) -> float:
    """One decision, by an Optuna trial."""
    if decision.candidates:
        return float(trial.suggest_categorical(decision.name, range(decision.candidates)))
    return float(trial.suggest_float(decision.name, decision.low, decision.high))


def pyglove_evolution(problem: Problem, seed: int, trials: int) -> Scores:
    """PyGlove's regularized evolution, with its own population of 100 and tournament of 10."""
    import pyglove as pg
    from pyglove.ext import evolution

    def value(decision: Decision) -> Any:
        if not decision.candidates:
            return pg.floatv(decision.low, decision.high)
        inner = {each.branch: each for each in problem.decisions if each.parent == decision.name}
        return pg.oneof(
            [
                pg.Dict(index=index, name=inner[index].name, inner=value(inner[index]))
                if index in inner
                else index
                for index in range(decision.candidates)
            ]
        )

    tops = [decision for decision in problem.decisions if not decision.parent]
    tree = pg.Dict({decision.name: value(decision) for decision in tops})
    random.seed(seed)
    scores = []
    algorithm = evolution.regularized_evolution(population_size=100, tournament_size=10, seed=seed)
    for decided, feedback in pg.sample(tree, algorithm, trials, name=f"{problem.name}-{seed}-{id(tree)}"):
        answer: dict[str, float] = {}
        for name, chosen in decided.items():
            if isinstance(chosen, pg.Dict):
                answer[name], answer[chosen.name] = chosen.index, chosen.inner
            else:
                answer[name] = chosen
        scores.append(problem.scores(listed(problem, answer)))
        feedback(float(scores[-1]))
    return np.array(scores)


def matters(decision: Decision, answer: dict[str, float]) -> bool:
    """Whether the candidate that a decision stands in is taken."""
    return not decision.parent or answer.get(decision.parent) == decision.branch


def listed(problem: Problem, answer: dict[str, float]) -> Scores:
    """An answer as numbers; what does not matter is the least."""
    return np.array([answer.get(decision.name, decision.low) for decision in problem.decisions])


def installed() -> dict[str, Search]:
    """The searches of the libraries that are installed, by name."""
    searches: dict[str, Search] = {}
    if find_spec("optuna"):
        searches |= {f"Optuna {name}": optuna_by(name) for name in ("random", "TPE", "NSGA-II")}
    if find_spec("pyglove"):
        searches["PyGlove evolution"] = pyglove_evolution
    return searches
