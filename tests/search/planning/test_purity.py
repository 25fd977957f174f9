"""Functions that are not pure."""

import functools
import random
import time
from datetime import datetime

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.planning.purity import first_difference, is_suspect, may_ask

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(0, 1), "n": search.oneof([1, 2])})
calls = 0


def draws(x):
    return x + np.random.normal()  # noqa: NPY002 - as users do


def counts(exp, key):
    global calls
    calls += 1
    return exp["x"] * calls


def loops(exp, key):
    def body(carry, _):
        return carry * (1 + random.random()), None

    return jax.lax.scan(body, exp["x"], None, length=2)[0]


def imports(exp, key):
    import uuid

    return exp["x"] + uuid.uuid4().int % 1_000_000


@pytest.mark.parametrize(
    ("fn", "line"),
    [
        (lambda exp, key: exp["x"] * time.perf_counter(), "perf_counter"),
        (lambda exp, key: {"x": exp["x"], "noise": random.random()}, ""),
        (lambda exp, key: jnp.sum(np.random.default_rng().random(2) * exp["x"]), "np.random.default_rng"),
        (lambda exp, key: exp["x"] + datetime.now().microsecond, "datetime.now"),
        (lambda exp, key: draws(exp["x"]), "return x \\+ np.random.normal"),
        (functools.partial(lambda noise, exp, key: draws(exp["x"]), 3), "return x \\+ np.random.normal"),
        (counts, "calls`"),
        (loops, "1 \\+ random.random"),
        (imports, "uuid.uuid4"),
    ],
)
def test_are_warned_of_with_the_line(fn, line):
    with pytest.warns(search.PlanWarning, match=f"the function is not pure: .*{line}") as caught:
        search.plan(fn, SPACE, SPACE.sample(KEY, 2), KEY)
    assert [warning.filename for warning in caught] == [__file__]
    assert "the constants " in str(caught[0].message)


def test_large_arrays_are_compared_too():
    def run(exp, key):
        return exp["x"] * jnp.asarray(np.random.default_rng().random(5000)).sum()

    with pytest.warns(search.PlanWarning, match=r"not pure: .* other numbers in float\d+\[5000\]"):
        search.plan(run, SPACE, SPACE.sample(KEY, 2), KEY)


def test_a_method_of_a_node_is_looked_into():
    class Noisy(sj.Object):
        x: float

        def noise(self):
            return random.random()

        def run(self, key):
            return self.x + self.noise()

    space = search.space([Noisy(search.floatv(0, 1))])
    with pytest.warns(search.PlanWarning, match="not pure"):
        search.plan(lambda exp, key: exp[0].run(key), space, space.sample(KEY, 2), KEY)


def test_is_found_where_only_the_number_of_operations_differs():
    traces = []

    def run(exp, key):
        traces.append(random.random())  # makes it suspect
        for _ in traces:
            exp["x"] += 1.0
        return exp["x"]

    with pytest.warns(search.PlanWarning, match="1 operations and 3"):
        search.plan(run, SPACE, SPACE.sample(KEY, 8), KEY)


@pytest.mark.parametrize("seeded", [False, True])
def test_what_is_pure_is_silent_and_mostly_traced_once(seeded):
    traces = []

    def run(exp, key):
        traces.append(exp["n"])
        return jax.random.normal(key) + exp["x"] * numbers().sum()

    def numbers():
        return np.ones(3, np.float32)

    if seeded:

        def numbers():
            return np.random.default_rng(0).random(3)

    dnas = search.DNA.from_numbers(SPACE.spec, [[0.5, 0], [0.5, 1]])
    assert search.plan(run, SPACE, dnas, KEY).advice == ()
    assert len(traces) == 2 + seeded
    search.plan(run, SPACE, dnas, KEY)
    assert len(traces) == 2 + seeded


def test_nothing_is_suspect_in_libraries():
    assert not is_suspect(jax.random.normal)
    assert not is_suspect(functools.partial(random.choice, [1]))
    assert is_suspect(lambda exp, key: time)


def test_differences():
    def traced(fn):
        return jax.make_jaxpr(fn)(1.0)

    assert first_difference(traced(jnp.sin), traced(jnp.sin)) is None
    assert first_difference(traced(jnp.sin), traced(jnp.cos)).what == "the operations sin and cos"
    nan = traced(lambda x: x * np.float32("nan"))
    assert first_difference(nan, traced(lambda x: x * np.float32("nan"))) is None
    assert (
        first_difference(traced(lambda x: (x, 1)), traced(lambda x: (x, 2))).what == "the constants 1 and 2"
    )


def test_methods_may_ask_whether_something_is_a_float():
    class Model:
        def rate(self, x):
            return float(x) if isinstance(x, int) else x

    assert may_ask(lambda exp, key: exp, [Model])
    assert not may_ask(lambda exp, key: exp)
