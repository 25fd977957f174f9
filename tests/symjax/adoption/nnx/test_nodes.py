"""Functions that build NNX modules: their nodes stand for what `build` makes of them."""

import pickle

import jax
import jax.numpy as jnp
import pytest
from flax import nnx as raw

import symjax as sj
from symjax import nnx

X = jnp.ones((2, 3))


@sj.symbolize
def with_rngs(width: int, scale: float = 1.0, *, rngs: raw.Rngs) -> nnx.Module:
    return raw.Sequential(
        raw.Linear(3, width, rngs=rngs), lambda x: scale * x, raw.Linear(width, 1, rngs=rngs)
    )


@sj.symbolize
def of_nodes(width: int, scale: float = 1.0) -> nnx.Module:
    return nnx.Sequential(nnx.Linear(3, width), lambda x: scale * x, nnx.Linear(width, 1))


class Experiment(sj.Object):
    model: nnx.Module


@pytest.mark.parametrize("function", [with_rngs, of_nodes])
def test_a_node_is_built_as_the_module(function):
    exp = Experiment(function(8))
    assert [str(path) for path, _, _ in sj.walk(exp)] == ["", "model", "model.width", "model.scale"]
    built = sj.build(exp, rngs=0).model
    assert isinstance(built, raw.Sequential)
    assert built(X).shape == (2, 1)
    assert sj.build(exp.rebind({"model.width": 5})).model.layers[0].kernel.shape == (3, 5)
    assert sj.from_json(sj.to_json(exp)) == exp == pickle.loads(pickle.dumps(exp))
    at_once = function(8, rngs=raw.Rngs(0))
    assert (at_once(X) == built(X)).all()
    assert not isinstance(at_once, function)
    with pytest.raises(TypeError, match=r"is not built yet: sj\.build"):
        exp.model(X)


@pytest.mark.parametrize("function", [with_rngs, of_nodes])
def test_one_program_for_all_floats(function):
    traces = []

    @jax.jit
    def apply(node, x):
        traces.append(1)
        return sj.build(node, rngs=0)(x).mean()

    apply(function(8), X), apply(function(8, 2.0), X)
    assert len(traces) == 1


def test_a_node_inside_a_module_and_given_twice():
    node = of_nodes(3)
    built = sj.build(nnx.Sequential(node, nnx.Linear(1, 2)), rngs=0)
    assert built(X).shape == (2, 2)
    pair = sj.build(nnx.Sequential(node, nnx.relu, node))
    assert pair.layers[0] is pair.layers[2]


class Statistics(raw.Pytree):
    """A pytree of NNX that is no module."""

    def __init__(self, size: int, rate: float = 0.5):
        self.mean = raw.data(jnp.zeros(size))
        self.rate = rate


def test_an_nnx_pytree_is_built_like_a_module():
    symbolic = sj.symbolize(Statistics)
    node = symbolic(3)
    assert jax.tree.leaves(node) == [0.5]
    assert sj.from_json(sj.to_json(node)) == node == pickle.loads(pickle.dumps(node))
    assert sj.build(node.rebind(size=4)).mean.shape == (4,)

    class Holds(sj.Object):
        statistics: Statistics

    built = sj.build(Holds(node)).statistics
    assert isinstance(built, Statistics)
    tree = Holds(built)
    assert [leaf.shape for leaf in jax.tree.leaves(tree)] == [(3,)]
    assert (jax.tree.map(lambda leaf: leaf + 1, tree).statistics.mean == 1).all()
