"""`scale_depth` on fields that count, on sequences of blocks, on lists of widths."""

from collections.abc import Sequence
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import patch, scale_depth

X = jnp.zeros((2, 4))


class Staged(flax.linen.Module):
    stage_sizes: Sequence[int] = (1, 2, 3)
    width: int = 4

    @flax.linen.compact
    def __call__(self, x):
        for stage, size in enumerate(self.stage_sizes):
            for _ in range(size):
                x = flax.linen.Dense(self.width * 2**stage)(x)
        return flax.linen.Dense(3)(x)


STAGED = sj.symbolize(Staged)()


@pytest.mark.parametrize(
    ("rule", "sizes"),
    [
        ("scale_depth?2", (2, 4, 6)),
        ("scale_depth?0.5", (1, 1, 2)),
        ("scale_depth?0.1", (1, 1, 1)),
        ("scale_depth?to=12", (2, 4, 6)),
        ("scale_depth?to=4", (1, 1, 2)),
    ],
)
def test_the_sizes_of_stages(rule, sizes):
    deep = patch(STAGED, rule, inputs=X)
    assert deep.stage_sizes == sizes
    assert deep.width == 4
    assert len(jax.eval_shape(deep.init, jax.random.key(0), X)["params"]) == sum(sizes) + 1


BLOCKS = nn.Sequential([nn.Dense(6), nn.Dense(4), nn.relu, nn.Dense(4), nn.relu, nn.Dense(2)])


@pytest.mark.parametrize("inputs", [None, X])
def test_blocks_in_a_sequence_are_repeated(inputs):
    layers = patch(BLOCKS, "scale_depth?1.5", inputs=inputs).layers
    assert layers == (nn.Dense(6), *(nn.Dense(4), nn.relu) * 3, nn.Dense(2))


def test_the_same_block_many_times_is_not_tied():
    deep = patch(BLOCKS, "scale_depth?2", inputs=X)
    assert len(jax.eval_shape(deep.init, jax.random.key(0), X)["params"]) == 6


class Listed(flax.linen.Module):
    features: Sequence[int] = (8, 6)

    @flax.linen.compact
    def __call__(self, x):
        for features in self.features:
            x = flax.linen.Dense(features)(x)
        return flax.linen.Dense(3)(x)


def test_a_list_of_widths_gets_longer():
    model = sj.symbolize(Listed)()
    assert patch(model, "scale_depth?2", inputs=X).features == (8, 8, 6, 6)
    assert patch(model, "scale_depth?to=1", inputs=X).features == (8,)


class Matched(flax.linen.Module):
    """Two lists that must be of one length, and a number of layers that the outputs hang on."""

    depths: Sequence[int] = (1, 1)
    dims: Sequence[int] = (4, 4)
    heads: int = 2

    @flax.linen.compact
    def __call__(self, x):
        for depth, dim in zip(self.depths, self.dims, strict=True):
            for _ in range(depth):
                x = flax.linen.Dense(dim)(x)
        return [flax.linen.Dense(3)(x) for _ in range(self.heads)]


def test_what_the_outputs_hang_on_is_no_depth():
    deep = patch(sj.symbolize(Matched)(), "scale_depth?3", inputs=X)
    assert (deep.depths, deep.dims, deep.heads) == ((3, 3), (4, 4), 2)


class Inverted(flax.linen.Module):
    """Stages of inverted residuals: how far they expand, and how many there are."""

    stages: Sequence[Sequence[int]] = ((1, 1), (2, 2))

    @flax.linen.compact
    def __call__(self, x):
        for expansion, repeats in self.stages:
            for _ in range(repeats):
                y = flax.linen.Dense(4 * expansion)(x) if expansion != 1 else x
                x = x + flax.linen.Dense(4)(flax.linen.Dense(4 * expansion)(y))
        return flax.linen.Dense(3)(x)


def test_how_far_a_block_expands_is_no_depth():
    deep = patch(sj.symbolize(Inverted)(), "scale_depth?2", inputs=X)
    assert deep.stages == ((1, 2), (2, 4))


class UNet(flax.linen.Module):
    """Each level halves the images, and doubles them again."""

    features: Sequence[int] = (4, 8)

    @flax.linen.compact
    def __call__(self, x):
        skips = []
        for features in self.features:
            x = flax.linen.Conv(features, (3, 3))(x)
            skips.append(x)
            x = flax.linen.max_pool(x, (2, 2), strides=(2, 2))
        for features, skip in zip(reversed(self.features), reversed(skips), strict=True):
            x = flax.linen.ConvTranspose(features, (2, 2), strides=(2, 2))(x)
            x = jnp.concatenate([x, skip], axis=-1)
        return flax.linen.Conv(1, (1, 1))(x)


def test_levels_for_which_the_images_are_too_small_are_refused():
    model, images = sj.symbolize(UNet)(), jnp.zeros((1, 8, 8, 3))
    with pytest.raises(ValueError, match=r"too small for that: reduce_window_max in UNet makes") as caught:
        patch(model, "scale_depth?2", inputs=images)
    assert any("features: (4, 4, 8, 8)" in text for text in caught.value.__notes__)
    large = jnp.zeros((1, 16, 16, 3))
    assert patch(model, "scale_depth?2", inputs=large).features == (4, 4, 8, 8)


class Limited(flax.linen.Module):
    depth: int = 2

    @flax.linen.compact
    def __call__(self, x):
        if self.depth > 4:
            raise ValueError("too deep")
        for _ in range(self.depth):
            x = flax.linen.Dense(4)(x)
        return flax.linen.Dense(3)(x)


def test_a_depth_that_the_model_refuses_is_named():
    with pytest.raises(ValueError, match="too deep") as raised:
        patch(sj.symbolize(Limited)(), "scale_depth?3", inputs=X)
    assert "with the new depths depth: 6 (path=<root>)" in raised.value.__notes__


def test_a_plain_class_with_roles():
    @patches.role("dense", features="units")
    @sj.symbolize
    class Affine:
        def __init__(self, units: int):
            self.units = units

    class Network(sj.Object):
        layers: tuple[Any, ...]

        def init(self, key, x):
            return {}

        def apply(self, params, x):
            return x

    network = Network((Affine(8), Affine(6), Affine(3)))
    assert [layer.units for layer in scale_depth(2.0)(network).layers] == [8, 8, 6, 6, 3]


@pytest.mark.parametrize("patch_of", [lambda: scale_depth(), lambda: scale_depth(2.0, to=3)])
def test_either_a_factor_or_a_number(patch_of):
    with pytest.raises(TypeError, match="either a factor or to="):
        patch_of()(BLOCKS)


@pytest.mark.parametrize("uri", ["scale_depth?0", "scale_depth?to=0", "scale_depth?inf"])
def test_arguments_outside_their_range(uri):
    with pytest.raises(ValueError, match=r"\(path="):
        patch(BLOCKS, uri)


def test_where_nothing_is_repeated_it_says_what_it_looked_for():
    with pytest.warns(patches.PatchWarning, match="it looks for fields that are depths"):
        patch(nn.Sequential([nn.Dense(3)]), "scale_depth?2", inputs=X)
