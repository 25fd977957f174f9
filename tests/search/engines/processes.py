"""What two processes of `jax.distributed` run: ``processes.py RANK PORT FOLDER SCENE``."""

import contextlib
import os
import pickle
import signal
import sys
import traceback
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp

from symjax import search
from symjax.search.engines import Distributed, HostLost, Local

if __name__ == "__main__":  # before anything else of JAX
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{sys.argv[2]}", num_processes=2, process_id=int(sys.argv[1]))

SPACE = search.space({"width": search.oneof([2, 3, 4]), "x": search.floatv(-1.0, 1.0)})
DNAS = SPACE.sample(jax.random.key(0), 24).host()
KEY = jax.random.key(1)
TABLE = jnp.arange(2000.0)  # large enough to be an argument of the program


class Odd(Exception):
    """Of a script."""


def check(x):
    if x > 0.9:
        raise Odd(f"{x:.3f} is too much")
    return x


def train(exp, key, data):
    x = jax.pure_callback(check, jax.ShapeDtypeStruct((), jnp.float32), exp["x"], vmap_method="sequential")
    noise = jax.random.normal(key)
    y = jnp.sum(jax.nn.softmax(jnp.tanh(data * x))) * exp["width"] + noise + TABLE[3]
    return {"y": y, "curve": jnp.arange(200.0) * x}  # more bytes than a first message has room for


def plain(exp, key):
    return exp["x"] * exp["width"] + jax.random.normal(key)


DATA = jnp.arange(5.0)


def together(rank, folder):
    """Everything that two processes do while both are well."""
    engine = Distributed(timeout=300)
    seen, led = [], []
    mapped = engine.evaluate(train, SPACE, DNAS, KEY, DATA, first_id=5, on_result=seen.append)
    expected = Local().evaluate(train, SPACE, DNAS, KEY, DATA, first_id=5)
    repeated = engine.evaluate(plain, SPACE, DNAS, KEY, repeats=2)
    vectorized = Distributed(lanes="vmap", width=2, timeout=300).evaluate(plain, SPACE, DNAS, KEY)
    found = search.run(search.algorithms.Random(), plain, SPACE, 10, KEY, engine=engine, batch=4)
    outcome = {
        "mapped": mapped,
        "local": expected,
        "seen": sorted(number for part in seen for number in part.ids.tolist()),
        "repeated": repeated,
        "vectorized": vectorized,
        "search": found,
        "study": engine.lead(study(folder, led), plain, SPACE),
        "led": len(led),
        "leader": engine.is_leader,
        "agreed": engine.agree(lambda: f"of {rank}"),
    }
    for name, call in (
        ("refused", lambda: engine.evaluate(plain, SPACE, DNAS[: 3 + rank], KEY)),
        (
            "interrupted",
            lambda: engine.evaluate(plain, SPACE, DNAS, KEY, on_result=leaving(rank, KeyboardInterrupt())),
        ),
        (
            "left",
            lambda: engine.evaluate(plain, SPACE, DNAS, KEY, on_result=leaving(rank, OSError("disk full"))),
        ),
        ("study of each", lambda: study(folder, [])(engine)),
        ("failed", lambda: engine.lead(lambda leading: 1 // 0, plain, SPACE)),
        ("disagreed", lambda: engine.agree(lambda: 1 // rank)),
    ):
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - what it is, is compared
            outcome[name] = (type(error).__name__, str(error))
            partial = getattr(error, "results", None)
            if partial is not None:
                outcome[f"{name} pending"] = int(partial.pending.sum())
    outcome["after"] = engine.evaluate(plain, SPACE, DNAS, KEY)
    return outcome


def study(folder, led):
    """A study, which one process runs."""

    def run(engine):
        with search.Study(folder / "study.sqlite", SPACE, search.algorithms.Random()) as study:
            return study.run(plain, 12, KEY, batch=5, engine=engine, on_result=led.append)

    return run


def leaving(rank, error):
    """Raises in the second process."""

    def on_result(results):
        if rank == 1:
            raise error

    return on_result


def alone(rank, folder):
    """The second process is killed in mid-study; the first one ends, and is started again on its own."""
    calls = []

    def fatal(x):
        calls.append(x)
        if rank == 1 and len(calls) > 8:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    def fragile(exp, key):
        x = jax.pure_callback(fatal, jax.ShapeDtypeStruct((), jnp.float32), exp["x"])
        return x * exp["width"] + jax.random.normal(key)

    def search_in(name, engine, reported=None):
        with search.Study(folder / name, SPACE, search.algorithms.Random()) as study:
            return study.run(fragile, 40, KEY, batch=10, engine=engine, on_result=reported)

    seen = []
    engine = Distributed(timeout=300)
    try:
        engine.lead(lambda leading: search_in("study.sqlite", leading, seen.append), fragile, SPACE)
    except HostLost as error:
        with search.Study(folder / "study.sqlite") as study:
            before = study.results
        with contextlib.suppress(HostLost):  # it stays lost
            engine.evaluate(fragile, SPACE, DNAS, KEY)
            raise AssertionError("the other process is back") from None
        return {
            "error": str(error),
            "reported": [number for part in seen for number in part.ids.tolist()],
            "before": before.ids[~before.pending].tolist(),
            "resumed": search_in("study.sqlite", Local()),
            "uninterrupted": search_in("another.sqlite", Local()),
        }
    raise AssertionError("the other process is still there")


if __name__ == "__main__":
    rank, folder, scene = int(sys.argv[1]), Path(sys.argv[3]), sys.argv[4]
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", r"\d+ of \d+ configurations raised", RuntimeWarning)
    try:
        outcome = {"together": together, "alone": alone}[scene](rank, folder)
        (folder / f"{rank}.part").write_bytes(pickle.dumps(outcome))
        (folder / f"{rank}.part").rename(folder / f"{rank}.pickle")
    except BaseException:  # noqa: BLE001 - printed, for the test to show
        traceback.print_exc()
    finally:
        os._exit(0)  # not through JAX's farewell, which waits for the other process
