"""Programs: when one is found again, what it holds, what it computes."""

import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.compiling.lanes import Layout
from symjax.search.planning.arguments import aval_of, flatten
from symjax.search.planning.programs import Lane, Program, Task, program_for

KEY = jax.random.key(7)
DEVICES = tuple(jax.devices()[:2])


def run(exp, key, scale):
    return {"y": exp["x"] * scale + exp["n"], "noise": jax.random.normal(key)}


LANES = Layout("vmap", 2)
TASK = Task(run, aval_of(KEY), DEVICES)


def arguments_of(x=0.5, n=2, scale=3.0):
    return flatten({"x": x, "n": n}, (scale,))


def index_of(name):
    return arguments_of().position(name)


def program_of(task=TASK, frozen=(), layout=LANES, **how):
    return program_for(task, arguments_of(**how), (index_of("x"),), frozenset(frozen), layout)


@pytest.fixture(autouse=True)
def _fresh():
    search.clear_programs()


def test_is_found_again_for_the_same_structure():
    program = program_of()
    assert program_of(x=0.25, scale=1.0) == program
    others = [
        program_of(n=3),
        program_of(scale=np.float32(1)),
        program_of(layout=Layout("vmap", 8)),
        program_of(layout=Layout("map", 2)),
        program_of(frozen=[index_of("broadcast[0]")]),
        program_of(Task(run, aval_of(KEY), DEVICES[:1])),
        program_of(Task(lambda exp, key, scale: exp["x"], aval_of(KEY), DEVICES)),
    ]
    assert len({program, *others}) == 1 + len(others)
    search.clear_programs()
    assert program_of() != program


def test_parts_the_leaves_by_what_they_are():
    program = program_of()
    assert (program.width, program.capacity) == (2 * len(DEVICES), 2 * len(DEVICES))
    assert (program.varying, program.shared) == ((index_of("x"),), (index_of("broadcast[0]"),))
    frozen = program_of(frozen=[index_of("broadcast[0]")])
    assert (frozen.varying, frozen.shared) == ((index_of("x"),), ())


def test_computes_what_the_function_gives_for_each_lane():
    program = program_of()
    program.compile()
    xs = np.linspace(0, 1, program.width, dtype=np.float32)
    trials = np.arange(10, 10 + program.width, dtype=np.uint32)
    metrics = program(
        [xs], trials, [np.float32(3)], jax.device_put(KEY, program.executable.sharding)
    ).metrics()
    for lane, x in enumerate(xs):
        alone = run({"x": float(x), "n": 2}, jax.random.fold_in(KEY, trials[lane]), 3.0)
        np.testing.assert_allclose(metrics["y"][lane], alone["y"], rtol=1e-6)
        assert metrics["noise"][lane] == alone["noise"]


def test_traces_once_and_says_the_shapes_before_anything_is_compiled():
    traces = []

    def counted(exp, key, scale):
        traces.append(1)
        return exp["x"] * jnp.ones(3, jnp.bfloat16)

    program = program_of(Task(counted, aval_of(KEY), DEVICES))
    shapes = program.trace()
    assert (shapes.shape, shapes.dtype) == ((program.capacity, 3), jnp.bfloat16)
    assert not program.is_compiled
    program.compile()
    program.compile()
    assert program.trace() == shapes
    assert (program.is_compiled, len(traces)) == (True, 1)
    assert program.memory() > 0


def test_keeps_no_array_that_it_does_not_need():
    class Data(np.ndarray):
        """An array that can be referred to weakly."""

    data = np.zeros(1000, np.float32).view(Data)
    alive = weakref.ref(data)
    program = Program(Lane(TASK, arguments_of(scale=data), (), frozenset()), Layout("map", 1))
    del data
    gc.collect()
    assert alive() is None
    assert len(program.shared) == 2


def test_a_function_without_a_hash_goes_by_identity():
    class Function:
        __hash__ = None

        def __call__(self, exp, key, scale):
            return exp["x"]

    one, other = Function(), Function()
    assert program_of(Task(one, aval_of(KEY), DEVICES)) == program_of(Task(one, aval_of(KEY), DEVICES))
    assert program_of(Task(one, aval_of(KEY), DEVICES)) != program_of(Task(other, aval_of(KEY), DEVICES))


def returning(exp, key, scale):
    value = exp["x"] * scale
    return {"y": float(value)}


def drawing(exp, key, scale):
    value = jax.random.normal(key).item()
    return {"y": value}


def printing(exp, key, scale):
    return f"{exp['x'] * scale:.3f}"


@pytest.mark.parametrize(
    ("fn", "told"),
    [
        (returning, r"`float\(value\)`; return the array itself"),
        (drawing, r"`jax.random.normal\(key\).item\(\)`; return the array itself"),
        (printing, r"nothing to print yet .*jax.debug.print"),
    ],
)
def test_a_number_that_is_wanted_too_early_is_told(fn, told):
    with pytest.raises(TypeError, match=told):
        program_of(Task(fn, aval_of(KEY), DEVICES)).trace()


def test_a_size_is_not_told_to_be_returned():
    with pytest.raises(TypeError) as caught:
        program_of(Task(lambda exp, key, scale: jnp.ones(int(scale)), aval_of(KEY), DEVICES)).trace()
    assert "return the array" not in "".join(caught.value.__notes__)
