"""Biases go, where there are some."""

import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches


def test_fields():
    tree = [nn.Dense(2), nn.Conv(2, 3), nn.SelfAttention(2), nn.LayerNorm(), nn.RMSNorm()]
    bare = [layer.rebind(use_bias=False) for layer in tree[:3]]
    assert sj.patch(tree, "remove_bias") == [*bare, *tree[3:]]
    assert sj.patch(tree, "remove_bias?yes") == [*bare, nn.LayerNorm(use_bias=False), nn.RMSNorm()]


def test_nothing_to_remove():
    tree = [nn.Dense(2, use_bias=False), nn.LayerNorm()]
    with pytest.warns(patches.PatchWarning, match="attention, convolution, dense"):
        assert sj.patch(tree, "remove_bias") is tree


def test_inside_of_models(theirs, inputs):
    model = sj.patch(theirs, "remove_bias?normalization=yes", inputs=inputs)
    leaves = jax.tree_util.tree_leaves_with_path(
        jax.eval_shape(model.init, jax.random.key(0), inputs)["params"]
    )
    assert leaves
    assert not [path for path, _ in leaves if "bias" in jax.tree_util.keystr(path)]


def test_code_that_shares_no_class_with_flax():
    @patches.role("dense", use_bias="biased")
    class TheirDense(sj.Object):
        biased: bool = True

    assert sj.patch([TheirDense()], "remove_bias") == [TheirDense(False)]
    (linear,) = sj.patch([nnx.Linear(2, 3)], "remove_bias")
    assert linear.use_bias is False
