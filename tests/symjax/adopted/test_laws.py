"""The laws of everything adopted: what is symbolic computes what the original computes, to the last bit."""

from collections.abc import Callable
from typing import Any

import chex
import flax.linen
import jax
import jax.numpy as jnp
import optax
import pytest

import symjax as sj

from . import names, nnx_examples, optax_examples
from .laws import bits, classes_known, same_traced
from .subjects import Subject, subjects

SUBJECTS = subjects()
everything = pytest.mark.parametrize("subject", SUBJECTS, ids=repr)
# Flax and Optax deprecate some of what they still offer: it is covered until it is gone.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

# Those of Optax whose lanes are run; of the others the traced program is compared.
RUN_IN_LANES = ("adam", "huber_loss", "inject_hyperparams", "lamb", "linear_schedule", "rmsprop", "sgd")


@everything
def test_a_node_is_what_flax_and_optax_look_for(subject: Subject) -> None:
    plain, node = subject.plain(), subject.node()
    assert sj.is_symbolic(node)
    if isinstance(plain, nnx_examples.Call):
        built = sj.build(node)
        assert type(built) is plain.cls
        assert isinstance(built, type(node))
        return
    if isinstance(plain, flax.linen.Module):
        assert isinstance(node, type(plain))
        assert type(node).__name__ == type(plain).__name__
    for transformation in (optax.GradientTransformation, optax.GradientTransformationExtraArgs):
        assert isinstance(node, transformation) or not isinstance(plain, transformation)
    assert callable(node) is callable(plain)


@everything
def test_the_same_bits_when_run_eagerly(subject: Subject) -> None:
    """Of a layer: the names, shapes, dtypes and values of its variables, and its output."""
    assert bits(subject.use(subject.node())) == bits(subject.use(subject.plain()))


@everything
def test_the_same_program_when_closed_over(subject: Subject) -> None:
    assert same_traced(lambda: subject.use(subject.plain()), lambda: subject.use(subject.node()))


@everything
def test_as_an_argument_the_same_program_as_plain_code_with_the_same_floats_traced(subject: Subject) -> None:
    symbolic, plain, floats = _of_floats(subject)
    assert same_traced(symbolic, plain, floats)


@everything
def test_under_vmap_the_same_program_as_plain_code_with_the_same_floats_mapped(subject: Subject) -> None:
    symbolic, plain, floats = _of_floats(subject)
    if floats:
        lanes = [_lanes(number) for number in floats]
        assert same_traced(jax.vmap(symbolic), jax.vmap(plain), lanes)


@pytest.mark.parametrize(
    "subject", [s for s in SUBJECTS if s.room is not names.OPTAX or s.name in RUN_IN_LANES], ids=repr
)
def test_lanes_equal_the_loop(subject: Subject) -> None:
    symbolic, _, floats = _of_floats(subject)
    if floats:
        lanes = [_lanes(number) for number in floats]
        batched = jax.jit(jax.vmap(symbolic))(lanes)
        for lane in range(2):
            one = jax.tree.map(lambda value, lane=lane: value[lane], (batched, lanes))
            ours, theirs = (
                jax.tree.map(_number, tree) for tree in (one[0], symbolic([float(n) for n in one[1]]))
            )
            chex.assert_trees_all_close(ours, theirs, rtol=1e-4, atol=1e-5)


def _number(leaf: Any) -> Any:
    """A leaf that can be compared; a key, which is none, as its data."""
    is_key = jax.dtypes.issubdtype(getattr(leaf, "dtype", None), jax.dtypes.prng_key)
    return jax.random.key_data(leaf) if is_key else leaf


@everything
def test_one_trace_for_each_structure(subject: Subject) -> None:
    traces: list[Any] = []

    def counted(node: Any) -> Any:
        traces.append(node)
        return subject.use(node)

    node = subject.node()
    other = jax.tree.map(lambda leaf: 0.75 * leaf if isinstance(leaf, float) else leaf, node)
    for given in (node, subject.node(), other):
        jax.jit(counted).trace(given)
    assert len(traces) == 1


@everything
def test_json_and_python_source_give_it_back(subject: Subject) -> None:
    node = subject.node()
    namespace: dict[str, Any] = {}
    exec(sj.to_python(node, imports=True), namespace)
    for again in (sj.from_json(sj.to_json(node), modules=[optax_examples.__name__]), namespace["tree"]):
        assert type(again) is type(node)
        assert sj.eq(again, node)
        assert sj.hash(again) == sj.hash(node)
        assert jax.tree.structure(again) == jax.tree.structure(node)


@everything
def test_rebind_there_and_back(subject: Subject) -> None:
    node = subject.node()
    held = sj.query(node, where=lambda value: isinstance(value, float | bool))
    there = node.rebind({path: not v if isinstance(v, bool) else 0.75 * v + 0.01 for path, v in held.items()})
    back = there.rebind(held)
    assert sj.eq(there, node) is not bool(held)
    assert sj.eq(back, node)
    assert jax.tree.structure(back) == jax.tree.structure(node)


@everything
def test_use_registers_nothing(subject: Subject) -> None:
    node = subject.node()
    jax.eval_shape(subject.use, node)  # what is made once is made here
    before = classes_known()
    jax.eval_shape(lambda node: subject.use(node), node)
    assert classes_known() == before


def _of_floats(subject: Subject) -> tuple[Callable[..., Any], Callable[..., Any], list[float]]:
    """Two functions of a list of numbers, and the numbers: what its node gives, and what plain code gives.

    The numbers are the floats among the node's leaves; plain code is handed each where it makes something.
    """
    symbolic, plain = subject.floats(subject.view), subject.floats(subject.original)
    assert symbolic.places == plain.places
    leaves, treedef = jax.tree.flatten(symbolic.made)
    floats = [leaf for leaf in leaves if isinstance(leaf, float)]
    position = {id(leaf): at for at, leaf in enumerate(floats)}
    order = [position[id(value)] for value in symbolic.values]
    assert sorted(order) == list(range(len(floats)))

    def of_node(numbers: Any) -> Any:
        given = iter(numbers)
        return subject.use(treedef.unflatten([next(given) if isinstance(v, float) else v for v in leaves]))

    return of_node, lambda numbers: subject.use(plain.make([numbers[at] for at in order])), floats


def _lanes(number: float) -> jax.Array:
    """Two lanes of a float, as weakly typed as it is."""
    return jax.vmap(lambda i: jnp.where(i == 0, number, 0.75 * number))(jnp.arange(2))
