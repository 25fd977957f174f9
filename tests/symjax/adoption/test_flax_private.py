"""What Flax's private names are taken to mean; a new version of Flax that means otherwise fails here."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

from symjax import linen as nn
from symjax.adoption import flax_private

X = jnp.ones((1, 2))


def test_a_module_is_sealed_when_its_constructor_is_done():
    module = flax.linen.Dense(3)
    assert flax_private.is_sealed(nn.Dense(3))
    object.__setattr__(module, "_state", type(module._state)())
    assert not flax_private.is_sealed(module)
    flax_private.seal(module)
    with pytest.raises(flax.errors.SetAttributeFrozenModuleError):
        module.features = 4


def test_the_parent_of_a_module_that_is_being_made_is_the_active_one():
    parents = []

    class Inner(flax.linen.Module):
        def __post_init__(self):
            parents.append(flax_private.parent_of_new(self))
            super().__post_init__()

        def __call__(self, x):
            return x

    class Outer(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            parents.append(self)
            return Inner()(x)

    Outer().apply({}, X)
    outer, parent = parents
    assert parent is outer
    Inner(parent=None)
    assert parents[-1] is None


def test_interceptors_are_those_of_this_thread_while_they_last():
    def intercept(run, args, kwargs, context):
        return run(*args, **kwargs)

    assert intercept not in flax_private.interceptors()
    with flax.linen.intercept_methods(intercept):
        assert intercept in flax_private.interceptors()
    assert intercept not in flax_private.interceptors()


def test_it_is_known_who_watches_the_calls_of_modules():
    watched = []

    class Watched(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            watched.append(flax_private.is_watched())
            return x

    Watched().apply({}, X)
    Watched().apply({}, X, capture_intermediates=True, mutable=True)
    flax.linen.tabulate(Watched(), jax.random.key(0))(X)
    assert watched[:2] == [False, True]
    assert all(watched[2:])
    assert len(watched) > 2


def test_a_module_that_was_unflattened_runs_and_refuses_assignment():
    module = jax.tree.map(lambda leaf: leaf, nn.Dense(3))
    assert flax_private.is_sealed(module)
    assert module.parent is None
    assert module.init(jax.random.key(0), X)["params"]["kernel"].shape == (2, 3)
    with pytest.raises(AttributeError, match="immutable"):
        module.features = 4


def test_a_method_that_lifted_transforms_decorate_is_found_below_them():
    class Decorated(flax.linen.Module):
        @flax.linen.remat
        @flax.linen.jit
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.Dense(2)(x)

        def plain(self, x):
            return x

    names = []

    def watch(run, args, kwargs, context):
        names.append(context.method_name)
        return run(*args, **kwargs)

    inner = flax_private.unlifted(Decorated, "__call__")
    module = Decorated().bind({"params": {"Dense_0": {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}}})
    with flax.linen.intercept_methods(watch):
        assert "checkpoint" not in str(jax.make_jaxpr(lambda x: inner(module, x))(X))
        assert names == ["__call__", "__call__"]  # its own and that of the layer
    assert flax_private.unlifted(Decorated, "plain") is None
    assert flax_private.unlifted(flax.linen.Dense, "__call__") is None
    assert flax_private.unlifted(flax.linen.Dense, "no_method") is None
