"""How far from the best answer searches are after some trials, on problems whose best answer is known."""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import peers
from problems import PROBLEMS, Problem

from symjax import search

BUDGETS = (100, 200, 500, 1000, 2000)
Record = dict[str, Any]  # problem, method, seed, trials, seconds, best, quality by budget


def _default(objectives: int) -> search.algorithms.Algorithm:
    return search.algorithms.default_algorithm(search.space(search.oneof([0, 1])), objectives)


OWN: Mapping[str, Callable[[int], search.algorithms.Algorithm]] = {  # of a number of objectives
    "default": lambda objectives: _default(objectives),
    "RegularizedEvolution": lambda objectives: search.algorithms.RegularizedEvolution(),
    "Random": lambda objectives: search.algorithms.Random(),
}
SLOW = {"Optuna TPE": 1000, "PyGlove evolution": 1000}  # trials at most
SLOW_FRONTS = {"Optuna TPE": 500}


def space_of(problem: Problem) -> search.Space:
    """The decisions, as a space."""

    def value(decision: Any) -> Any:
        if not decision.candidates:
            return search.floatv(decision.low, decision.high, name=decision.name)
        inner = {each.branch: each for each in problem.decisions if each.parent == decision.name}
        candidates = [
            {"index": index, "inner": value(inner[index])} if index in inner else index
            for index in range(decision.candidates)
        ]
        return search.oneof(candidates, name=decision.name)

    return search.space({each.name: value(each) for each in problem.decisions if not each.parent})


def scores_of(
    algorithm: search.algorithms.Algorithm, name: str, seeds: Sequence[int], trials: int
) -> np.ndarray[Any, Any]:
    """The scores of all trials, asked for one by one, [seeds, trials, objectives]; in one program."""
    problems = [PROBLEMS[name](seed) for seed in seeds]
    first = problems[0]
    space = space_of(first)
    names = [each.name for each in first.decisions]
    points, columns = space.spec.points, space.spec.columns
    places = [names.index(point.choice.name) for point in points]

    def answers(dnas: search.DNA) -> jax.Array:
        listed: list[Any] = [None] * len(names)
        for place, point, column in zip(places, points, columns, strict=True):
            listed[place] = getattr(dnas, point.array)[:, column.start].astype(jnp.float32)
        return jnp.stack(listed, -1)

    def searched(own: tuple[Any, jax.Array, jax.Array]) -> jax.Array:
        state, tables, key = own

        def turn(state: Any, number: jax.Array) -> Any:
            dnas, state = algorithm.ask(state, jax.random.fold_in(key, number), 1)
            scores = first.score(jnp, tables, answers(dnas))
            return algorithm.tell(state, dnas, scores), scores

        return jax.lax.scan(turn, state, jnp.arange(trials))[1]

    tables = jnp.asarray(np.stack([problem.tables for problem in problems]), jnp.float32)
    if not tables.size:
        tables = jnp.zeros((len(seeds), 1))
    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds, jnp.uint32))
    # What an algorithm keeps hangs on a key as well.
    states = [algorithm.init(space, jax.random.fold_in(key, trials), first.objectives) for key in keys]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    scores = jax.jit(lambda *own: jax.lax.map(searched, own))(stacked, tables, keys)
    return np.asarray(scores, np.float64).reshape(len(seeds), trials, -1)


def record_of(problem: Problem, method: str, seed: int, scores: Any, seconds: float) -> Record:
    """A line of the record."""
    quality = problem.quality(scores)
    return {
        "problem": problem.name,
        "method": method,
        "seed": seed,
        "trials": len(scores),
        "seconds": seconds,
        "best": problem.best,
        "quality": {str(budget): float(quality[budget - 1]) for budget in BUDGETS if budget <= len(scores)},
    }


def own_records(name: str, method: str, seeds: Sequence[int], trials: int) -> Iterable[Record]:
    """What symjax reaches; none of a method that knows no such problem."""
    objectives = PROBLEMS[name](0).objectives
    algorithm = OWN[method](objectives)
    if not seeds or (objectives > 1 and algorithm.learns and not algorithm.has_fronts):
        return
    start = time.process_time()
    scores = scores_of(algorithm, name, seeds, trials)
    seconds = (time.process_time() - start) / len(seeds)
    for seed, each in zip(seeds, scores, strict=True):
        yield record_of(PROBLEMS[name](seed), method, seed, each, seconds)


def peer_records(name: str, method: str, seeds: Sequence[int], trials: int) -> Iterable[Record]:
    """What another library reaches; none of PyGlove where there are several objectives."""
    run = peers.installed()[method]
    for seed in seeds:
        problem = PROBLEMS[name](seed)
        if problem.objectives > 1 and run is peers.pyglove_evolution:
            return
        start = time.process_time()
        scores = run(problem, seed, trials)
        yield record_of(problem, method, seed, scores, time.process_time() - start)


def print_table(records: Sequence[Record], names: Sequence[str], methods: Sequence[str]) -> None:
    """Mean regrets with their standard errors; a star at the best of each budget."""
    for name in names:
        regrets = {
            (method, budget): [
                each["best"] - each["quality"][str(budget)]
                for each in records
                if (each["problem"], each["method"]) == (name, method) and str(budget) in each["quality"]
            ]
            for method in methods
            for budget in BUDGETS
        }
        least = {
            budget: min(
                (np.mean(regrets[method, budget]) for method in methods if regrets[method, budget]),
                default=np.nan,
            )
            for budget in BUDGETS
        }
        print(f"\n{name:30}" + "".join(f"{budget:>19,}" for budget in BUDGETS))
        for method in methods:
            seeds = max(len(regrets[method, budget]) for budget in BUDGETS)
            if seeds:
                cells = (_cell(regrets[method, budget], least[budget]) for budget in BUDGETS)
                print(f"{method:22}{f'({seeds})':>8}" + "".join(f"{cell:>19}" for cell in cells))


def _cell(regrets: Sequence[float], least: Any) -> str:
    if not regrets:
        return "—"
    mean, error = np.mean(regrets), np.std(regrets, ddof=1) / len(regrets) ** 0.5 if len(regrets) > 1 else 0
    return f"{mean:.4f} ± {error:.4f}{'*' if mean <= least else ' '}"


def main(words: Sequence[str]) -> None:
    """Runs what the record does not hold, and prints all of it."""
    known = [*OWN, *peers.installed()]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", default=",".join(PROBLEMS), help="by commas (default: %(default)s)")
    parser.add_argument("--methods", default=",".join(known), help="by commas (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=32, help="how many (default: %(default)s)")
    parser.add_argument(
        "--trials", action="append", default=[], metavar="METHOD=N", help="at most, of a method"
    )
    parser.add_argument("--record", type=Path, help="a file of JSON lines, from which a run goes on")
    options = parser.parse_args(words)
    names, methods = options.problems.split(","), options.methods.split(",")
    caps = {method: int(most) for method, most in (each.rsplit("=", 1) for each in options.trials)}
    records: list[Record] = []
    if options.record and options.record.exists():
        records = [json.loads(line) for line in options.record.read_text().splitlines()]
    unknown = (set(names) - set(PROBLEMS)) | (
        set(methods) - set(known) - {record["method"] for record in records}
    )
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    done = {(each["problem"], each["method"], each["seed"]) for each in records}
    warnings.simplefilter("ignore")
    for name in names:
        slow = {**SLOW, **(SLOW_FRONTS if PROBLEMS[name](0).objectives > 1 else {}), **caps}
        for method in methods:
            seeds = [seed for seed in range(options.seeds) if (name, method, seed) not in done]
            if method not in known:
                continue
            run = own_records if method in OWN else peer_records
            for record in run(name, method, seeds, min(BUDGETS[-1], slow.get(method, BUDGETS[-1]))):
                records.append(record)
                if options.record:
                    with options.record.open("a") as file:
                        file.write(json.dumps(record) + "\n")
    print("\nMean regrets ± standard errors, after so many trials; * is the least, (n) the number of seeds.")
    print_table([each for each in records if each["seed"] < options.seeds], names, methods)
