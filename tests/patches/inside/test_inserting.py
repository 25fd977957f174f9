"""`insert`: modules before and after a layer."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches

KEY = jax.random.key(0)


def test_all_are_called_in_order_and_the_layer_keeps_its_names():
    x = jnp.arange(4.0)[None]
    plain = nn.Dense(3)
    layer = patches.insert(plain, before=[lambda x: 2 * x, nn.LayerNorm()], after=[nn.relu, nn.Dense(2)])
    variables = layer.init(KEY, x)
    assert jax.tree.map(jnp.shape, variables["params"]) == {
        "kernel": (4, 3),
        "bias": (3,),
        "before_1": {"scale": (4,), "bias": (4,)},
        "after_1": {"kernel": (3, 2), "bias": (2,)},
    }
    params = variables["params"]
    normed = nn.LayerNorm().apply({"params": params["before_1"]}, 2 * x)
    hidden = nn.relu(plain.apply({"params": {"kernel": params["kernel"], "bias": params["bias"]}}, normed))
    expected = nn.Dense(2).apply({"params": params["after_1"]}, hidden)
    assert jnp.allclose(layer.apply(variables, x), expected)


def test_nothing_inserted_is_the_layer():
    layer = nn.Dense(3)
    assert patches.insert(layer) is layer


def test_only_around_modules():
    with pytest.raises(TypeError, match="got 3"):
        patches.insert(3, after=[nn.relu])


def test_one_insertion_after_another(net, x):
    def after(k, v):
        return patches.insert(v, after=[nn.LayerNorm()]) if isinstance(v, nn.Dense) else v

    model = sj.patch(net, [patches.inside(after), patches.inside(after)])
    params = model.init(KEY, x)["params"]
    assert sorted(params["head"]) == ["after_0", "after_1", "bias", "kernel"]


def test_trained_parameters_still_fit(net, x):
    model = sj.patch(
        net, patches.inside(lambda k, v: patches.insert(v, after=[jnp.tanh]) if k.key == "head" else v)
    )
    variables = net.init(KEY, x)
    assert jnp.allclose(model.apply(variables, x), jnp.tanh(net.apply(variables, x)))
    assert flax.linen.Dense(3).apply({"params": variables["params"]["head"]}, jnp.ones((1, 5))).shape == (
        1,
        3,
    )
