"""Running a plan: what is tried again in fewer lanes, and what is not."""

import pickle
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.jobs import Job
from symjax.search.evaluation.outcomes import Outcomes
from symjax.search.evaluation.pace import Pace
from symjax.search.evaluation.progress import reporter
from symjax.search.evaluation.requests import Request
from symjax.search.evaluation.running.runner import Runner
from symjax.search.results.objective import Objective

KEY = jax.random.key(3)
ONE = jax.devices()[:1]
SPACE = search.space({"x": search.floatv(0, 1)})
DNAS = SPACE.sample(KEY, 24).host()
X = DNAS.floats[:, 0]


def carry_out(plan, report=False, within_memory=False):
    """What comes of a plan."""
    outcomes = Outcomes(Request(plan.space, plan.dnas, plan.ids, plan.key, 1, Objective(), "run(exp, key)"))
    job = Job(plan, outcomes, (), 1, reporter(report), None, Pace(), width=None if within_memory else 1)
    Runner(job).run()
    return outcomes.results()


OUT_OF_MEMORY = """
    import resource, warnings
    import jax, jax.numpy as jnp, numpy as np
    from symjax import search
    jax.devices()
    taken = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + (3 << 30),) * 2)

    def run(exp, key, large):
        def big(x):  # 128 MiB in each lane, reserved although it is not taken
            return jnp.sort(jnp.sin(x * jnp.arange(1 << 25, dtype=jnp.float32)))[0]
        return jax.lax.cond(large > 0, big, lambda x: 2 * x, exp['x'])

    space = search.space({'x': search.floatv(0, 1)})
    dnas = space.sample(jax.random.key(0), 32)
    seen = []
    results = search.evaluate(
        run, space, dnas, jax.random.key(1), 0.0, lanes='vmap', width=32, devices=jax.devices()[:1],
        progress=lambda done, total: seen.append(done),
    )
    print(results.plan.widths[0], results.compiled, len(results.errors), seen[-1])
    print(np.array_equal(results.metrics, 2 * dnas.floats[:, 0]))

    def huge(exp, key):  # 32 GiB in a lane of one of the buckets
        if exp['n'] < 2:
            return exp['x']
        return jnp.sort(jnp.sin(exp['x'] * jnp.arange(1 << 33, dtype=jnp.float32)))[0]

    space = search.space({'n': search.oneof([1, 2]), 'x': search.floatv(0, 1)})
    dnas = search.DNA.from_numbers(space.spec, [[1, 0.5], [0, 0.5], [1, 0.5]])
    with warnings.catch_warnings(record=True) as caught:
        results = search.evaluate(huge, space, dnas, jax.random.key(1), devices=jax.devices()[0])
    print(results.states.tolist(), str(caught[-1].message)[:28], results[0].traceback.splitlines()[-1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
def test_out_of_memory_is_tried_again_in_fewer_lanes():
    script = textwrap.dedent(OUT_OF_MEMORY)
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    numbers, failed = done.stdout.removesuffix("\n").rsplit("\n", 1)
    lanes, compiled, errors, last, same = numbers.split()
    assert int(lanes) < 32
    assert (int(compiled), errors, last, same) == (2 if lanes == "8" else 3, "0", "32", "True")
    assert failed.startswith("['failed', 'ok', 'failed'] 2 of 3 configurations raised the bucket n=2 (2)")
    assert "does not fit into memory with 1 lane on each device" in failed


def test_another_error_at_run_time_keeps_the_lanes(capfd):
    def check(x):
        if x > 0.75:
            raise ValueError("too large")
        return np.float32(x)

    traced = []

    def run(exp, key):
        traced.append(1)
        shape = jax.ShapeDtypeStruct((), np.float32)
        return jax.pure_callback(check, shape, exp["x"], vmap_method="sequential")

    plan = search.plan(run, SPACE, DNAS, KEY, lanes="vmap", width=8, devices=ONE)
    results = carry_out(plan)
    assert sorted(results.errors) == np.flatnonzero(X > 0.75).tolist() != []
    assert {type(error) for error in results.errors.values()} == {jax.errors.JaxRuntimeError}
    assert results.plan.widths == (8,)
    assert (results.compiled, results.reused, len(traced)) == (1, 0, 1)


def test_another_error_of_the_compiler_is_not_tried_again():
    traced = []

    def run(exp, key):
        traced.append(1)
        return jax.ffi.ffi_call("nobody_wrote_this", jax.ShapeDtypeStruct((), np.float32))(
            jnp.float32(len(exp["x"]))
        )

    space = search.space({"x": search.oneof(["one"])})
    plan = search.plan(run, space, space.sample(KEY, 3), KEY, lanes="vmap", width=8, devices=ONE)
    before = len(traced)
    results = carry_out(plan)
    assert sorted(results.errors) == [0, 1, 2]
    assert len({id(error) for error in results.errors.values()}) == 1
    assert "nobody_wrote_this" in str(results.errors[0])
    assert (results.compiled, len(traced)) == (0, before)


def test_data_that_all_buckets_share_is_sent_once(monkeypatch):
    data = np.arange(10_000, dtype=np.float32)
    space = search.space({"n": search.oneof(["a", "b", "c"])})
    dnas = search.DNA.from_numbers(space.spec, [[0], [1], [2], [1]])
    plan = search.plan(lambda exp, key, data: data[ord(exp["n"]) - 97], space, dnas, KEY, data)
    put, sent = jax.device_put, []
    monkeypatch.setattr(jax, "device_put", lambda x, where: sent.append(x) or put(x, where))
    results = carry_out(plan, within_memory=True)
    assert len(results.plan.buckets) == 3
    assert results.metrics.tolist() == [0, 1, 2, 1]
    assert sum(x is data for x in sent) == 1


def test_a_plan_that_was_pickled_cannot_run_again():
    space = search.space({"x": search.floatv(0, 1)})
    plan = search.plan(lambda exp, key: exp["x"], space, DNAS, KEY)
    with pytest.raises(ValueError, match="was pickled"):
        carry_out(pickle.loads(pickle.dumps(plan)))


def test_reports_never_fall_and_end_at_the_total():
    reports = []
    plan = search.plan(lambda exp, key: exp["x"], SPACE, DNAS, KEY, lanes="vmap", width=2, devices=ONE)
    results = carry_out(plan, lambda done, total: reports.append((done, total)))
    assert reports[0] == (0, 24)
    assert reports[-1] == (24, 24)
    assert reports == sorted(reports)
    assert results.metrics.tolist() == X.tolist()
