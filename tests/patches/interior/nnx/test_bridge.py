"""A Linen module as a layer of an NNX model."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import symjax as sj
from symjax import linen as nn
from symjax.patches import AutoBatchNorm
from symjax.patches.interior.nnx.bridge import Bridge, BridgeNode, is_linen

from .networks import X, streams

INPUTS = (((1, 4), "float32"),)


class Normalized(flax.linen.Module):
    """Its layers leave it open whether they train."""

    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.BatchNorm(momentum=0.5)(flax.linen.Dense(4)(x))
        return flax.linen.Dropout(0.5)(x)


class Flagged(flax.linen.Module):
    """It wants to be told, by a name of its own."""

    @flax.linen.compact
    def __call__(self, x, train):
        return x + train


def bridge(module, inputs=INPUTS):
    return Bridge(module, inputs, rngs=streams())


def test_variables_stand_where_linen_has_them():
    layer = bridge(Normalized())
    assert layer.Dense_0["kernel"].shape == (4, 4)
    assert isinstance(layer.BatchNorm_0["mean"], nnx.BatchStat)
    assert bridge(flax.linen.Dense(3)).kernel.shape == (4, 3)


def test_numbers_are_linen_s():
    module = flax.linen.Dense(3)
    layer = bridge(module)
    params = {"kernel": layer.kernel[...], "bias": layer.bias[...]}
    assert jnp.array_equal(layer(X), module.apply({"params": params}, X))


def test_modes():
    layer = bridge(Normalized())
    before = layer.BatchNorm_0["mean"][...]
    assert not jnp.array_equal(layer(X), layer(X))  # dropout
    assert not jnp.array_equal(before, layer.BatchNorm_0["mean"][...])
    layer.eval()
    before = layer.BatchNorm_0["mean"][...]
    assert jnp.array_equal(layer(X), layer(X))
    assert jnp.array_equal(before, layer.BatchNorm_0["mean"][...])
    layer.set_attributes(deterministic=False, use_running_average=True)
    assert not jnp.array_equal(layer(X), layer(X))
    assert jnp.array_equal(before, layer.BatchNorm_0["mean"][...])


def test_layers_that_tell_by_what_may_change_whether_they_train():
    layer = bridge(AutoBatchNorm(momentum=0.5))
    layer(X)
    before = layer.mean[...]
    layer.eval()
    assert not jnp.allclose(layer(X).mean(0), 0, atol=1e-3)  # by the running averages
    assert jnp.array_equal(layer.mean[...], before)


def test_variables_change_in_place():
    layer = bridge(Normalized())
    mean = layer.BatchNorm_0["mean"]
    jax.eval_shape(lambda: None)
    layer(X)
    assert layer.BatchNorm_0["mean"] is mean


def test_a_flag_of_the_module_s_own_is_told_and_a_decided_layer_is_left_alone():
    layer = bridge(Flagged())
    assert jnp.array_equal(layer(X), X + 1)
    layer.eval()
    assert jnp.array_equal(layer(X), X)
    decided = bridge(flax.linen.Dropout(0.5, deterministic=True))
    assert jnp.array_equal(decided(X), X)


def test_it_draws_from_streams_that_the_module_draws_from():
    assert bridge(flax.linen.Dense(3)).rngs is None
    assert set(bridge(flax.linen.Dropout(0.5)).rngs) == {"dropout"}

    class Noisy(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return x + jax.random.normal(self.make_rng("noise"), x.shape)

    layer = bridge(Noisy())
    assert set(layer.rngs) == {"params"}  # Linen takes any other stream from there
    assert not jnp.array_equal(layer(X), layer(X))


@pytest.mark.parametrize(
    "rngs", [nnx.Rngs(7), nnx.Rngs(7).dropout, jax.random.key(7)], ids=["rngs", "stream", "key"]
)
def test_random_numbers_of_the_call_serve_in_the_place_of_its_own(rngs):
    layer = bridge(flax.linen.Dropout(0.5))
    count = layer.rngs.dropout.count[...]
    assert not jnp.array_equal(layer(X, rngs=rngs), X)
    assert layer.rngs.dropout.count[...] == count


def test_arguments_of_nnx_that_linen_does_not_know_are_left_out_where_they_are_none():
    layer = bridge(flax.linen.Dense(3))
    assert layer(X, out_sharding=None).shape == (3, 3)
    with pytest.raises(TypeError, match="out_sharding"):
        layer(X, out_sharding=1)


def test_methods_and_fields_of_the_module():
    layer = bridge(flax.linen.Embed(5, 4), (((1,), "int32"),))
    assert layer.features == 4
    assert layer.attend(X).shape == (3, 5)
    with pytest.raises(AttributeError, match="nothing"):
        layer.nothing


def test_under_jit_grad_vmap_and_eval_shape():
    layer = bridge(Normalized())

    @nnx.jit
    def step(layer, x):
        return nnx.value_and_grad(lambda layer: layer(x).sum())(layer)

    before = layer.BatchNorm_0["mean"][...]
    loss, gradients = step(layer, X)
    assert np.isfinite(loss)
    assert set(gradients) == {"Dense_0", "BatchNorm_0"}
    assert not jnp.array_equal(before, layer.BatchNorm_0["mean"][...])
    assert isinstance(
        nnx.eval_shape(lambda: bridge(Normalized())).Dense_0["kernel"].get_value(), jax.ShapeDtypeStruct
    )


def test_arrays_in_the_module_are_data():
    class Offset(nn.Module):
        by: jax.Array

        @flax.linen.compact
        def __call__(self, x):
            return x + self.by

    layer = bridge(Offset(jnp.ones(4)))
    graphdef, state = nnx.split(layer)
    assert jnp.array_equal(nnx.merge(graphdef, jax.tree.map(lambda a: 2 * a, state))(X), X + 2)
    assert jax.vmap(lambda by: bridge(Offset(by))(X))(jnp.ones((2, 4))).shape == (2, 3, 4)


def test_names_that_collide():
    class Named(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.Dense(3, name="linen")(x)

    class Twice(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            self.variable("other", "scale", jnp.ones, ())
            return x * self.param("scale", flax.linen.initializers.ones, ())

    with pytest.raises(ValueError, match="'linen' cannot stand in an NNX model"):
        jax.eval_shape(lambda: bridge(Named()) and None)
    with pytest.raises(ValueError, match="two collections of a Linen module have a variable scale"):
        jax.eval_shape(lambda: bridge(Twice()) and None)


def test_a_node_of_it_is_saved_and_built():
    node = BridgeNode(nn.Dense(3), INPUTS)
    assert sj.from_json(sj.to_json(node)) == node
    assert nnx.eval_shape(lambda: sj.build(node)).kernel.shape == (4, 3)


def test_what_is_linen():
    assert is_linen(nn.Dense(3))
    assert is_linen(flax.linen.Dense(3))
    assert not is_linen(BridgeNode(nn.Dense(3), INPUTS))
    assert not is_linen(nn.relu)
