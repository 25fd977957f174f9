"""`plan`: what it says, and that it runs and compiles nothing."""

import pickle

import jax
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA
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


def test_says_everything_in_a_line():
    search.clear_programs()
    plan = search.plan(Task.run, SPACE, DNAS, KEY, lanes="vmap", width=2, devices=ONE)
    assert str(plan) == (
        "60 configurations → 2 programs of 2 lanes; split by act (3), gate (2); lanes: x; demoted to "
        "structure, because the function cannot trace them: gate (TracerBoolConversionError); "
        "20 configurations cannot run: ValueError"
    )
    assert repr(plan) == f"<Plan: {plan}>"
    assert not any(bucket.program.is_compiled for bucket in plan.buckets)


def test_says_how_many_devices():
    plan = search.plan(Task.run, SPACE, DNAS, KEY, lanes="vmap", width=8)
    assert f"2 programs of {8 * len(jax.devices())} lanes; over {len(jax.devices())} devices" in str(plan)


def test_is_what_evaluate_carries_out():
    plan = search.plan(Task.run, SPACE, DNAS, KEY)
    with pytest.warns(RuntimeWarning, match="20 of 60"):
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
    plan = search.plan(Task.run, SPACE, DNAS, KEY)
    again = pickle.loads(pickle.dumps(plan))
    assert str(again) == str(plan)
    assert (again.dnas, again.space, again.programs) == (plan.dnas, SPACE, 2)
    assert again.ids.tolist() == list(range(60))
    assert {row: repr(error) for row, error in again.errors.items()} == (
        {row: repr(error) for row, error in plan.errors.items()}
    )
    assert (again.task, again.buckets) == (None, ())


def test_a_tree_is_no_space():
    task = Task("a", 1.0)
    with pytest.raises(
        TypeError, match=r"^expected a space, got Task\(.* of type Task; search.space\(tree\) makes one"
    ):
        search.plan(Task.run, task, DNAS, KEY)
    with pytest.raises(TypeError, match="makes one of a tree"):
        search.random_search(Task.run, task, KEY, 2)


def test_a_function_that_takes_other_arguments_is_refused_before_anything_is_traced():
    class Fitted(sj.Object):
        rate: float

        def run(self, key, data):
            return {"loss": self.rate * data}

    space = search.space(Fitted(search.floatv(0.0, 1.0)))
    dnas = space.sample(KEY, 2)
    message = (
        r"^Fitted.run\(self, key, data\) cannot be called with an experiment, a key and 0 shared arguments: missing a "
        r"required argument: 'data'; .* search.evaluate\(fn, space, dnas, key, data\)$"
    )
    with pytest.raises(TypeError, match=message):
        search.evaluate(Fitted.run, space, dnas, KEY)
    with pytest.raises(TypeError, match="2 shared arguments: too many positional arguments"):
        search.plan(jax.jit(Fitted.run), space, dnas, KEY, 1.0, 2.0)
    assert len(search.plan(jax.jit(Fitted.run), space, dnas, KEY, 1.0)) == 2
