"""What is finished is not lost: Ctrl-C wherever it hits, and exceptions of callbacks."""

import dataclasses
import pickle
import signal
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.interrupts import attach, finished

KEY = jax.random.key(5)
SPACE = search.space({"n": search.oneof([1, 2, 3]), "x": search.floatv(0, 1)})
DNAS = SPACE.sample(jax.random.key(1), 12).host()


def run(exp, key):
    return {"y": exp["x"] * exp["n"] + jax.random.normal(key), "n": jnp.int32(exp["n"])}


def interrupt(*_):
    raise KeyboardInterrupt


def bits(results):
    return [np.asarray(column).tobytes() for column in jax.tree.leaves(results.metrics)]


@pytest.fixture(scope="module")
def whole():
    return search.evaluate(run, SPACE, DNAS, KEY)


@pytest.mark.parametrize("first", [0, 4, 8])
def test_an_interrupt_gives_what_is_finished_and_a_resume_the_rest(whole, first):
    """Interrupted while the chunk is told in which the first of some configurations is."""

    def on_result(results):
        if whole.ids[first] in results.ids:
            raise KeyboardInterrupt

    with pytest.raises(search.Interrupted) as caught:
        search.evaluate(run, SPACE, DNAS, KEY, on_result=on_result)
    partial = caught.value.results
    states = partial.states.tolist()
    assert states[first] == "ok"
    assert set(states) <= {"ok", "pending"}
    done = partial.states == "ok"
    assert np.array_equal(partial["y"][done], whole["y"][done])
    assert f"{done.sum()} of 12 configurations are finished" in str(caught.value)
    assert "search.evaluate(…, resume=results)" in str(caught.value)

    told = []
    rest = search.evaluate(run, SPACE, DNAS, KEY, resume=partial, on_result=told.append)
    assert bits(rest) == bits(whole)
    assert rest.states.tolist() == ["ok"] * 12
    assert sorted(int(id) for part in told for id in part.ids) == np.flatnonzero(~done).tolist()


def test_an_interrupt_at_trace_time_gives_what_was_resumed():
    partial = search.evaluate(run, SPACE, DNAS, KEY)[:]
    search.clear_programs()

    def traced(exp, key):
        if traced.interrupts:
            raise KeyboardInterrupt
        return run(exp, key)

    traced.interrupts = True
    with pytest.raises(search.Interrupted) as caught:
        search.evaluate(traced, SPACE, DNAS, KEY)
    assert caught.value.results.states.tolist() == ["pending"] * 12
    traced.interrupts = False
    resumed = search.evaluate(traced, SPACE, DNAS, KEY, resume=caught.value.results)
    assert bits(resumed) == bits(partial)


def test_an_interrupt_in_a_callback_of_the_function_is_one():
    """On a CPU callbacks may run on the main thread, where Python handles signals."""

    def check(x):
        if check.interrupts:
            signal.raise_signal(signal.SIGINT)
        return np.float32(x)

    def with_callback(exp, key):
        shape = jax.ShapeDtypeStruct((), np.float32)
        return jax.pure_callback(check, shape, exp["x"], vmap_method="sequential")

    check.interrupts = True
    with pytest.raises(search.Interrupted) as caught:
        search.evaluate(with_callback, SPACE, DNAS[:2], KEY, devices=jax.devices()[0])
    assert caught.value.results.states.tolist() == ["pending"] * 2
    check.interrupts = False
    rest = search.evaluate(with_callback, SPACE, DNAS[:2], KEY, resume=caught.value.results)
    assert rest.metrics.tolist() == DNAS.floats[:2, 0].tolist()


@pytest.mark.parametrize("how", ["on_result", "progress"])
def test_an_exception_of_a_callback_comes_out_with_the_results(whole, how):
    def broken(what):
        if getattr(what, "done", 1):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full") as caught:
        search.evaluate(run, SPACE, DNAS, KEY, **{how: broken})
    (note,) = caught.value.__notes__
    partial = caught.value.results
    assert note.startswith(finished(partial))
    assert not partial.pending.all()
    assert bits(search.evaluate(run, SPACE, DNAS, KEY, resume=partial)) == bits(whole)


def test_interrupts_pickle():
    with pytest.raises(search.Interrupted) as caught:
        search.evaluate(run, SPACE, DNAS, KEY, on_result=interrupt)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert bits(again.results) == bits(caught.value.results)


def test_an_exception_that_cannot_be_changed_has_them_too(whole):
    @dataclasses.dataclass(frozen=True)
    class Frozen(Exception):
        code: int

    error = Frozen(3)
    attach(error, whole, "no")
    assert (error.results, error.__notes__) == (whole, ["no"])


CTRL_C = """
    import os, signal, threading
    import jax, jax.numpy as jnp
    from symjax import search

    def long(exp, key):
        turns = jnp.where(exp['n'] > 1, 10**9, 1)  # half a minute, if nobody interrupts
        return jax.lax.fori_loop(0, turns, lambda i, x: x + 1e-9 * jnp.sin(x), exp['x']) * 0 + exp['n']

    space = search.space({'n': search.oneof([1, 2]), 'x': search.floatv(0, 1)})
    dnas = search.DNA.from_numbers(space.spec, [[0, 0.5], [1, 0.5], [0, 0.25]])
    ctrl_c = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))

    def progress(now):
        if now.compiled == now.done == 2:
            ctrl_c.start()

    try:
        search.evaluate(long, space, dnas, jax.random.key(0), progress=progress)
    except KeyboardInterrupt as error:
        print(type(error).__name__, error.results.states.tolist(), error.results.metrics.tolist(), flush=True)
    os._exit(0)  # the devices are still at it
"""


def test_a_real_ctrl_c_is_heeded_while_the_devices_work():
    script = textwrap.dedent(CTRL_C)
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Interrupted ['ok', 'pending', 'ok'] [1.0, nan, 1.0]"
