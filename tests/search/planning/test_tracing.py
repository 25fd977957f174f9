"""Which leaves a function cannot trace."""

import jax
import pytest

from symjax.search.compiling.lanes import Layout
from symjax.search.planning.arguments import aval_of, flatten
from symjax.search.planning.programs import Task, program_for
from symjax.search.planning.tracing import CannotTrace, untraceable

KEY = jax.random.key(0)


def culprits_of(fn, experiment, frozen=frozenset(), broadcast=()):
    task = Task(fn, aval_of(KEY), tuple(jax.devices()[:1]))
    arguments = flatten(experiment, broadcast)
    culprits = untraceable(
        task,
        arguments,
        frozen,
        lambda structural: program_for(task, arguments, (), structural, Layout("map", 1)),
    )
    return {arguments.names[index]: why.error for index, why in culprits.items()}


def test_a_function_that_can_trace_all_is_traced_once():
    traces = []
    assert culprits_of(lambda exp, key: traces.append(1) or exp["a"], {"a": 0.5, "b": 1.0}) == {}
    assert len(traces) == 1


@pytest.mark.parametrize("wrong", [{0}, {31}, {3, 17}, {0, 1, 30, 31}])
def test_finds_exactly_the_culprits_by_halving(wrong):
    traces = []

    def run(exp, key):
        traces.append(1)
        return sum(float(x) if i in wrong else x for i, x in enumerate(exp))

    assert culprits_of(run, [0.5] * 32) == dict.fromkeys((f"[{i}]" for i in wrong), "ConcretizationTypeError")
    # For each culprit a program, a trace with all leaves concrete, and five halvings; and the last program.
    assert len(traces) <= len(wrong) * 7 + 1


def test_errors_of_different_kinds_have_different_culprits():
    def run(exp, key):
        if exp["a"] > 0:
            return exp["b"] if isinstance(exp["b"], float) else "" + exp["b"]
        return 0.0

    assert culprits_of(run, {"a": 0.5, "b": 0.5, "c": 0.5}) == {
        "a": "TracerBoolConversionError",
        "b": "TypeError",
    }


def test_what_is_frozen_is_not_traced():
    assert culprits_of(lambda exp, key: exp[0] if exp[0] > 0 else exp[1], [0.5, 1.0], frozenset({0})) == {}


def test_broadcast_arguments_are_suspects_too():
    assert list(culprits_of(lambda exp, key, x: int(x) + exp, 0.5, broadcast=(2.0,))) == ["broadcast[0]"]


@pytest.mark.parametrize("experiment", [{"a": 0.5}, {"a": 1}])
def test_a_function_that_fails_anyway_is_not_for_its_leaves(experiment):
    error = ValueError("for a reason of its own")

    def run(exp, key):
        raise error

    with pytest.raises(CannotTrace, match="a reason of its own") as caught:
        culprits_of(run, experiment)
    assert caught.value.reason is error
