"""Lifted layers: what Flax's transforms make of a symbolic class is symbolic, and made once."""

import gc
from collections.abc import Callable
from typing import Any

import chex
import flax.linen
import jax
import numpy as np
import pytest

import symjax as sj
import symjax.linen

from ...adopted import names
from ...adopted.laws import bits, classes_known, same_traced

KEY = jax.random.key(0, impl="unsafe_rbg")
X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)


class Cell(flax.linen.Module):
    """What a scan repeats."""

    width: int
    scale: float = 0.5

    @flax.linen.compact
    def __call__(self, carry: Any, _: Any) -> Any:
        carry = carry + self.scale * flax.linen.Dense(self.width)(carry)
        return carry, carry


class Layer(flax.linen.Module):
    """The same without a carry."""

    width: int
    scale: float = 0.5

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return x + self.scale * flax.linen.Dense(self.width)(x)


SYMBOLIC_CELL, SYMBOLIC_LAYER = sj.symbolize(Cell), sj.symbolize(Layer)


def doubled(variables: Any) -> Any:
    return jax.tree.map(lambda leaf: 2 * leaf, variables)


def itself(variables: Any) -> Any:
    return variables


# Each is made of Flax's transform or of the view's, and of a plain class or of a symbolic one.
LIFTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add_metadata_axis": lambda nn, cell, layer: nn.add_metadata_axis(
        layer, {"params": 0}, metadata_params={nn.PARTITION_NAME: "layers"}
    )(4),
    "checkpoint": lambda nn, cell, layer: nn.checkpoint(layer)(4, scale=0.25),
    "jit": lambda nn, cell, layer: nn.jit(layer)(4, scale=0.25),
    "map_variables": lambda nn, cell, layer: nn.map_variables(layer, "params", doubled, itself, init=True)(4),
    "remat": lambda nn, cell, layer: nn.remat(layer)(4, scale=0.25),
    "remat_scan": lambda nn, cell, layer: nn.remat_scan(layer, lengths=(2, 2))(4),
    "scan": lambda nn, cell, layer: nn.scan(
        cell, variable_axes={"params": 0}, split_rngs={"params": True}, length=3
    )(4, scale=0.25),
    "vmap": lambda nn, cell, layer: nn.vmap(
        layer, variable_axes={"params": 0}, split_rngs={"params": True}, in_axes=None, axis_size=2
    )(4, scale=0.25),
}
every_lift = pytest.mark.parametrize("lift", LIFTS)


def plain(lift: str) -> Any:
    return LIFTS[lift](flax.linen, Cell, Layer)


def symbolic(lift: str) -> Any:
    return LIFTS[lift](symjax.linen, SYMBOLIC_CELL, SYMBOLIC_LAYER)


def use(made: Any, x: Any = X) -> Any:
    """Its output and its variables."""
    return made.init_with_output(KEY, *((x, None) if type(made).__name__ == "ScanCell" else (x,)))


def test_every_lift_is_here() -> None:
    assert set(LIFTS) == set(names.EXCEPTIONS["Linen functions"][names.Why.LIFT]) | {"remat"}


@every_lift
def test_the_same_numbers(lift: str) -> None:
    ours, theirs = symbolic(lift), plain(lift)
    assert sj.is_symbolic(ours)
    assert type(ours).__name__ == type(theirs).__name__
    assert same_traced(lambda: use(ours), lambda: use(theirs))
    assert same_traced(jax.grad(lambda x: _sum(ours, x)), jax.grad(lambda x: _sum(theirs, x)), X)


@every_lift
def test_an_argument_of_jit_with_one_trace_for_each_structure(lift: str) -> None:
    traces = []

    @jax.jit
    def counted(made: Any) -> Any:
        traces.append(made)
        return use(made)

    for made in (symbolic(lift), symbolic(lift), jax.tree.map(lambda leaf: 0.5 * leaf, symbolic(lift))):
        counted.trace(made)
    assert len(traces) == 1
    # Not to the last bit: what are constants on one side only, the compiler computes.
    chex.assert_trees_all_close(counted(symbolic(lift))[1], jax.jit(lambda: use(plain(lift))[1])(), atol=1e-6)


@every_lift
def test_the_same_lift_of_the_same_class_is_one_class(lift: str) -> None:
    made = symbolic(lift)
    use(made)
    before = classes_known()
    assert type(symbolic(lift)) is type(made)
    assert symbolic(lift) == made
    jax.eval_shape(use, symbolic(lift))
    assert classes_known() == before


@every_lift
def test_a_lifted_class_has_no_name_to_be_saved_by(lift: str) -> None:
    with pytest.raises(TypeError, match="has no name"):
        sj.to_json(symbolic(lift))
    with pytest.raises(TypeError, match="has no name"):
        sj.to_python(symbolic(lift))


def test_inside_nn_jit_all_floats_are_structure() -> None:
    """Flax keeps a module that it compiles by itself as a key."""
    assert jax.tree.leaves(symbolic("jit")) == []
    assert jax.tree.leaves(symbolic("remat")) == [0.25]


class Compiles(symjax.linen.Module):
    """Compiles a layer of its own at each call."""

    @symjax.linen.compact
    def __call__(self, x: Any) -> Any:
        return symjax.linen.jit(SYMBOLIC_LAYER)(4, scale=0.25)(x)


def test_interceptors_and_tables_see_inside_what_is_compiled_already() -> None:
    model = Compiles()
    variables = model.init(KEY, X)
    plain = model.apply(variables, X)
    seen = []

    def doubles_dense(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        seen.append(type(context.module).__name__)
        made = call(*args, **kwargs)
        return 2 * made if isinstance(context.module, flax.linen.Dense) else made

    with flax.linen.intercept_methods(doubles_dense):
        doubled_inside = model.apply(variables, X)
    assert seen == ["Compiles", "JitLayer", "Layer", "Dense"]
    np.testing.assert_allclose(doubled_inside - X, 2 * (plain - X), rtol=1e-5)
    assert "Dense_0" in model.tabulate(KEY, X, console_kwargs={"width": 200})
    assert bits(model.apply(variables, X)) == bits(plain)


def test_each_filter_of_intermediates_gets_what_it_asks_for() -> None:
    model = Compiles()
    variables = model.init(KEY, X)
    for kind in (flax.linen.Dense, Compiles):

        def captures(module: Any, _: str, kind: type = kind) -> bool:
            return isinstance(module, kind)

        _, state = model.apply(variables, X, capture_intermediates=captures, mutable=["intermediates"])
        assert ("__call__" in state["intermediates"]) is (kind is Compiles)
        assert len(jax.tree.leaves(state)) == 1


def test_what_is_made_for_an_interceptor_is_not_kept() -> None:
    model = Compiles()
    variables = model.init(KEY, X)

    def watched() -> int:
        with flax.linen.intercept_methods(lambda call, args, kwargs, _: call(*args, **kwargs)):
            model.apply(variables, X)
        jax.clear_caches()
        gc.collect()
        return classes_known()

    assert watched() == watched() == watched()


def _sum(made: Any, x: Any) -> Any:
    return sum(leaf.sum() for leaf in jax.tree.leaves(use(made, x)))
