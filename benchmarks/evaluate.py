"""`search.evaluate` beside what an expert writes by hand: a jitted loop, `vmap` and `lax.map`.

Run it with ``python benchmarks/evaluate.py``; `benchmarks/README.md` says what the figures mean.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from clock import Aim, Seconds, asked, print_aims, print_medians, print_ratios
from flax import linen as nn
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import symjax as sj
from symjax import search

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import digits

Metrics = Any
Fn = Callable[..., Metrics]
Job = Callable[[], Metrics]

ROWS = {
    "mlp": "small MLP, 64 configurations",
    "convnet": "digits convnet, 32 configurations",
    "widths": "small MLP, 48 configurations of 3 widths",
    "each": "small MLP, 64 configurations, each compiled",
    "example": "digits example, 32 configurations in 6 programs",
}
COLUMNS = ["symjax", "loop", "vmap", "map", "by hand", "each", "vmap of 8"]


def root() -> jax.Array:
    """The root key; not made before the devices are known."""
    return jax.random.key(0)


class Regression(sj.Object):
    """A network of three layers, fitted to a curve by Adam."""

    rate: float
    decay: float = 1e-4
    width: int = 32

    def run(self, key: jax.Array, x: jax.Array, y: jax.Array) -> Metrics:
        """The losses of 200 steps."""
        net = nn.Sequential([nn.Dense(self.width), nn.relu, nn.Dense(self.width), nn.relu, nn.Dense(1)])
        optimizer = optax.adamw(self.rate, weight_decay=self.decay)
        params = net.init(key, x)

        def step(carry: Any, _: Any) -> Any:
            params, state = carry
            loss, gradients = jax.value_and_grad(lambda p: ((net.apply(p, x) - y) ** 2).mean())(params)
            updates, state = optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), loss

        return jax.lax.scan(step, (params, optimizer.init(params)), length=200)[1]


class Case(NamedTuple):
    """What is evaluated.

    Attributes:
        run: The function.
        space: The space, with `floats` open floats.
        dnas: The configurations.
        shared: What they share.
        rebuild: An experiment of its floats, as an expert has it.
    """

    run: Fn
    space: search.Space
    dnas: search.DNA
    shared: tuple[Any, ...]
    rebuild: Callable[..., Any]


def regression(n: int, width: Any = 32) -> Case:
    """The small MLP; the width may be a choice."""
    space = search.space(
        Regression(search.floatv(1e-4, 1e-1, "log"), decay=search.floatv(1e-5, 1e-2, "log"), width=width)
    )
    x = np.linspace(-1, 1, 256, dtype=np.float32)[:, None]
    return Case(Regression.run, space, space.sample(root(), n), (x, np.sin(5 * x)), Regression)


def convnet(n: int) -> Case:
    """The convolutional network of the digits example, three epochs of it."""
    exp = digits.experiment().rebind({"epochs": 3})
    paths = ("optimizer.learning_rate", "optimizer.weight_decay")
    space = search.space(
        exp.rebind({paths[0]: sj.floatv(1e-4, 1e-1, "log"), paths[1]: sj.floatv(1e-5, 1e-1, "log")})
    )

    def rebuild(*floats: Any) -> digits.Experiment:
        return exp.rebind(dict(zip(paths, floats, strict=True)))

    return Case(digits.Experiment.run, space, space.sample(root(), n), (exp.dataset.load(),), rebuild)


# What is compared. Each takes a case and gives a function whose first call compiles.


def by_evaluate(case: Case, **how: Any) -> Job:
    """`search.evaluate`."""
    run = fresh(case.run)
    return lambda: search.evaluate(run, case.space, case.dnas, root(), *case.shared, **how).metrics


def by_loop(case: Case) -> Job:
    """A jitted function, called for one configuration after the other; on one device."""
    run = jax.jit(fresh(case.run))
    trees = [case.space.decode(dna) for dna in case.dnas]
    shared = jax.device_put(case.shared)

    def loop() -> Metrics:
        results = [run(tree, jax.random.fold_in(root(), i), *shared) for i, tree in enumerate(trees)]
        return jax.tree.map(lambda *columns: np.stack(columns), *results)

    return loop


def by_each(case: Case) -> Job:
    """Each configuration compiled for itself, as where it is structure; the first 4 of them."""
    trees = [case.space.decode(dna) for dna in case.dnas[:4]]
    shared = jax.device_put(case.shared)

    def loop() -> Metrics:
        for i, tree in enumerate(trees):
            one = jax.jit(lambda key, *shared, tree=tree: case.run(tree, key, *shared))
            jax.block_until_ready(one(jax.random.fold_in(root(), i), *shared))

    return loop


def by_hand(transform: Callable[[Fn], Fn]) -> Callable[[Case], Job]:
    """All configurations in one program, over all devices."""

    def job(case: Case) -> Job:
        run, devices = fresh(case.run), jax.devices()
        mesh = Mesh(np.array(devices), ("lanes",))
        by_lane, copied = PartitionSpec("lanes"), PartitionSpec()
        floats, ids = case.dnas.host().floats, np.arange(len(case.dnas), dtype=np.uint32)
        shared, key = jax.device_put((case.shared, root()), NamedSharding(mesh, copied))

        def lanes(floats: jax.Array, ids: jax.Array, shared: Any, key: jax.Array) -> Metrics:
            def one(lane: tuple[jax.Array, jax.Array]) -> Metrics:
                return run(case.rebuild(*lane[0]), jax.random.fold_in(key, lane[1]), *shared)

            return transform(one)((floats, ids))

        program = jax.jit(
            jax.shard_map(
                lanes,
                mesh=mesh,
                in_specs=(by_lane, by_lane, copied, copied),
                out_specs=by_lane,
                check_vma=False,
            )
        )
        return lambda: jax.tree.map(np.asarray, program(floats, ids, shared, key))

    return job


by_vmap = by_hand(jax.vmap)
by_map = by_hand(lambda one: lambda lanes: jax.lax.map(one, lanes))


def in_buckets(case: Case) -> Job:
    """A program by `lax.map` for each width."""
    widths = case.dnas.host().choices[:, 0]
    jobs = []
    for index, width in enumerate((16, 32, 64)):
        some = case.dnas[np.flatnonzero(widths == index)]

        def rebuild(rate: Any, decay: Any, width: int = width) -> Regression:
            return Regression(rate, decay, width)

        jobs.append(by_map(case._replace(dnas=some, rebuild=rebuild)))
    return lambda: [job() for job in jobs]


def fresh(run: Fn) -> Fn:
    """The same function as another one, so that nothing of it is compiled yet."""
    return lambda *arguments: run(*arguments)


def jobs_of(row: str) -> Mapping[str, Callable[[], Job]]:
    """What is measured in a row, by column; each gives a job of which nothing is compiled."""
    if row in ("mlp", "convnet"):
        case = regression(64) if row == "mlp" else convnet(32)
        makers = {"symjax": by_evaluate, "loop": by_loop, "vmap": by_vmap, "map": by_map}
        return {column: lambda maker=maker: maker(case) for column, maker in makers.items()}
    if row == "widths":
        case = regression(48, search.oneof([16, 32, 64]))
        choices = np.repeat(np.arange(3), 16)[:, None].astype(np.int32)
        case = case._replace(dnas=search.DNA(case.space.spec, choices, case.dnas.host().floats))
        return {"symjax": lambda: by_evaluate(case), "by hand": lambda: in_buckets(case)}
    if row == "each":
        case = regression(64)
        return {"symjax": lambda: by_evaluate(case), "each": lambda: by_each(case)}
    exp = digits.experiment().rebind({"epochs": 3})
    space = digits.search_space(exp)
    case = Case(digits.Experiment.run, space, space.sample(root(), 32), (exp.dataset.load(),), None)
    return {
        "symjax": lambda: by_evaluate(case),
        "vmap of 8": lambda: by_evaluate(case, lanes="vmap", width=8),
    }


def measure(row: str, rounds: int, clock: Callable[[], float]) -> tuple[Seconds, Seconds]:
    """Seconds by a clock of first calls and of later ones, the columns in turns."""
    makers = jobs_of(row)
    first: Seconds = {column: [] for column in makers}
    warm: Seconds = {column: [] for column in makers}
    for index in range(rounds):
        jobs = {column: maker() for column, maker in makers.items()}
        order = list(jobs) if index % 2 else list(reversed(jobs))
        for column in order:
            first[column].append(seconds(jobs[column], clock))
        for column in order:
            warm[column].append(seconds(jobs[column], clock))
        for column in [*order, *order]:  # in turns, for others may keep the machine busy for a while
            warm[column][-1] = min(warm[column][-1], seconds(jobs[column], clock))
        search.clear_programs()
        jax.clear_caches()
    if row == "each":  # of 64 that are all alike 4 were compiled
        first["each"] = [16 * time for time in first["each"]]
        del warm["each"]
    return first, warm


def seconds(job: Job, clock: Callable[[], float]) -> float:
    """How long a job takes."""
    start = clock()
    jax.block_until_ready(job())
    return clock() - start


def add_best(columns: Seconds) -> None:
    """Adds the column of what is fastest by hand."""
    others = {column: times for column, times in columns.items() if column in ("loop", "vmap", "map")}
    if others:
        columns["best"] = min(others.values(), key=statistics.median)


FIRST = [
    Aim("mlp", "best", 1.15, at_most=True),
    Aim("convnet", "best", 1.15, at_most=True),
    Aim("each", "each", 10),
    Aim("example", "vmap of 8", 1.5),
]
WARM = [
    Aim("mlp", "best", 1.1, at_most=True),
    Aim("convnet", "best", 1.1, at_most=True),
    Aim("widths", "by hand", 1.1, at_most=True),
    Aim("example", "vmap of 8", 1.5),
]


def main() -> None:
    """Prints first calls and later ones: medians, ratios, aims."""
    only, rounds = asked(__doc__, ROWS)
    clock = time.process_time if os.environ.get("CLOCK") == "processor" else time.perf_counter
    device = jax.devices()[0]
    print(f"{len(jax.devices())} devices: {device.device_kind} ({device.platform}); {os.cpu_count()} cores")
    print(f"seconds by time.{clock.__name__}")
    first: dict[str, Seconds] = {}
    warm: dict[str, Seconds] = {}
    for row in only:
        first[row], warm[row] = measure(row, rounds, clock)
        add_best(first[row])
        add_best(warm[row])
    for title, results, aims in (("First calls", first, FIRST), ("Later calls", warm, WARM)):
        print(f"\n{title}\n")
        print_medians(results, ROWS, COLUMNS)
        print("\nRatios: how many times as long as symjax.\n")
        print_ratios(results, ROWS, COLUMNS)
        print("\nAims: the median ratio, and its quartiles over the rounds.\n")
        print_aims(results, ROWS, aims, "symjax")


if __name__ == "__main__":
    jax.config.update("jax_enable_compilation_cache", False)  # a first call is one that compiles
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    main()
