"""Layers are read and built by roles, those of Linen, NNX and others."""

import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches.roles.editing import (
    is_decided,
    is_flax_layer,
    linen_version,
    rebuilt,
    takes,
    updated,
    values,
)


@patches.role("dense", features="units")
class TheirDense(sj.Object):
    units: int
    use_bias: bool = True


def test_values_go_by_the_names_of_linen():
    their_values = values(TheirDense(3), "dense")
    assert (their_values["features"], their_values["use_bias"]) == (3, True)
    assert values(nnx.Linear(2, 3), "dense")["features"] == 3
    assert values(TheirDense(3), "convolution") == {}


def test_an_update_is_of_what_a_layer_has():
    assert updated(TheirDense(3), "dense", features=4, rate=0.1) == TheirDense(4)
    for layer, changes in [
        (TheirDense(3), {"features": 3}),
        (TheirDense(3), {"rate": 1.0}),
        (nn.relu, {"rate": 1.0}),
    ]:
        assert updated(layer, "dense", **changes) is layer


def test_a_layer_of_another_class_takes_over_what_it_can():
    old = nn.BatchNorm(use_running_average=True, epsilon=1e-3, use_bias=False, name="norm")
    new = nn.LayerNorm(epsilon=1e-3, use_bias=False, name="norm")
    assert rebuilt(old, "normalization", nn.LayerNorm) == new
    assert rebuilt(TheirDense(3, False), "dense", nn.Dense, use_bias=True) == nn.Dense(3)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nnx.Conv(3, 8, (3, 3), strides=2, use_bias=False), nn.Conv(8, (3, 3), strides=2, use_bias=False)),
        (nnx.Linear(3, 8), nn.Dense(8)),
        (nnx.LinearGeneral(3, (2, 4), axis=-1), nn.DenseGeneral((2, 4))),
        (nnx.MultiHeadAttention(2, 8, use_bias=False), nn.MultiHeadDotProductAttention(2, use_bias=False)),
    ],
)
def test_layers_of_nnx_in_linen(layer, expected):
    new = linen_version(layer)
    assert type(new) is type(expected)
    for name in ("features", "kernel_size", "strides", "use_bias", "num_heads"):
        assert getattr(new, name, None) == getattr(expected, name, None)


def test_what_is_no_layer_of_flax_has_no_version_in_linen():
    layer = nn.Dense(3)
    assert linen_version(layer) is layer
    assert linen_version(TheirDense(3)) is None
    assert linen_version(nnx.relu) is None
    assert not is_flax_layer(TheirDense(3))


def test_small_questions():
    assert not is_decided(sj.oneof([1, 2]))
    assert takes(TheirDense(3), "units")
    assert not takes(TheirDense(3), "features")
    assert not takes(3, "features")
