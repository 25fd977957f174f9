"""Functions that NNX models call in their methods are replaced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import symjax as sj
from symjax import patches
from symjax.patches import built, traced

from .networks import Scanned, X, streams


class Inner(nnx.Module):
    def __init__(self, *, rngs):
        self.dense = nnx.Linear(4, 4, rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)

    def __call__(self, x):
        return self.norm(nnx.relu(self.dense(x)))


class Net(nnx.Module):
    def __init__(self, *, rngs):
        self.first = Inner(rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x, scale=1.0):
        return scale * nnx.relu(self.encode(x))

    def encode(self, x, rngs=None):
        return self.dropout(self.first(x), rngs=rngs)


@pytest.fixture
def model():
    model = Net(rngs=streams())
    model.eval()
    return model


def expected(model, outer, inner):
    """What the model gives with other functions."""
    return outer(model.first.norm(inner(model.first.dense(X))))


@pytest.mark.parametrize(
    ("path", "outer", "inner"),
    [
        (None, nnx.tanh, nnx.tanh),
        ("first/**", nnx.relu, nnx.tanh),
        ("first", nnx.relu, nnx.tanh),
        ("", nnx.tanh, nnx.relu),
    ],
)
def test_by_path(model, path, outer, inner):
    new = built(model, traced("relu", "tanh", path), inputs=X)
    assert jnp.allclose(new(X), expected(model, outer, inner), atol=1e-6)
    assert isinstance(new, Net)


def test_the_state_changes_as_it_does_otherwise(model):
    new = built(model, traced("relu", "tanh"))
    new.train()
    new(X)
    assert new.dropout.rngs.count[...] == 1
    statistics = new.first.norm.mean
    assert not (statistics[...] == 0).all()
    new(X)
    assert new.first.norm.mean is statistics
    rngs = nnx.Rngs(3)
    new.encode(X, rngs=rngs)
    assert rngs.default.count[...] == 1


def test_under_jit_and_grad(model):
    new = built(model, traced("relu", "tanh"))
    assert jnp.allclose(nnx.jit(lambda model, x: model(x))(new, X), new(X), atol=1e-6)
    gradients = nnx.grad(lambda model: model(X).sum())(new)
    reference = nnx.grad(lambda model: expected(model, nnx.tanh, nnx.tanh).sum())(model)
    for ours, theirs in zip(jax.tree.leaves(gradients), jax.tree.leaves(reference), strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)


def test_inside_of_scan():
    model = Scanned(rngs=streams())

    class Calling(nnx.Module):
        def __init__(self, inner):
            self.inner = inner

        def __call__(self, x):
            return self.inner(x)

    new = built(Calling(model), traced("relu", "tanh"), inputs=X)
    x = X
    for kernel, bias in zip(
        model.layers.layers[0].kernel[...], model.layers.layers[0].bias[...], strict=True
    ):
        x = jnp.tanh(x @ kernel + bias)
    assert jnp.allclose(new(X), x, atol=1e-5)


def test_further_values_that_a_call_leaves():
    class Sowing(nnx.Module):
        def __call__(self, x):
            self.count = nnx.Intermediate(jnp.ones(()))
            return nnx.relu(x)

    new = built(Sowing(), traced("relu", "tanh"))
    assert jnp.array_equal(new(X), jnp.tanh(X))
    assert new.count[...] == 1


def test_swap_activation_on_a_node():
    node = sj.symbolize(Net)()
    new = sj.patch(node, "swap_activation?tanh")
    assert new.inside == (patches.swap_activation("tanh"),)
    model = sj.build(new)
    model.eval()
    plain = sj.build(node)
    plain.eval()
    assert jnp.allclose(model(X), expected(plain, nnx.tanh, nnx.tanh), atol=1e-6)
    assert [str(path.key) for path in traced("relu", "tanh").matched(node, X)] == ["first/relu", "relu"]


def test_two_patches_of_functions(model):
    new = built(model, [traced("relu", "tanh", "first"), traced("relu", "sigmoid")], inputs=X)
    assert jnp.allclose(new(X), expected(model, nnx.sigmoid, nnx.tanh), atol=1e-6)
