"""`Ray`: workers of a local cluster, of which some are killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.engines import Ray, WorkerLost

SPACE = search.space({"width": search.oneof([2, 3, 4]), "x": search.floatv(-1.0, 1.0)})
KEY = jax.random.key(1)
DATA = jnp.arange(5.0)


@pytest.fixture(scope="module")
def engine(cluster):
    """Two workers, which several tests share: they take seconds to start."""
    with Ray(workers=2, share=8, retries=1) as workers:
        yield workers


def equal(results, expected):
    """Whether two results are the same, to the last bit."""
    assert results.states.tolist() == expected.states.tolist()
    done = expected.states == "ok"
    np.testing.assert_array_equal(results["y"][done], expected["y"][done])
    np.testing.assert_array_equal(results.ids, expected.ids)
    return True


@pytest.mark.ray
@pytest.mark.exact
@pytest.mark.slow
def test_results_are_those_of_this_process_and_so_are_failures(engine):
    class Odd(Exception):
        """Of a class that workers cannot import."""

    def train(exp, key, data):
        noise = jax.random.normal(key)

        def check(x):
            if x > 0.9:
                raise Odd(f"{x:.3f} is too much")
            return x

        x = jax.pure_callback(check, jax.ShapeDtypeStruct((), jnp.float32), exp["x"])
        return {"y": jnp.sum(jnp.tanh(data * x)) * exp["width"] + noise, "pid": os.getpid()}

    dnas = SPACE.sample(jax.random.key(0), 40)
    parts = []
    with pytest.warns(RuntimeWarning, match="configurations raised"):
        results = engine.evaluate(
            train, SPACE, dnas, KEY, DATA, first_id=7, objective="y", on_result=parts.append
        )
    with pytest.warns(RuntimeWarning, match="configurations raised"):
        expected = search.evaluate(train, SPACE, dnas, KEY, DATA, first_id=7, objective="y")
    assert equal(results, expected)
    assert len(results.errors) > 0
    assert sorted(number for part in parts for number in part.ids.tolist()) == list(range(7, 47))
    done = results.states == "ok"
    assert not (results["pid"][done] == os.getpid()).any()
    for row, error in results.errors.items():
        assert "is too much" in str(error)
        assert "Odd" in results.tracebacks[row]

    some = [row for row in np.flatnonzero(done) if results[int(row)].experiment["width"] == 3][:8]
    again = engine.evaluate(train, SPACE, dnas[some], KEY, DATA, ids=results.ids[some])
    assert equal(again, expected[some])
    assert (again.compiled, again.reused) == (0, 1)  # the share went to a worker that has its program


@pytest.mark.ray
@pytest.mark.slow
def test_exceptions_keep_their_class_and_traceback(engine):
    class Odd(Exception):
        """Of a class that workers cannot import."""

    driver = os.getpid()

    def train(exp, key):
        if exp["width"] == 3 and os.getpid() != driver:
            raise Odd("no three in a worker")
        return {"y": exp["x"]}

    dnas = SPACE.sample(jax.random.key(0), 12)
    threes = [trial.experiment["width"] == 3 for trial in _trials(dnas)]
    with pytest.warns(RuntimeWarning, match="no three in a worker"):
        results = engine.evaluate(train, SPACE, dnas, KEY)
    assert (results.states == "failed").tolist() == threes
    row = threes.index(True)
    assert type(results.errors[row]) is Odd
    assert 'raise Odd("no three in a worker")' in results.tracebacks[row]


def _trials(dnas):
    return search.evaluate(lambda exp, key: exp["x"], SPACE, dnas, KEY)


@pytest.mark.ray
@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_task_is_replaced_and_no_trial_is_lost(engine, tmp_path):
    mark = str(tmp_path / "killed")

    def fragile(x):
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return x
        os.kill(os.getpid(), signal.SIGKILL)

    def train(exp, key):
        x = jax.pure_callback(fragile, jax.ShapeDtypeStruct((), jnp.float32), exp["x"])
        return {"y": x * exp["width"] + jax.random.normal(key)}

    dnas = SPACE.sample(jax.random.key(0), 24)
    parts = []
    results = engine.evaluate(train, SPACE, dnas, KEY, on_result=parts.append)
    assert Path(mark).exists()
    assert equal(results, search.evaluate(train, SPACE, dnas, KEY))  # the mark is there
    assert sorted(number for part in parts for number in part.ids.tolist()) == list(range(24))


@pytest.mark.ray
@pytest.mark.slow
def test_a_configuration_that_ends_its_worker_each_time_fails_alone(cluster):
    driver = os.getpid()

    def fatal(x):
        if x > 0.5 and os.getpid() != driver:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    def train(exp, key):
        return {"y": jax.pure_callback(fatal, jax.ShapeDtypeStruct((), jnp.float32), exp["x"])}

    space = search.space({"x": search.floatv(0.0, 1.0)})
    dnas = search.DNA.from_numbers(space.spec, [[0.1], [0.9]])
    with Ray(1, {"num_cpus": 0}, share=2, retries=0) as engine, pytest.warns(RuntimeWarning, match="1 of 2"):
        results = engine.evaluate(train, space, dnas, KEY)
    assert results.states.tolist() == ["ok", "failed"]
    assert isinstance(results.errors[1], WorkerLost)


@pytest.mark.ray
@pytest.mark.slow
def test_an_interrupt_keeps_what_is_finished_and_a_search_goes_on(engine):
    def train(exp, key):
        return {"y": exp["x"] * exp["width"] + jax.random.normal(key)}

    def interrupt(results):
        raise KeyboardInterrupt

    dnas = SPACE.sample(jax.random.key(0), 24)
    with pytest.raises(search.Interrupted) as raised:
        engine.evaluate(train, SPACE, dnas, KEY, on_result=interrupt)
    finished = raised.value.results
    assert 0 < finished.pending.sum() < 24
    results = engine.evaluate(train, SPACE, dnas, KEY, resume=finished)
    assert equal(results, search.evaluate(train, SPACE, dnas, KEY))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "workers is a whole number of at least 1, got 0"),
        ({"share": True}, "share is a whole number of at least 1, got True"),
        ({"retries": -1}, "retries is a whole number of at least 0, got -1"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        Ray(**settings)


def test_resources_are_a_mapping():
    with pytest.raises(TypeError, match=r"such as {'num_gpus': 1}; got 1"):
        Ray(resources=1)


def test_ray_is_imported_when_it_is_used():
    code = "import sys, symjax.search; symjax.search.engines.Ray(); assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
