"""`Schema`: the one gate into a node, through which constructors, partial objects, rebinds and files go."""

import dataclasses
from typing import Annotated

import jax
import pytest
from annotated_types import Gt
from hypothesis import given

import symjax as sj
from symjax.core.schema import (
    ATTRIBUTE,
    holds,
    holds_placeholder,
    is_choice,
    is_reference,
    is_symbolic,
    schema_of,
)

from .. import trees


class Net(sj.Object):
    width: Annotated[int, Gt(0)]
    head: int = sj.field(default_factory=lambda: sj.ref("width"))
    rate: float = 1
    table: dict[str, float] = sj.field(default_factory=dict)


GATES = {
    "constructor": lambda **fields: Net(**fields),
    "partial": lambda **fields: Net.partial(**fields),
    "rebind": lambda **fields: Net(7, 7, 0.7, {"a": 7.0}).rebind(**fields),
    "replace": lambda **fields: dataclasses.replace(Net(7, 7, 0.7, {"a": 7.0}), **fields),
}


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_each_way_into_a_node_checks_completes_and_resolves_alike(gate):
    net = gate(width=3, head=sj.MISSING, rate=sj.MISSING)
    assert (net.width, net.head, type(net.rate), net.rate) == (3, 3, float, 1.0)
    with pytest.raises(ValueError, match=r"Net\.width expects .*\(path=width\)$"):
        gate(width=0)
    with pytest.raises(TypeError, match=r"Net\.width expects .*\(path=width\)$"):
        gate(width="wide")
    with pytest.raises(TypeError, match=r"no field 'wdith'; did you mean 'width'"):
        gate(width=1, wdith=2) if gate is not GATES["rebind"] else Net(width=1, wdith=2)
    with pytest.raises(KeyError, match="leads nowhere"):
        gate(width=1, head=sj.ref("widht"))


@given(trees.objects())
def test_what_passed_the_gate_passes_it_as_it_is(recipe):
    node = recipe()
    schema = schema_of(node)
    values = schema.arguments(node)
    admitted = schema.admit(values)
    for name, value in admitted.items():
        assert value is values[name] or trees.holds_data(value)  # of data each node has its own
    assert sj.eq(schema.revive(admitted), node)


def test_the_gate_gives_a_dict_of_its_own():
    values = {"content": 1, "other": 2}
    admitted = schema_of(trees.Box()).admit(values)
    assert admitted == values
    assert admitted is not values


def test_required_arguments_may_be_missing_only_where_that_is_said():
    schema = schema_of(trees.Rate(0.1))
    assert schema.admit({}, partial=True) == {"steps": 10}
    with pytest.raises(TypeError, match=r"Rate misses rate; .*Rate\.partial\(…\) \(path=rate\)$"):
        schema.admit({})


def test_a_revived_node_runs_no_code_of_its_class():
    class Checked(sj.Object):
        rate: float = 0.5

        def __check__(self):
            raise ValueError("never")

    schema: sj.Object = getattr(Checked, ATTRIBUTE)
    assert schema.revive({"rate": "anything"}).rate == "anything"
    with pytest.raises(ValueError, match="never"):
        Checked()


def test_a_class_is_registered_with_jax_at_its_first_node():
    class Late(sj.Object):
        rate: float = 0.5

    schema = getattr(Late, ATTRIBUTE)
    bare = object.__new__(Late)
    assert jax.tree.leaves(bare) == [bare]
    schema.validator()
    assert jax.tree.leaves(Late(0.25)) == [0.25]


def test_questions_about_values():
    choice, reference = sj.oneof([1, 2]), sj.ref("a")
    assert [is_choice(choice), is_reference(choice), is_choice(reference), is_reference(reference)] == [
        1,
        0,
        0,
        1,
    ]
    assert is_symbolic(choice)
    assert not is_symbolic((choice,))
    assert holds_placeholder([1, (2, sj.Map({"a": choice}))])
    assert not holds_placeholder([1, trees.Box(choice)])  # nodes are not entered
    assert holds([1, (2,)], lambda value: value == 2)
