"""`effects`: what fields do, in models of the styles that are public."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen
import flax.struct
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import effects

IMAGES = jax.ShapeDtypeStruct((2, 8, 8, 3), "float32")


@dataclasses.dataclass(frozen=True)
class ViTConfig:
    image_size: int = 8
    patch_size: int = 4
    hidden_dim: int = 12
    mlp_dim: int = 20
    num_heads: int = 3
    num_layers: int = 2
    num_labels: int = 5
    dropout_rate: float = 0.1
    head_bias: float = 0.0
    layer_norm_eps: float = 1e-6
    use_cls: bool = True
    act: Callable[..., Any] = flax.linen.gelu


class Encoder(flax.linen.Module):
    config: ViTConfig

    @flax.linen.compact
    def __call__(self, x):
        cfg = self.config
        y = flax.linen.LayerNorm(epsilon=cfg.layer_norm_eps)(x)
        y = flax.linen.MultiHeadDotProductAttention(cfg.num_heads)(y)
        x = x + y
        y = cfg.act(flax.linen.Dense(cfg.mlp_dim)(flax.linen.LayerNorm()(x)))
        return x + flax.linen.Dense(cfg.hidden_dim)(y)


class ViT(flax.linen.Module):
    config: ViTConfig

    @flax.linen.compact
    def __call__(self, x):
        cfg = self.config
        if x.shape[1:3] != (cfg.image_size, cfg.image_size):
            raise ValueError(f"expected images of {cfg.image_size} pixels")
        x = flax.linen.Conv(cfg.hidden_dim, (cfg.patch_size,) * 2, strides=cfg.patch_size)(x)
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        if cfg.use_cls:
            cls = self.param("cls", flax.linen.initializers.zeros, (1, 1, cfg.hidden_dim))
            x = jnp.concatenate([jnp.tile(cls, (x.shape[0], 1, 1)), x], axis=1)
        patches_across = cfg.image_size // cfg.patch_size
        length = patches_across**2 + cfg.use_cls
        x = x + self.param("places", flax.linen.initializers.zeros, (1, length, cfg.hidden_dim))
        for _ in range(cfg.num_layers):
            x = Encoder(cfg)(x)
        if cfg.head_bias > 0.5:
            x = x + 1
        return flax.linen.Dense(cfg.num_labels)(x[:, 0])


VIT = sj.symbolize(ViT)(ViTConfig())


def kinds(found):
    return {path: effect.kind for path, effect in found.items()}


@pytest.fixture(scope="module")
def of_vit():
    return effects(VIT, IMAGES)


def test_a_transformer_for_images_with_a_configuration(of_vit):
    assert kinds(of_vit) == {
        "config.image_size": "tied",
        "config.patch_size": "window",
        "config.hidden_dim": "width",
        "config.mlp_dim": "width",
        "config.num_heads": "partition",
        "config.num_layers": "depth",
        "config.num_labels": "task",
        "config.dropout_rate": "leaf",
        "config.head_bias": "tested",
        "config.layer_norm_eps": "leaf",
        "config.use_cls": "switch",
        "config.act": "choice",
    }
    assert "expected images of" in of_vit["config.image_size"].remark
    assert of_vit["config.act"].remark == "activation"


def test_a_partition_changes_shapes_and_no_count(of_vit):
    heads = of_vit["config.num_heads"]
    assert (heads.tried, heads.size, heads.arrays) == (6, 1.0, 14)
    assert of_vit["config.mlp_dim"].arrays == 6
    assert of_vit["config.mlp_dim"].size > 1


class Grouped(flax.linen.Module):
    """Projects queries, keys and values by one parameter where there are as many of each, as Gemma does."""

    key_heads: int = 1
    layers: int = 2

    @flax.linen.compact
    def __call__(self, x):
        init, size = flax.linen.initializers.lecun_normal(), x.shape[-1]
        for layer in range(self.layers):
            if self.key_heads == 2:
                x = x + (x @ self.param(f"qkv_{layer}", init, (3 * size, size)).reshape(3, size, size)).sum(0)
            else:
                keys = self.param(f"keys_{layer}", init, (size, size * self.key_heads))
                x = x @ self.param(f"queries_{layer}", init, (size, size)) + (x @ keys)[..., :size]
            x = flax.linen.LayerNorm()(flax.linen.Dense(size)(x))
        return x


def test_a_number_that_takes_another_branch_is_no_depth():
    assert kinds(effects(sj.symbolize(Grouped)(), jnp.ones((2, 4)))) == {
        "key_heads": "width",
        "layers": "depth",
    }


class DenseNet(flax.linen.Module):
    stage_depths: Sequence[int] = (2, 1)
    growth_rate: int = 4
    stem: int = 6
    classes: int = 3

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = flax.linen.Conv(self.stem, (3, 3))(x)
        for depth in self.stage_depths:
            for _ in range(depth):
                y = flax.linen.BatchNorm(use_running_average=not train)(x)
                y = flax.linen.Conv(self.growth_rate, (3, 3), use_bias=False)(nn.relu(y))
                x = jnp.concatenate([x, y], axis=-1)
            x = nn.avg_pool(x, (2, 2), (2, 2))
        return flax.linen.Dense(self.classes)(x.mean((1, 2)))


def test_a_densely_connected_network():
    assert kinds(effects(sj.symbolize(DenseNet)(), IMAGES)) == {
        "stage_depths[0]": "depth",
        "stage_depths[1]": "depth",
        "growth_rate": "width",
        "stem": "width",
        "classes": "task",
    }


class Scanned(flax.linen.Module):
    layers: int = 3
    steps: int = 2

    @flax.linen.compact
    def __call__(self, x):
        def step(dense, carry, _):
            return dense(carry), None

        cell = flax.linen.Dense(x.shape[-1])
        scan = flax.linen.scan(
            step, variable_axes={"params": 0}, split_rngs={"params": True}, length=self.layers
        )
        x, _ = scan(cell, x, None)
        for _ in range(self.steps):
            x = jnp.sin(x)
        return x


def test_the_length_of_a_scan_over_layers_is_a_depth_and_what_changes_no_parameter_is_nothing():
    found = effects(sj.symbolize(Scanned)(), jnp.ones((2, 4)))
    assert kinds(found) == {"layers": "depth", "steps": "none"}
    assert found["layers"].flops == 2.0


class Projecting(flax.linen.Module):
    """Where widths differ, there is a layer more."""

    width: int = 4

    @flax.linen.compact
    def __call__(self, x):
        for _ in range(2):
            y = flax.linen.Dense(self.width)(x)
            x = y + (x if x.shape == y.shape else flax.linen.Dense(self.width, name="projection")(x))
        return flax.linen.Dense(2)(x)


def test_a_width_with_which_a_layer_comes_is_a_width():
    assert kinds(effects(sj.symbolize(Projecting)(), jnp.ones((2, 4)))) == {"width": "width"}


class Expanded(flax.linen.Module):
    """Inverted residuals: an expansion of 1 is no layer."""

    expansions: Sequence[int] = (1, 2)
    most: int = 9

    @flax.linen.compact
    def __call__(self, x):
        for i, expansion in enumerate(self.expansions):
            if expansion > self.most:
                raise ValueError("too much")
            y, hidden = x, x.shape[-1] * expansion
            if expansion != 1:
                y = flax.linen.Dense(hidden, name=f"expand_{i}")(y)
            y = flax.linen.Dense(hidden, name=f"inner_{i}")(y)
            x = x + flax.linen.Dense(x.shape[-1], name=f"project_{i}")(y)
        return x


@pytest.mark.parametrize("most", [9, 3])  # with 3, the double of 2 is refused, and one layer goes
def test_a_factor_of_which_one_is_no_layer_is_no_depth(most):
    found = effects(sj.symbolize(Expanded)(most=most), jnp.ones((2, 4)))
    assert (found["expansions[0]"].kind, found["expansions[1]"].kind) == ("width", "width")
    assert found["expansions[0]"].threshold
    assert found["expansions[0]"].remark == "layers come or go between 1 and 2"
    assert found["expansions[1]"].threshold is (most == 3)


class Switched(flax.linen.Module):
    """Ints with which layers come once, or twice in a row."""

    version: int = 1
    sublayers: int = 2
    blocks: int = 3

    @flax.linen.compact
    def __call__(self, x):
        if self.version > 1:
            x = flax.linen.Dense(4, name="second")(x)
        for i in range(self.sublayers // 2):
            x = flax.linen.Dense(4, name=f"pair_{i}")(x)
        for i in range(self.blocks):
            x = flax.linen.Dense(4, name=f"block_{i}")(x)
        return flax.linen.Dense(2)(x)


def test_what_adds_layers_once_is_a_switch_and_what_goes_on_a_depth():
    found = effects(sj.symbolize(Switched)(), jnp.ones((2, 4)))
    assert kinds(found) == {"version": "switch", "sublayers": "depth", "blocks": "depth"}
    assert found["version"].threshold
    assert not found["blocks"].threshold


class Stages(flax.linen.Module):
    """Where the widths of two stages differ, there is a projection."""

    widths: Sequence[int] = (4, 4, 8)

    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.Dense(4)(x)
        for i, width in enumerate(self.widths):
            y = flax.linen.Dense(width, name=f"stage_{i}")(x)
            for j in range(2):
                y = flax.linen.Dense(width, name=f"stage_{i}_{j}")(y)
            x = y + (x if x.shape == y.shape else flax.linen.Dense(width, name=f"projection_{i}")(x))
        return flax.linen.Dense(2)(x)


def test_a_width_with_which_a_projection_comes_and_another_goes_is_a_width():
    found = effects(sj.symbolize(Stages)(), jnp.ones((2, 4)))
    assert set(kinds(found).values()) == {"width"}
    assert not any(effect.threshold for effect in found.values())


class Tied(flax.linen.Module):
    stem: int = 6
    block: int = 6
    hidden: int = 6

    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.Dense(self.stem)(x)
        y = flax.linen.Dense(self.hidden)(x)
        x = x + flax.linen.Dense(self.block)(y)
        return flax.linen.Dense(2)(x)


def test_what_can_change_only_together_is_found_together():
    found = effects(sj.symbolize(Tied)(), jnp.ones((2, 4)))
    assert kinds(found) == {"stem": "width", "block": "width", "hidden": "width"}
    assert [str(path) for path in found["stem"].together] == ["block"]
    assert found["hidden"].together == ()


class Tokens(flax.linen.Module):
    vocabulary: int = 9
    longest: int = 7
    width: int = 4

    @flax.linen.compact
    def __call__(self, tokens):
        x = flax.linen.Embed(self.vocabulary, self.width)(tokens)
        table = self.param("places", flax.linen.initializers.zeros, (self.longest, self.width))
        return flax.linen.Dense(2)((x + table[: tokens.shape[1]]).mean(1))


def test_what_inputs_look_up_belongs_to_the_task():
    found = effects(sj.symbolize(Tokens)(), jnp.zeros((2, 5), int))
    assert kinds(found) == {"vocabulary": "task", "longest": "task", "width": "width"}


class Config(flax.struct.PyTreeNode):
    features: int = flax.struct.field(pytree_node=False, default=8)
    rate: float = flax.struct.field(pytree_node=False, default=0.1)  # structure


class OtherNet(nnx.Module):
    def __init__(self, cfg: Config, blocks: int = 2, *, rngs):
        self.stem = nnx.Linear(4, cfg.features, rngs=rngs)
        self.blocks = nnx.List([nnx.Linear(cfg.features, cfg.features, rngs=rngs) for _ in range(blocks)])
        self.dropout = nnx.Dropout(cfg.rate, rngs=rngs)
        self.head = nnx.Linear(cfg.features, 2, rngs=rngs)

    def __call__(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = self.dropout(block(x))
        return self.head(x)


def test_nodes_of_nnx():
    found = effects(sj.symbolize(OtherNet)(Config()), jnp.ones((2, 4)))
    assert kinds(found) == {"cfg.features": "width", "cfg.rate": "tested", "blocks": "depth"}


@sj.symbolize
def build(width: int, activation: Callable[..., Any] = nn.relu) -> flax.linen.Module:
    return flax.linen.Sequential([flax.linen.Dense(width), activation, flax.linen.Dense(3)])


def test_arguments_of_functions_that_build():
    assert kinds(effects(build(5), jnp.ones((2, 4)))) == {"width": "width", "activation": "choice"}


class Experiment(sj.Object):
    model: nn.Module
    epochs: int = 5

    def example_inputs(self):
        return jnp.ones((2, 4))


def test_the_experiment_may_give_the_inputs_and_paths_start_there():
    model = nn.Sequential([nn.Dense(5), nn.relu, nn.Dense(3)])
    found = effects(Experiment(model))
    assert kinds(found) == {
        "model.layers[0].features": "width",
        "model.layers[1]": "choice",
        "model.layers[2].features": "task",
    }


def test_without_inputs_it_says_what_is_missing():
    with pytest.raises(ValueError, match="example inputs are needed"):
        effects(VIT)


def test_a_field_that_is_not_there_gets_the_nearest(of_vit):
    with pytest.raises(KeyError, match=r"config\.mlp_dim"):
        of_vit["config.mlp"]


def test_the_fields_of_some_kinds(of_vit):
    assert [str(effect.path) for effect in of_vit.of("width")] == ["config.hidden_dim", "config.mlp_dim"]
    assert isinstance(of_vit, patches.Effects)


def test_it_prints_as_a_table():
    lines = str(effects(sj.symbolize(Tied)(), jnp.ones((2, 4)))).splitlines()
    assert lines[0].split() == ["field", "value", "kind", "parameters", "FLOPs"]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["stem", "6", "width"],
        ["block", "6", "width"],
        ["hidden", "6", "width"],
    ]
    assert "together with block" in lines[1]
