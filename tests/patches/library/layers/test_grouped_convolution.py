"""Convolutions in groups are those of Flax with as many groups as can be."""

import flax.linen
import jax
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import GroupedConv

KEY = jax.random.key(0)


@pytest.mark.parametrize(("channels", "features", "groups"), [(6, 4, 2), (6, 9, 3), (5, 4, 1), (4, 8, 4)])
def test_it_is_a_convolution_in_groups(channels, features, groups):
    x = jax.random.normal(KEY, (2, 5, channels))
    layer = GroupedConv(features, (3,), groups=12, use_bias=False)
    variables = layer.init(KEY, x)
    expected = flax.linen.Conv(features, (3,), feature_group_count=groups, use_bias=False)
    assert variables["params"]["kernel"].shape == (3, channels // groups, features)
    np.testing.assert_allclose(layer.apply(variables, x), expected.apply(variables, x))


def test_arguments_are_kept():
    layer = nn.Conv(8, (3,), strides=2, use_bias=False, name="stem")
    new = GroupedConv(8, (3,), strides=2, use_bias=False, name="stem", groups=4)
    assert sj.patch([layer], "group_convolutions?4") == [new]


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv(8, (1,)),
        nn.Conv(8, (3,), feature_group_count=2),
        nn.ConvTranspose(8, (3,)),
        nn.Dense(8),
        nn.Conv(9, (3,)),
        nnx.Conv(3, 8, (3,)),
    ],
)
def test_what_stays(layer):
    with pytest.warns(patches.PatchWarning, match="convolution"):
        assert sj.patch([layer], "group_convolutions?4") == [layer]


class Stem(nn.Module):
    """A convolution of three channels, and one of eight."""

    further: bool = True

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(8, (3,), name="stem")(x)
        return nn.Conv(8, (3,), name="further")(x) if self.further else x


IMAGES = jax.ShapeDtypeStruct((1, 5, 3), "float32")


def test_channels_that_no_number_of_groups_divides():
    patch = patches.group_convolutions(4)
    assert patch.matched(Stem(), IMAGES) == (sj.Path.parse("inside") / "further",)
    layers = nn.Sequential([nn.Conv(8, (3,)), nn.Conv(8, (3,))])
    assert patch.matched(layers, IMAGES) == (sj.Path.parse("layers[1]"),)
    message = (
        "looks for convolutions over positions that can be divided into groups, of which 4 is a multiple"
    )
    for model in (Stem(further=False), nn.Sequential([nn.Conv(8, (3,))])):
        with pytest.raises(patches.PatchError, match=message):
            sj.patch(model, patch, inputs=IMAGES, strict=True)


def test_inside_of_a_model(theirs, inputs, trains):
    model = sj.patch(theirs, "group_convolutions?2", inputs=inputs, strict=True)
    params = trains(model)
    assert params["conv"]["kernel"].shape == (3, 2, 4)
    assert params["pointwise"]["kernel"].shape == (1, 4, 4)
