"""`symjax.linen`: Flax's names, symbolic, each made at its first use."""

import flax.linen as raw
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn

from .trees import Box


def test_module_classes_are_symbolic_versions_of_flax_s():
    for name in (
        "Dense",
        "Conv",
        "BatchNorm",
        "Sequential",
        "Dropout",
        "MultiHeadDotProductAttention",
        "RNN",
    ):
        symbolic, original = getattr(nn, name), getattr(raw, name)
        assert issubclass(symbolic, original)
        assert symbolic is not original
        assert symbolic.__name__ == name
        assert symbolic.__module__ == "symjax.linen"
        assert getattr(nn, name) is symbolic  # made once


def test_initializer_factories_are_nodes():
    node = nn.initializers.normal(0.1)
    assert sj.is_symbolic(node)
    assert node == nn.initializers.normal(stddev=0.1)
    key = jax.random.key(0)
    assert jnp.array_equal(node(key, (3,)), raw.initializers.normal(0.1)(key, (3,)))
    assert jnp.array_equal(
        node(key, (3,), jnp.bfloat16), raw.initializers.normal(0.1)(key, (3,), jnp.bfloat16)
    )
    assert nn.Dense(3, kernel_init=node).rebind({"kernel_init.stddev": 0.2}).kernel_init.stddev == 0.2


def test_everything_else_is_flax_s_own():
    for name in ("relu", "softmax", "compact", "nowrap", "intercept_methods", "merge_param", "FrozenDict"):
        if hasattr(raw, name):
            assert getattr(nn, name) is getattr(raw, name)
    assert nn.initializers.zeros is raw.initializers.zeros


def test_the_names_are_those_of_flax():
    assert set(raw.__all__ if hasattr(raw, "__all__") else []) <= set(dir(nn))
    assert {"Dense", "Module", "relu", "initializers"} <= set(dir(nn))
    with pytest.raises(AttributeError, match=r"module 'symjax.linen' has no attribute 'Dens'"):
        nn.Dens
    with pytest.raises(
        AttributeError, match=r"module 'symjax.linen.initializers' has no attribute 'nothing'"
    ):
        nn.initializers.nothing
    with pytest.raises(ImportError):
        from symjax.linen import Nothing  # noqa: F401


def test_subclasses_of_the_module_are_symbolic_by_themselves():
    class Mine(nn.Module):
        width: int

        @nn.compact
        def __call__(self, x):
            return nn.Dense(self.width)(x)

    assert sj.is_symbolic(Mine(3))
    assert isinstance(Mine(3), raw.Module)
    assert Box(Mine(3)).rebind({"content.width": 4}) == Box(Mine(4))


def test_floats_are_leaves_those_that_flax_compares_too():
    assert jax.tree.leaves(nn.Dropout(0.5)) == [0.5]
    assert nn.Dropout(0.5) != nn.Dropout(0.25)
    dropped = jax.jit(lambda m, x: m.apply({}, x, deterministic=False, rngs={"dropout": jax.random.key(0)}))
    assert jnp.array_equal(dropped(nn.Dropout(0.0), jnp.ones(4)), jnp.ones(4))
    assert jnp.array_equal(dropped(nn.Dropout(1.0), jnp.ones(4)), jnp.zeros(4))
    assert jax.tree.leaves(nn.LayerNorm(epsilon=0.5)) == [0.5]


def test_saved_under_the_name_of_the_view():
    text = sj.to_json(nn.Dense(3, kernel_init=nn.initializers.normal(0.1)))
    assert '"symjax.linen.Dense"' in text
    assert '"symjax.linen.initializers.normal"' in text


def test_star_free_imports():
    from symjax.linen import Dense, initializers

    assert Dense is nn.Dense
    assert initializers is nn.initializers
