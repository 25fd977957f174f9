"""`plan`: what it says, and that it runs and compiles nothing."""

import pickle
from pathlib import Path

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA
from symjax.search.compiling.compile_times import CompileTime, Record
from symjax.search.planning.ladder import free_memory

KEY = jax.random.key(0)
ONE = jax.devices()[:1]


class Task(sj.Object):
    act: str
    x: float
    gate: float = 1.0

    def run(self, key):
        if self.act == "bad":
            raise ValueError("bad")
        return self.x if self.gate > 0.5 else -self.x


SPACE = search.space(
    Task(act=search.oneof(["a", "b", "bad"]), x=search.floatv(0, 1), gate=search.oneof([0.0, 1.0]))
)
DNAS = DNA.from_numbers(SPACE.spec, [[i % 3, i / 60, i % 2] for i in range(60)])


LINE = (
    Path(__file__).read_text().splitlines().index("        return self.x if self.gate > 0.5 else -self.x") + 1
)


def plan_of_task(**how):
    with pytest.warns(search.PlanWarning, match="gate cannot be a lane") as caught:
        plan = search.plan(Task.run, SPACE, DNAS, KEY, **how)
    assert [warning.filename for warning in caught] == [__file__]
    return plan


def test_says_everything_in_a_line():
    search.clear_programs()
    plan = plan_of_task(lanes="vmap", width=2, devices=ONE)
    assert str(plan) == (
        "60 configurations → 2 programs of 2 lanes; split by act (a, b, bad), gate (0.0, 1.0); lanes: x; demoted "
        "to structure, because the function cannot trace them: gate (TracerBoolConversionError at "
        f"test_plan.py:{LINE}: self.gate > 0.5); 20 configurations cannot run: ValueError: bad"
    )
    assert repr(plan) == f"<Plan: {plan}>"
    assert not any(bucket.program.is_compiled for bucket in plan.buckets)


def test_says_how_many_devices():
    plan = plan_of_task(lanes="vmap", width=8)
    assert f"2 programs of {8 * len(jax.devices())} lanes; over {len(jax.devices())} devices" in str(plan)


def test_is_what_evaluate_carries_out():
    plan = plan_of_task()
    with pytest.warns(search.PlanWarning), pytest.warns(RuntimeWarning, match="20 of 60"):
        results = search.evaluate(Task.run, SPACE, DNAS, KEY)
    assert str(results.plan) == str(plan)
    assert sorted(row for bucket in plan.buckets for row in bucket.rows) == (
        [i for i in range(60) if i % 3 < 2]
    )


def test_long_lists_of_names_are_cut():
    space = search.space([search.floatv(0, 1)] * 12)
    plan = search.plan(lambda exp, key: sum(exp), space, space.sample(KEY, 2), KEY, devices=ONE)
    assert str(plan) == (
        "2 configurations → 1 program, mapped; lanes: [0], [1], [2], [3], [4], [5], [6], [7], … (4 more)"
    )


def test_memory_decides_the_rung_when_lanes_are_not_given():
    space = search.space({"x": search.floatv(0, 1)})
    dnas = space.sample(KEY, 64)
    # A lane asks for a sixth to a third of what is free; it is never touched: the branch is not taken.
    size = int(free_memory(tuple(ONE))) // 6 // 4

    def run(exp, key, large):
        def big(x):
            return jax.numpy.sort(x * jax.numpy.arange(size, dtype=jax.numpy.float32))[0]

        return jax.lax.cond(large > 0, big, lambda x: x, exp["x"])

    assert search.plan(run, space, dnas, KEY, 0.0, lanes="vmap", devices=ONE).widths > (2,)
    results = search.evaluate(run, space, dnas, KEY, 0.0, lanes="vmap", devices=ONE)
    assert results.plan.widths == (2,)
    assert results.metrics.tolist() == dnas.floats[:, 0].tolist()


def test_a_pickled_plan_says_the_same():
    plan = plan_of_task()
    again = pickle.loads(pickle.dumps(plan))
    assert str(again) == str(plan)
    assert (again.dnas, again.space, again.programs) == (plan.dnas, SPACE, 2)
    assert again.ids.tolist() == list(range(60))
    assert {row: repr(error) for row, error in again.errors.items()} == (
        {row: repr(error) for row, error in plan.errors.items()}
    )
    assert (again.task, again.buckets) == (None, ())


def test_values_are_told_as_people_call_them():
    space = search.space(
        {
            "width": search.oneof({"small": 8, "big": 16}),
            "depth": search.intv(1, 64),
            "rate": search.floatv(0.0, 1.0, name="rate"),
            "order": search.permutate(["a", "b"]),
        }
    )
    dnas = DNA.from_numbers(space.spec, [[i // 5, 1 + i, 0.5, i // 5, 1 - i // 5] for i in range(6)])
    plan = search.plan(lambda exp, key: exp["rate"], space, dnas, KEY, devices=ONE)
    assert str(plan).split("; ")[1] == (
        "split by width (small, big), depth (1, 2, 3, 4, … 6 values), order ([a, b], [b, a])"
    )
    assert plan.lanes == ("rate",)


def test_trees_make_a_batch_as_dnas_do():
    trees = [Task("a", 0.5), Task("b", 0.25, 0.0), SPACE.sample(KEY)]
    with pytest.warns(search.PlanWarning):
        assert len(search.plan(Task.run, SPACE, trees, KEY)) == 3
    with pytest.raises(ValueError, match=r"'c' is no candidate.*\(path=act\)") as caught:
        search.plan(Task.run, SPACE, [trees[0], Task("c", 0.5)], KEY)
    assert caught.value.__notes__ == ["This is number 1 of the list of configurations."]


class TestWhatAllStructuresRaise:
    def structures(self, n):
        space = search.space(
            {"n": search.intv(0, n - 1), "m": search.intv(0, n - 1), "x": search.floatv(0, 1)}
        )
        return space, DNA.from_numbers(space.spec, [[i, i, 0.5] for i in range(n)])

    def test_is_raised_after_two_of_them(self):
        traces = []

        def run(exp, key):
            traces.append(exp["n"])
            return undefined  # noqa: F821 - that is the point

        with pytest.raises(NameError, match="undefined") as caught:
            search.plan(run, *self.structures(100), KEY)
        assert "undefined" in str(caught.traceback[-1].statement)
        assert len(set(traces)) == 2

    def test_may_be_about_some_of_them_and_is_not_traced_again(self):
        traces = []

        def run(exp, key):
            traces.append(exp["n"])
            if exp["n"] != 13:
                raise ValueError("only 13 will do")
            return exp["x"]

        space, dnas = self.structures(30)
        plan = search.plan(run, space, dnas, KEY, devices=ONE)
        assert (plan.programs, len(plan.errors)) == (1, 29)
        assert "29 configurations cannot run: ValueError: only 13 will do" in str(plan)
        before = len(traces)
        assert str(search.plan(run, space, dnas, KEY, devices=ONE)) == str(plan)
        assert len(traces) == before
        pending = search.plan(run, space, dnas, KEY, devices=ONE).errors
        assert {type(failure.error) for failure in pending.values()} == {ValueError}
        assert {"only 13 will do" in failure.traceback for failure in pending.values()} == {True}

    def test_has_its_own_traceback_also_when_it_is_remembered(self):
        def run(exp, key):
            if exp["n"] == 0:
                raise ValueError("not 0")
            return exp["x"]

        space, dnas = self.structures(2)
        search.plan(run, space, dnas, KEY)
        with pytest.raises(ValueError, match="not 0") as caught:
            search.plan(run, space, dnas[:1], KEY)
        assert "raise ValueError" in str(caught.traceback[-1].statement)
        assert "raised with n=0, m=0" in caught.value.__notes__

    def test_is_found_where_only_the_last_structure_works(self):
        def run(exp, key):
            assert exp["n"] == 39, f"{exp['n']} is too few"
            return exp["x"]

        plan = search.plan(run, *self.structures(40), KEY, devices=ONE)
        assert (plan.programs, len(plan.errors)) == (1, 39)


def test_nearly_as_many_programs_as_configurations_are_warned_of():
    class Fit(sj.Object):
        rate: float = sj.field(static=True)

    space = search.space(Fit(search.floatv(0.1, 0.5)))
    message = (
        r"12 configurations need 12 programs, .*: rate takes 12 values, and is a float that is structure.* "
        r"Make such a float a leaf.* or open it with few values, by oneof"
    )
    with pytest.warns(search.PlanWarning, match=message) as caught:
        search.plan(lambda exp, key: exp.rate, space, space.sample(KEY, 12), KEY)
    assert caught[0].filename == __file__
    few = search.space(Fit(search.oneof([0.1, 0.5])))
    assert search.plan(lambda exp, key: exp.rate, few, few.sample(KEY, 12), KEY).advice == ()


def test_nothing_is_warned_of_what_is_compiled_already():
    data = np.zeros(300_000, np.float32)

    def run(exp, key):
        return exp["n"] + jax.numpy.asarray(data)[exp["n"]]

    space = search.space({"n": search.intv(1, 10)})
    dnas = list(space.enumerate())[:8]
    with pytest.warns(search.PlanWarning) as caught:
        search.evaluate(run, space, dnas, KEY, devices=ONE)
    nearly, constants = sorted(str(warning.message) for warning in caught)[::-1]
    assert "8 configurations need 8 programs" in nearly
    assert constants.startswith("1 MB of constants, such as float32[300000]")
    assert {warning.filename for warning in caught} == {__file__}
    search.evaluate(run, space, dnas, KEY, devices=ONE)  # warnings are errors here


def test_a_loop_in_python_over_steps_of_training_is_warned_of():
    def run(exp, key, x):
        for _ in range(5):
            x = x - exp["rate"] * jax.grad(lambda x: jax.numpy.tanh(jax.random.gamma(key, x[0])))(x)
        return x

    space = search.space({"rate": search.floatv(0, 1)})
    with pytest.warns(search.PlanWarning, match=r"operations 5 times, .* write the loop as jax.lax.scan"):
        search.plan(run, space, space.sample(KEY, 2), KEY, np.ones(2, np.float32))


def test_metrics_that_differ_are_told_by_name():
    def run(exp, key):
        return {"loss": exp.x, **({"accuracy": 1.0} if exp.act == "a" else {})}

    with pytest.raises(ValueError, match=r"missing: 'accuracy' with act=bad\. Let it return"):
        search.plan(run, SPACE, DNAS[::2], KEY)


def test_names_large_constants():
    data = np.zeros((300_000, 2), np.float32)
    space = search.space({"x": search.floatv(0, 1), "n": search.oneof([1, 2])})
    dnas = DNA.from_numbers(space.spec, [[0.5, 0], [0.5, 1]])

    def run(exp, key):
        return exp["x"] + jax.numpy.asarray(data.copy())[exp["n"]].sum()

    text = "2 MB of constants, such as float32[300000,2], from the function itself: hand it in as a broadcast argument"
    plan = search.plan(run, space, dnas, KEY)
    assert text in str(plan)
    assert plan.buckets[0].program.constants == plan.buckets[1].program.constants
    assert "constants" not in str(
        search.plan(lambda exp, key, data: run(exp, key), SPACE, DNAS[:0], KEY, data)
    )


def test_says_how_long_compiling_will_take(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    space = search.space({"x": search.floatv(0, 1), "n": search.oneof([1, 2, 3])})
    dnas = DNA.from_numbers(space.spec, [[0.5, 0], [0.5, 1], [0.5, 2]])
    plan = search.plan(lambda exp, key: exp["x"] * exp["n"], space, dnas, KEY)
    assert "to compile" not in str(plan)  # nobody knows
    first, second, _ = (bucket.program.executable.candidate for bucket in plan.buckets)
    Record.here().add("another", CompileTime(600.0, 10 * first.equations, first.kind))
    assert "3 programs, mapped; about 3 min to compile; " in str(plan)
    Record.here().add(second.digest, CompileTime(300.0, second.equations, second.kind))
    assert plan.compilation.cached == 1
    assert "to compile, 1 of them is in the cache; " in str(plan)
