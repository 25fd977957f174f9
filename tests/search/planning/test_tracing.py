"""Which leaves a function cannot trace."""

import jax
import pytest

from symjax.search.compiling.lanes import Layout
from symjax.search.planning.arguments import aval_of, flatten
from symjax.search.planning.programs import Task, program_for
from symjax.search.planning.tracing import PROBES, CannotTrace, Failures, untraceable
from symjax.search.results.failures import Failure

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


def errors(*kinds):
    failures = Failures()
    for kind in kinds:
        failures.add(kind)
    return failures


@pytest.mark.parametrize(
    ("raised", "shared"),
    [
        ([], False),
        ([NameError("x")], False),
        ([NameError("x")] * 2, True),
        ([ValueError("x")] * 2, False),
        ([ValueError("x")] * PROBES, True),
        ([ValueError("x")] * (PROBES - 1) + [ValueError("y")], False),
        ([TypeError("x"), ValueError("x")], False),
        ([TypeError("<f at 0x7f00>"), TypeError("<f at 0x7f01>")], True),
        ([Failure.of(TypeError("x")), Failure.of(TypeError("x"))], True),
    ],
)
def test_one_and_the_same_error_of_several_is(raised, shared):
    assert errors(*raised).are_shared is shared


def test_of_another_line_it_is_another_error():
    def raised(first):
        try:
            if first:
                raise TypeError("x")
            raise TypeError("x")
        except TypeError as error:
            return error

    assert errors(raised(True), raised(True)).are_shared
    assert not errors(raised(True), raised(False)).are_shared
