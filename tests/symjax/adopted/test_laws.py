"""The laws of everything adopted: what is symbolic computes what the original computes, to the last bit."""

from typing import Any

import chex
import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import symjax as sj

from .laws import bits, classes_known, holds_float, program, same_traced
from .subjects import Subject, subjects

SUBJECTS = subjects()
# Flax and Optax deprecate some of what they still offer: it is covered until it is gone.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
everything = pytest.mark.parametrize("subject", SUBJECTS, ids=repr)


@everything
def test_a_node_is_what_optax_and_flax_look_for(subject: Subject) -> None:
    plain, node = subject.plain(), subject.node()
    assert sj.is_symbolic(node)
    assert type(node).__name__ == getattr(subject.floats(subject.view).made, "__class__").__name__
    if isinstance(plain, flax.linen.Module):
        assert isinstance(node, type(plain))
        assert type(node).__name__ == type(plain).__name__
    for transformation in (optax.GradientTransformation, optax.GradientTransformationExtraArgs):
        if isinstance(plain, transformation):
            assert isinstance(node, transformation)
    assert callable(node) or not callable(plain)


@everything
def test_the_same_bits_when_run_eagerly(subject: Subject) -> None:
    """For a layer: its parameters' names, shapes, dtypes and values, and its output."""
    assert bits(subject.use(subject.node())) == bits(subject.use(subject.plain()))


@everything
def test_the_same_program_when_closed_over(subject: Subject) -> None:
    assert same_traced(lambda: subject.use(subject.plain()), lambda: subject.use(subject.node()))


@everything
def test_the_same_program_as_an_argument_and_as_plain_code_on_the_same_traced_floats(
    subject: Subject,
) -> None:
    symbolic, plain = subject.floats(subject.view), subject.floats(subject.original)
    leaves, treedef = jax.tree.flatten(symbolic.made)
    places = {id(leaf): position for position, leaf in enumerate(leaves)}
    order = [places[id(value)] for value in symbolic.values]
    assert symbolic.places == plain.places
    assert sorted(order) == [at for at, leaf in enumerate(leaves) if isinstance(leaf, float)]
    others = [leaf for leaf in leaves if not isinstance(leaf, float)]

    def of_node(floats: Any) -> Any:
        given = iter(floats)
        rest = iter(others)
        made = treedef.unflatten([next(given if isinstance(leaf, float) else rest) for leaf in leaves])
        return subject.use(made)

    ranks = np.argsort(np.argsort(order))
    floats = [leaf for leaf in leaves if isinstance(leaf, float)]
    assert same_traced(of_node, lambda given: subject.use(plain.make([given[i] for i in ranks])), floats)


@everything
def test_one_trace_for_each_structure(subject: Subject) -> None:
    traces: list[Any] = []

    def counted(node: Any) -> Any:
        traces.append(node)
        return subject.use(node)

    used = jax.jit(counted)
    node = subject.node()
    for given in (node, subject.node(), jax.tree.map(_other, node)):
        used.trace(given)
    assert len(traces) == 1


@everything
def test_vmap_over_the_floats_equals_the_loop(subject: Subject) -> None:
    node = subject.node()
    leaves, treedef = jax.tree.flatten(node)
    if not leaves:
        pytest.skip("has no leaf")
    others = [_other(leaf) for leaf in leaves]
    lanes = [_stack(pair) for pair in zip(leaves, others, strict=True)]
    batched = jax.jit(jax.vmap(lambda *one: subject.use(treedef.unflatten(one))))(*lanes)
    for lane, values in enumerate((leaves, others)):
        alone = subject.use(treedef.unflatten(values))
        chex.assert_trees_all_close(
            jax.tree.map(lambda value, lane=lane: value[lane], batched), alone, rtol=1e-4, atol=1e-5
        )


@everything
def test_json_and_python_source_give_it_back(subject: Subject) -> None:
    node = subject.node()
    modules = [subjects.__module__.rpartition(".")[0] + ".optax_examples"]
    loaded = sj.from_json(sj.to_json(node), modules=modules)
    namespace: dict[str, Any] = {}
    exec(sj.to_python(node, imports=True), namespace)
    for again in (loaded, namespace["tree"]):
        assert type(again) is type(node)
        assert sj.eq(again, node)
        assert sj.hash(again) == sj.hash(node)
        assert jax.tree.structure(again) == jax.tree.structure(node)


@everything
def test_rebind_there_and_back(subject: Subject) -> None:
    node = subject.node()
    numbers = sj.query(node, where=lambda value: isinstance(value, float | bool))
    there = node.rebind({path: _changed(value) for path, value in numbers.items()})
    back = there.rebind(dict(numbers))
    assert sj.eq(there, node) is not bool(numbers)
    assert sj.eq(back, node)
    assert jax.tree.structure(back) == jax.tree.structure(node)


@everything
def test_use_registers_nothing(subject: Subject) -> None:
    node = subject.node()
    subject.use(node)  # what is made once is made now
    before = classes_known()
    for _ in range(2):
        jax.make_jaxpr(subject.use)(node)
    assert classes_known() == before


def _other(leaf: Any) -> Any:
    """Another float of the same kind; what is no float, such as a random key, stays."""
    return leaf * 0.75 if isinstance(leaf, float) else leaf


def _changed(value: Any) -> Any:
    return value * 0.75 + 0.01 if isinstance(value, float) else not value


def _stack(pair: tuple[Any, Any]) -> jax.Array:
    """Two lanes of a leaf, weakly typed where the leaf is a Python float."""
    if isinstance(pair[0], float):
        return jax.numpy.stack([jax.numpy.asarray(value) for value in pair])
    return jnp.stack(pair)
