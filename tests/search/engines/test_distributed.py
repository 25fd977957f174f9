"""`Distributed`: two processes of `jax.distributed` on this machine, with a device each."""

import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.engines import Distributed

SCRIPT = Path(__file__).with_name("processes.py")
FLAG = "--xla_force_host_platform_device_count"


def run(folder, scene, expected=(0, 1)):
    """What the two processes say in the end; they are killed then, whatever they do."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = str(listening.getsockname()[1])
    flags = " ".join(flag for flag in os.environ["XLA_FLAGS"].split() if not flag.startswith(FLAG))
    environment = {**os.environ, "XLA_FLAGS": f"{flags} {FLAG}=1"}
    outputs = [folder / f"{rank}.txt" for rank in (0, 1)]
    processes = []
    try:
        for rank, output in enumerate(outputs):
            command = [sys.executable, "-P", SCRIPT, str(rank), port, folder, scene]
            with output.open("wb") as out:
                processes.append(
                    subprocess.Popen(
                        command,
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                    )
                )
        for rank in expected:
            processes[rank].wait(timeout=300)
    finally:
        for process in processes:
            process.kill()  # JAX catches SIGTERM
            process.wait()
    said = [folder / f"{rank}.pickle" for rank in expected]
    for path in said:
        assert path.exists(), "\n".join(output.read_text()[-3000:] for output in outputs)
    return [pickle.loads(path.read_bytes()) for path in said]


def equal(results, expected):
    """Whether two results are the same, to the last bit."""
    assert results.states.tolist() == expected.states.tolist()
    assert results.ids.tolist() == expected.ids.tolist()
    done = expected.states == "ok"
    for one, other in zip(jax.tree.leaves(results.metrics), jax.tree.leaves(expected.metrics), strict=True):
        np.testing.assert_array_equal(one[done], other[done])
    return True


@pytest.mark.distributed
@pytest.mark.exact
@pytest.mark.slow
def test_two_processes_search_as_one(tmp_path):
    first, second = run(tmp_path, "together")
    for outcome in (first, second):
        assert equal(outcome["mapped"], outcome["local"])
        assert len(outcome["mapped"].errors) > 0
        assert all("is too much" in str(error) for error in outcome["mapped"].errors.values())
        assert outcome["seen"] == list(range(5, 29))
        assert outcome["mapped"].plan.widths == (2, 2, 2)
        assert outcome["agreed"] == "of 0"
        assert outcome["refused"][0] == "ValueError"
        assert "called with different batches" in outcome["refused"][1]
        assert outcome["interrupted"][0] == "Interrupted"
        assert 0 < outcome["interrupted pending"] < 24
        assert 0 < outcome["left pending"] < 24
        assert outcome["study of each"][0] == "StudyError"
        assert outcome["failed"] == outcome["disagreed"]
        assert outcome["disagreed"] == ("ZeroDivisionError", "integer division or modulo by zero")
        assert equal(outcome["after"], first["after"])
    assert first["left"] == ("HostLost", "process 1 has left the evaluation: OSError: disk full")
    assert second["left"][0] == "OSError"
    assert (first["leader"], second["leader"]) == (True, False)
    assert (first["led"] > 0, second["led"]) == (True, 0)
    for name in ("mapped", "repeated", "vectorized", "search", "study"):
        assert equal(second[name], first[name])

    # The same as in one process: on its two devices, in programs of two partitions.
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        from processes import DNAS, KEY, SPACE, plain
    finally:
        sys.path.remove(str(SCRIPT.parent))
    assert equal(first["after"], search.evaluate(plain, SPACE, DNAS, KEY))
    assert equal(first["repeated"], search.evaluate(plain, SPACE, DNAS, KEY, repeats=2))
    assert equal(first["vectorized"], search.evaluate(plain, SPACE, DNAS, KEY, lanes="vmap", width=2))
    assert equal(first["search"], search.run(search.algorithms.Random(), plain, SPACE, 10, KEY, batch=4))


@pytest.mark.distributed
@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_others_and_the_study_loses_no_trial(tmp_path):
    (outcome,) = run(tmp_path, "alone", expected=(0,))
    assert "a process of the 2 is gone" in outcome["error"]
    assert "start all processes again" in outcome["error"]
    assert 0 < len(outcome["before"]) < 40
    assert set(outcome["reported"]) <= set(outcome["before"])
    assert equal(outcome["resumed"], outcome["uninterrupted"])
    assert outcome["resumed"].ids.tolist() == list(range(40))


def test_it_says_that_processes_have_not_joined():
    space = search.space({"x": search.floatv(0.0, 1.0)})
    dnas = space.sample(jax.random.key(0), 2)
    with pytest.raises(RuntimeError, match=r"call jax\.distributed\.initialize\(\) in each"):
        Distributed().evaluate(lambda exp, key: exp["x"], space, dnas, jax.random.key(1))


def test_the_time_to_wait_is_checked():
    with pytest.raises(ValueError, match="seconds above zero, got 0"):
        Distributed(timeout=0)
