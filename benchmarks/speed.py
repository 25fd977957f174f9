"""How fast searches run: evolution, halving, and the file of a study."""

import gc
import itertools
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import sklearn.datasets
from clock import Aim, Clock, Op, Seconds, asked, measure, print_aims, print_medians, print_ratios
from problems import CANDIDATES, LINKS, chain

import symjax as sj
from symjax import linen as nn
from symjax import optax, search

ROWS = {
    "evolution": "ageing evolution, one trial at a time",
    "halving-first": "halving, 32 networks, first call",
    "halving": "halving, 32 networks, later calls",
    "store": "a study's file, 100 trials at a time",
    "open": "open a study of 100,000 trials",
}
COLUMNS = ("symjax", "PyGlove", "Optuna", "full")

AIMS = (
    Aim("evolution", "PyGlove", 500),
    Aim("evolution", "Optuna", 30),
    Aim("halving-first", "full", 0.4, at_most=True),
    Aim("halving", "full", 0.4, at_most=True),
)
MOST = {"store": 1 / 5000, "open": 2.0}  # seconds of symjax: for a trial, or for a call

KEY = jax.random.key(0)
CLOCK = (
    time.process_time if os.environ.get("CLOCK") == "processor" else time.perf_counter
)  # of what is on disk
LEVELS = tuple(index / (CANDIDATES - 1) for index in range(CANDIDATES))
POPULATION, TOURNAMENT = 100, 10  # PyGlove's own
RUNGS = ((32, 40), (10, 80), (6, 400))
KEYS = 8  # of halvings of which the winners are compared


class Row(NamedTuple):
    """What is timed in a row.

    Attributes:
        ops: The operations, by column.
        points: How many trials one call of each makes: figures are for one.
        clock: What tells the seconds.
    """

    ops: Mapping[str, Op]
    points: Mapping[str, int]
    clock: Clock = time.process_time


# Evolution.


def height(exp: Any, key: jax.Array, tables: jax.Array) -> dict[str, jax.Array]:
    """The chain of 20 decisions, whose candidates are floats."""
    states = jnp.stack([exp[name] for name in sorted(exp)]) * (CANDIDATES - 1)
    states = jnp.round(states).astype(jnp.int32)
    return {"height": tables[jnp.arange(LINKS - 1), states[:-1], states[1:]].mean()}


def height_of(floats: Sequence[float], tables: Any) -> float:
    """The same in Python, where arrays of so few numbers are slower; tables as lists."""
    states = [round(each * (CANDIDATES - 1)) for each in floats]
    return float(
        sum(table[a][b] for table, a, b in zip(tables, states, states[1:], strict=False)) / len(tables)
    )


def evolution() -> Row:
    """Ageing evolution, told of each trial before the next is asked for; in Optuna, random sampling."""
    problem, trials = chain(0), {"symjax": 50_000, "PyGlove": 250, "Optuna": 250}
    names = [each.name for each in problem.decisions]
    space = search.space({name: search.oneof(LEVELS) for name in names})
    algorithm = search.algorithms.RegularizedEvolution(POPULATION, TOURNAMENT)
    tables, lists, numbers = (
        jnp.asarray(problem.tables, jnp.float32),
        problem.tables.tolist(),
        itertools.count(),
    )

    def symjax(key: jax.Array) -> Any:
        results = search.run(algorithm, height, space, trials["symjax"], key, tables, batch=1)
        assert results["height"].max() > 0.7
        return results

    def pyglove(number: int) -> None:
        import pyglove as pg
        from pyglove.ext import evolution

        tree = pg.Dict({name: pg.oneof(list(LEVELS)) for name in names})
        peer = evolution.regularized_evolution(
            population_size=POPULATION, tournament_size=TOURNAMENT, seed=number
        )
        for decided, feedback in pg.sample(tree, peer, trials["PyGlove"], name=f"speed-{number}"):
            feedback(height_of(list(decided.values()), lists))

    def optuna(study: Any) -> None:
        def objective(trial: Any) -> float:
            return height_of([trial.suggest_categorical(name, LEVELS) for name in names], lists)

        study.optimize(objective, n_trials=trials["Optuna"])

    ops = {"symjax": Op(symjax, lambda: jax.random.fold_in(KEY, next(numbers)))}
    if find_spec("pyglove"):
        ops["PyGlove"] = Op(pyglove, lambda: next(numbers))
    if find_spec("optuna"):
        ops["Optuna"] = Op(optuna, optuna_study)
    return Row(ops, trials)


def optuna_study(storage: Any = None) -> Any:
    """A study of Optuna that samples at random, in memory or in a storage."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler(seed=0)
    return optuna.create_study(direction="maximize", sampler=sampler, storage=storage)


# Halving.


class Perceptron(nn.Module):
    """A hidden layer, with dropout."""

    dropout: float = 0.1
    width: int = 32

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        """The logits of images [n, 64], [n, 10]."""
        x = nn.relu(nn.Dense(self.width)(images))
        return nn.Dense(10)(nn.Dropout(self.dropout, deterministic=not train)(x))


class Training(sj.Object):
    """Trains a classifier of scikit-learn's handwritten digits, 256 images a step."""

    model: nn.Module
    optimizer: optax.GradientTransformation

    def init(self, key: jax.Array, data: Any) -> Any:
        """The parameters and the optimizer's state."""
        params = self.model.init(key, data[0][:1], train=False)
        return {"params": params, "optimizer": self.optimizer.init(params), "key": key, "step": jnp.int32(0)}

    def step(self, state: Any, data: Any) -> Any:
        """A step on images that are drawn."""
        draw, noise = jax.random.split(jax.random.fold_in(state["key"], state["step"]))
        rows = jax.random.randint(draw, (256,), 0, len(data[0]) - 500)

        def loss(params: Any) -> jax.Array:
            logits = self.model.apply(params, data[0][rows], train=True, rngs={"dropout": noise})
            return optax.softmax_cross_entropy_with_integer_labels(logits, data[1][rows]).mean()

        updates, optimizer = self.optimizer.update(
            jax.grad(loss)(state["params"]), state["optimizer"], state["params"]
        )
        params = optax.apply_updates(state["params"], updates)
        return {**state, "params": params, "optimizer": optimizer, "step": state["step"] + 1}

    def metric(self, state: Any, data: Any) -> dict[str, jax.Array]:
        """The loss on the last 500 images, on which no step is."""
        logits = self.model.apply(state["params"], data[0][-500:], train=False)
        return {"loss": optax.softmax_cross_entropy_with_integer_labels(logits, data[1][-500:]).mean()}


@cache
def networks() -> tuple[search.Space, Any]:
    """The space, and the images with their classes."""
    tree = Training(
        Perceptron(sj.floatv(0.0, 0.5)),
        optax.sgd(sj.floatv(1e-3, 1.0, "log"), momentum=sj.floatv(0.0, 0.99)),
    )
    digits = sklearn.datasets.load_digits()
    return search.space(tree), (np.float32(digits.data / 16), np.int32(digits.target))


def steps(is_new: bool = False) -> search.Steps:
    """The training; as one of which nothing is compiled if it is to be new."""
    parts = (Training.init, Training.step, Training.metric)
    if is_new:
        parts = tuple(lambda *own, part=part: part(*own) for part in parts)
    return search.Steps(*parts, n=RUNGS[-1][1], methods=True)


def halved(training: search.Steps, key: jax.Array) -> search.HalvingResults:
    """The halving."""
    space, data = networks()
    dnas = space.sample(key, RUNGS[0][0])
    return search.halving(training, space, dnas, key, data, objective="loss", mode="min", rungs=RUNGS)


def full(training: search.Steps, key: jax.Array) -> search.Results:
    """All configurations of it, trained to the end."""
    space, data = networks()
    dnas = space.sample(key, RUNGS[0][0])
    return search.evaluate(training, space, dnas, key, data, objective="loss", mode="min")


def halving(is_new: bool) -> Row:
    """Successive halving beside the training of all."""
    print_winners()
    ops = {
        "symjax": Op(lambda training: halved(training, KEY), lambda: steps(is_new)),
        "full": Op(lambda training: full(training, KEY), lambda: steps(is_new)),
    }
    return Row(ops, dict.fromkeys(ops, 1))


@cache
def print_winners() -> None:
    """Which place the winner of a halving has when all are trained to the end, for several keys."""
    places = []
    for number in range(KEYS):
        key = jax.random.fold_in(KEY, number)
        results = full(steps(), key)
        winner = halved(steps(), key).best().id
        places.append(int(np.flatnonzero(results.ids[results.rank()] == winner)[0]) + 1)
    print(f"halving: {' → '.join(f'{n} × {steps}' for n, steps in RUNGS)} steps")
    print(f"halving's winners among all trained to the end, by key: places {', '.join(map(str, places))}")


# Studies.


class ByHost(search.engines.Engine):
    """This process, by a call for each batch: rounds are never one program, and each is a transaction."""

    def evaluate(self, *arguments: Any, **options: Any) -> search.Results:
        """See `search.evaluate`."""
        return search.engines.Local().evaluate(*arguments, **options)


def noted(exp: Any, key: jax.Array) -> dict[str, jax.Array]:
    """A cheap function."""
    floats = jnp.stack(list(exp.values()))
    return {"mean": floats.mean(), "most": floats.max()}


def open_study(path: Path) -> search.Study:
    """A study of 20 decisions."""
    space = search.space({f"x{index:02}": search.floatv(0.0, 1.0) for index in range(LINKS)})
    return search.Study(path, space, search.algorithms.Random(), objective="mean", mode="max")


def store(folder: Path) -> Row:
    """Trials with their decisions, metrics and times, written; a transaction for each batch of 100."""
    trials, numbers = {"symjax": 2000, "Optuna": 25}, itertools.count()

    def symjax(path: Path) -> None:
        with open_study(path) as study:
            study.run(noted, trials["symjax"], KEY, batch=100, engine=ByHost())
            assert len(study) == trials["symjax"]

    def optuna(study: Any) -> None:
        def objective(trial: Any) -> float:
            return sum(trial.suggest_float(f"x{index:02}", 0.0, 1.0) for index in range(LINKS))

        study.optimize(objective, n_trials=trials["Optuna"])

    def path() -> Path:
        return folder / f"{next(numbers)}.db"

    ops = {"symjax": Op(symjax, path)}
    if find_spec("optuna") and find_spec("sqlalchemy"):
        ops["Optuna"] = Op(optuna, lambda: optuna_study(f"sqlite:///{path()}"))
    return Row(ops, trials, CLOCK)


def reopen(folder: Path) -> Row:
    """A study is opened, and its results read."""
    path, trials = folder / "many.db", 100_000
    with open_study(path) as study:
        study.run(noted, trials, KEY, batch=5000)

    def symjax(_: Any) -> None:
        with search.Study(path) as study:
            assert len(study.results) == trials
            study.best()

    return Row({"symjax": Op(symjax)}, {"symjax": 1}, CLOCK)


# All of it.


def print_most(results: Mapping[str, Seconds]) -> None:
    """The aims that are about symjax alone."""
    for row, most in MOST.items():
        if row in results:
            seconds = median(results[row]["symjax"])
            if row == "store":
                text, figure = f"at least {1 / most:,.0f} a second", f"{1 / seconds:,.0f}"
            else:
                text, figure = f"at most {most:g} s", f"{seconds:.2f} s"
            print(f"{ROWS[row]:50}{text:28}{figure:26}{'met' if seconds <= most else 'NOT MET'}")


def main(words: Sequence[str]) -> None:
    """Measures and prints."""
    only, repeats = asked(__doc__, ROWS, words)
    random.seed(0)
    warnings.simplefilter("ignore")
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        makers: dict[str, Callable[[], Row]] = {
            "evolution": evolution,
            "halving-first": lambda: halving(is_new=True),
            "halving": lambda: halving(is_new=False),
            "store": lambda: store(folder),
            "open": lambda: reopen(folder),
        }
        for row in only:
            timed = makers[row]()
            gc.freeze()
            seconds = measure(timed.ops, repeats, clock=timed.clock)
            results[row] = {
                column: [each / timed.points[column] for each in own] for column, own in seconds.items()
            }
    print(f"\nSeconds for one trial, or for a call; medians of {repeats} rounds.\n")
    print_medians(results, ROWS, COLUMNS)
    print("\nRatios: how many times as long as symjax.\n")
    print_ratios(results, ROWS, COLUMNS)
    print("\nAims: the median ratio, and its quartiles over the rounds.\n")
    print_aims(results, ROWS, AIMS, "symjax")
    print_most(results)
