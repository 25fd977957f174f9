"""Widths planned as a whole: what hangs together, what stays, what is refused."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen, nnx, patches
from symjax.patches.analysis.sizes.resizing import Resizing
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import Inputs

ROWS = jax.ShapeDtypeStruct((2, 5), "float32")


def scaled(tree, factor, x=ROWS):
    """The new widths by path in the tree, or in the model."""
    (model,) = models(tree)
    widths = {}
    for path, value in Resizing.of(tree, model, Inputs(x)).scaled(factor).updates.items():
        if path.key == "inside":
            edits = [patch.updates for patch in value if isinstance(patch, patches.edit_layers)]
            widths.update(
                {f"{name}.{key}": v for edit in edits for name, its in edit.items() for key, v in its.items()}
            )
        else:
            widths[str(path)] = value
    return widths


class Residual(nn.Module):
    """A stream that only stays in step if all that write to it are scaled alike."""

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(8)(x)
        for _ in range(2):
            y = nn.Dense(12)(nn.LayerNorm()(x))
            x = x + nn.Dense(8)(nn.gelu(y))
        return nn.Dense(3)(x)


def test_what_is_summed_is_scaled_together_and_the_head_stays():
    widths = scaled(sj.symbolize(Residual)(), 1.5)
    assert list(widths) == sorted(widths)  # in the order of the calls, not of what hangs together
    assert widths == {
        "Dense_0.features": 12,
        "Dense_1.features": 18,
        "Dense_2.features": 12,
        "Dense_3.features": 18,
        "Dense_4.features": 12,
    }


class ToInput(nn.Module):
    """The stream is as wide as the inputs, so only what is between may change."""

    @nn.compact
    def __call__(self, x):
        y = nn.relu(nn.Dense(7)(x))
        return x + nn.Dense(x.shape[-1])(y)


def test_what_the_inputs_fix_stays():
    assert scaled(sj.symbolize(ToInput)(), 2.0) == {"Dense_0.features": 14}


@dataclasses.dataclass(frozen=True)
class Config:
    width: int = 12
    heads: int = 4
    hidden: int = 10


class Configured(nn.Module):
    config: Config

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.config.width)(x)[:, None]
        x = x + nn.MultiHeadDotProductAttention(self.config.heads)(x)
        x = nn.Dense(self.config.hidden)(x)
        x = nn.Dense(6)(x)
        return nn.Dense(3)(x[:, 0])


def test_widths_of_a_configuration_are_scaled_there_and_others_inside():
    model = sj.symbolize(Configured)(Config())
    assert scaled(model, 1.3) == {"config.width": 16, "config.hidden": 14, "Dense_2.features": 8}
    assert scaled(model, 2.0) == {"config.width": 24, "config.hidden": 20, "Dense_2.features": 12}


class Concatenating(nn.Module):
    """Fields whose widths add up, and one that multiplies another."""

    bottleneck: int = 2
    growth: int = 4
    stem: int = 6

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.stem)(x)
        for _ in range(2):
            y = nn.Dense(self.bottleneck * self.growth)(nn.LayerNorm()(x))
            x = jnp.concatenate([x, nn.Dense(self.growth)(y)], axis=-1)
        x = nn.Dense(x.shape[-1] // 2)(x)
        return nn.Dense(3)(x)


def test_fields_whose_widths_add_up_are_both_scaled_and_a_factor_is_not():
    assert scaled(sj.symbolize(Concatenating)(), 2.0) == {"growth": 8, "stem": 12}


class Expanding(nn.Module):
    """A factor of which 1 means that there is no layer."""

    expansion: int = 1

    @nn.compact
    def __call__(self, x):
        x, hidden = nn.Dense(4)(x), 4 * self.expansion
        y = nn.Dense(hidden, name="expand")(x) if self.expansion != 1 else x
        x = nn.Dense(4, name="project")(nn.Dense(hidden, name="inner")(y))
        return nn.Dense(3)(x)


def test_a_factor_that_adds_a_layer_stays():
    assert scaled(sj.symbolize(Expanding)(), 2.0) == {
        "Dense_0.features": 8,
        "inner.features": 8,
        "project.features": 8,
    }


class Groups(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.GroupNorm(num_groups=4)(nn.Conv(8, (3, 3))(x))
        x = nn.Conv(16, (3, 3), feature_group_count=2)(x)
        x = nn.Conv(16, (3, 3), feature_group_count=16)(x)
        return nn.Dense(3)(x.reshape(x.shape[0], -1))


def test_groups_still_divide_and_depthwise_convolutions_stay_depthwise():
    assert scaled(sj.symbolize(Groups)(), 1.3, jnp.ones((1, 4, 4, 3))) == {
        "Conv_0.features": 12,
        "Conv_1.features": 20,
        "Conv_2.features": 20,
        "Conv_2.feature_group_count": 20,
    }


class Block(nn.Module):
    """Insists on its own width: only its own argument can change it."""

    width: int
    heads: int = 2

    @nn.compact
    def __call__(self, x):
        q, k, v = jnp.split(nn.Dense(3 * self.width)(x), 3, axis=-1)
        q, k, v = (y.reshape(*x.shape[:-1], self.heads, self.width // self.heads) for y in (q, k, v))
        return x + nn.Dense(self.width)(nn.dot_product_attention(q, k, v).reshape(x.shape))


class OfBlocks(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dense(8)(x)[:, None]
        for _ in range(2):
            x = Block(8)(x)
        return nn.Dense(3)(x[:, 0])


def test_blocks_are_scaled_by_their_own_arguments():
    model = sj.symbolize(OfBlocks)()
    assert scaled(model, 1.5) == {"Dense_0.features": 12, "Block_0.width": 12, "Block_1.width": 12}


class Unit(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x):
        y = nn.relu(nn.Dense(2 * self.width)(x))
        return x + nn.Dense(self.width)(y)


class WithParameter(nn.Module):
    """Adds a parameter of its own, whose size stands in its code, to what its blocks add to."""

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(8)(x) + self.param("shift", nn.initializers.zeros, (8,))
        return nn.Dense(3)(Unit(8)(x))


def test_what_is_in_a_block_is_scaled_where_the_block_cannot_be():
    with pytest.warns(patches.PatchWarning, match=r"Dense_0: features \(8\) of <root> cannot be"):
        assert scaled(sj.symbolize(WithParameter)(), 1.5) == {"Unit_0/Dense_0.features": 24}


class Stubborn(nn.Module):
    @nn.compact
    def __call__(self, x):
        y = nn.relu(nn.Dense(6)(x)).reshape(x.shape[0], 2, 3).sum(1)
        y = nn.relu(nn.Dense(10)(y))
        return nn.Dense(3)(y)


def test_what_the_code_insists_on_stays_with_a_warning():
    with pytest.warns(
        patches.PatchWarning, match=r"Dense_0: features \(6\) of <root> cannot be as wide.*reshape"
    ):
        assert scaled(sj.symbolize(Stubborn)(), 1.5) == {"Dense_1.features": 15}


class Fixed(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dense(6)(x).reshape(x.shape[0], 2, 3)
        return nn.Dense(3)(x.sum(1))


def test_what_can_not_be_done_at_all_is_refused_and_says_what_was_tried():
    with pytest.raises(TypeError, match="reshape") as raised:
        scaled(sj.symbolize(Fixed)(), 2.0)
    assert "with the widths Dense_0: features (6) to be 12 (path=<root>)" in raised.value.__notes__


class Pairs(nn.Module):
    """Rotates pairs: an odd width will not do."""

    width: int = 6

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.width)(x)
        if self.width % 2:
            raise ValueError("odd")
        return nn.Dense(3)(x)


def test_a_width_that_must_be_even_is_rounded_to_one():
    assert scaled(sj.symbolize(Pairs)(), 1.2) == {"width": 8}


class Table(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dense(6)(x)
        return nn.Dense(3)(x + jnp.arange(x.shape[-1]))


class FixedTable(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dense(6)(x)
        y = nn.Dense(4)(x)
        return nn.Dense(3)(y) + nn.Dense(3)(x + jnp.arange(6))


def test_a_table_in_the_code_that_follows_is_no_obstacle():
    assert scaled(sj.symbolize(Table)(), 2.0) == {"Dense_0.features": 12}


@pytest.mark.filterwarnings("ignore:Dense_0. features .6.:symjax.patches.PatchWarning")
def test_a_table_in_the_code_that_does_not_follow_keeps_its_width():
    assert scaled(sj.symbolize(FixedTable)(), 2.0) == {"Dense_1.features": 8}


class Autoencoder(linen.Module):
    encoder: nn.Module = linen.Dense(6)
    code: nn.Module = linen.Dense(2)
    decoder: nn.Module = linen.Dense(6)
    head: nn.Module = linen.Dense(5)

    @nn.compact
    def __call__(self, x):
        return self.head(self.decoder(self.code(self.encoder(x))))


def test_layers_in_fields_are_told_from_the_head_by_the_outputs():
    assert scaled(Autoencoder(), 2.0) == {"encoder.features": 12, "code.features": 4, "decoder.features": 12}


class OtherNet(nnx.Module):
    def __init__(self, *, rngs):
        self.conv = nnx.Conv(3, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.blocks = nnx.List([nnx.Linear(4, 4, rngs=rngs)])
        self.hidden = nnx.Linear(16, 6, rngs=rngs)
        self.head = nnx.Linear(6, 2, rngs=rngs)

    def __call__(self, x):
        x = self.norm(self.conv(x))
        for block in self.blocks:
            x = x + block(x)
        return self.head(self.hidden(x.reshape(x.shape[0], -1)))


def test_in_nnx_the_layers_after_follow():
    assert scaled(sj.symbolize(OtherNet)(), 1.5, jnp.ones((1, 2, 2, 3))) == {
        "conv.out_features": 6,
        "norm.num_features": 6,
        "blocks/0.in_features": 6,
        "blocks/0.out_features": 6,
        "hidden.in_features": 24,
        "hidden.out_features": 9,
        "head.in_features": 9,
    }


def test_a_model_without_a_free_width_has_nothing_to_change():
    model = linen.Sequential([linen.Dense(3)])
    assert scaled(model, 2.0) == {}


def test_the_operations_with_the_new_widths_are_told():
    model = linen.Sequential([linen.Dense(4), linen.Dense(3)])
    (root,) = models(model)
    assert Resizing.of(model, root, Inputs(ROWS)).scaled(2.0).flops == 2 * 2 * (5 * 8 + 8 * 3)
