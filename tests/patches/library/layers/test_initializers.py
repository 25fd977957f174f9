"""Kernels begin by another law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches.library.layers.initializers import Name, initializer

KEY = jax.random.key(0)


@pytest.mark.parametrize("name", Name.__args__)
def test_all_names_are_initializers(name):
    values = initializer(name)(KEY, (4, 4), jnp.float32)
    assert values.shape == (4, 4)
    assert sj.from_json(sj.to_json(initializer(name))) == initializer(name)


def test_fields():
    new = nn.initializers.he_normal()
    tree = [nn.Dense(2), nn.Conv(2, 3), nn.SelfAttention(2), nn.Embed(3, 2)]
    assert sj.patch(tree, "swap_initializer?he_normal") == [
        *(layer.rebind(kernel_init=new) for layer in tree[:3]),
        tree[3],
    ]


def test_an_unknown_name_is_refused():
    with pytest.raises(TypeError, match="he_normal"):
        patches.from_uri("swap_initializer?he_norm")


def test_inside_of_a_model(theirs, inputs):
    model = sj.patch(theirs, patches.swap_initializer(nn.initializers.constant(0.5)), inputs=inputs)
    variables = model.init(KEY, inputs)
    kernels = [
        leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(variables["params"])
        if "kernel" in jax.tree_util.keystr(path)
    ]
    assert len(kernels) == 2 + 2 * 6 + 1
    for kernel in kernels:
        np.testing.assert_array_equal(kernel, 0.5)


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.linear = nnx.Linear(4, 2, rngs=rngs)

    def __call__(self, x):
        return self.linear(x)


def test_inside_of_an_nnx_model():
    model = sj.build(sj.patch(sj.symbolize(NnxModel)(), "swap_initializer?zeros"), rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(model.linear.kernel[...], 0.0)
