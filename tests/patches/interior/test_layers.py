"""`layers`, `inside` and `edit_layers`: rules on layers wherever these stand."""

import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.core.paths import Path
from symjax.patches.interior.patterns import matches

KEY = jax.random.key(0)


@sj.patcher(name="test_layers.no_bias")
def no_bias(tree):
    return patches.layers(lambda k, v: v.rebind(use_bias=False) if patches.has_role(v, "dense") else v)


@sj.patcher(name="test_layers.widen")
def widen(tree, factor: int = 2):
    def rule(k, v):
        return v.rebind(features=v.features * factor) if isinstance(v, nn.Dense) and k.key == "wide" else v

    return patches.layers(rule)


def shapes(model, x):
    return jax.tree.map(jnp.shape, model.init(KEY, x)["params"])


def test_layers_are_patched_in_compact_and_setup_and_as_arguments_of_others(net, x):
    model = sj.patch(net, [no_bias(), widen(3)])
    assert model == net.rebind(inside=(no_bias(), widen(3)))
    assert shapes(model, x) == {
        "Dense_0": {"kernel": (4, 4)},
        "Block_0": {"wide": {"kernel": (4, 18)}, "narrow": {"kernel": (18, 4)}},
        "Dense_1": {"kernel": (4, 5)},
        "head": {"kernel": (5, 3)},
    }
    assert shapes(net, x)["head"] == {"kernel": (5, 3), "bias": (3,)}


def test_fields_are_patched_too(net, x):
    tree = sj.patch({"a": nn.Dense(3), "b": net}, no_bias())
    assert tree == {"a": nn.Dense(3, use_bias=False), "b": net.rebind(inside=(no_bias(),))}


def test_one_layer_by_its_path(net, x):
    model = sj.patch(net, patches.inside(no_bias(), path="Block_*/wide"))
    changed = shapes(model, x)
    assert changed["Block_0"]["wide"] == {"kernel": (4, 6)}
    assert all("bias" in changed[name] for name in ("Dense_0", "head"))


def test_layers_are_edited_by_data(net, x):
    edit = patches.edit_layers({"Block_0/wide": {"features": 9}, "Dense_1": {"use_bias": False}})
    model = sj.patch(net, edit)
    assert sj.from_json(sj.to_json(model)) == model
    changed = shapes(model, x)
    assert changed["Block_0"]["wide"]["kernel"] == (4, 9)
    assert changed["Dense_1"] == {"kernel": (4, 5)}


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("Dense_0", ("Dense_0",), True),
        ("Dense_0", ("Block_0", "Dense_0"), False),
        ("**/Dense_0", ("Dense_0",), True),
        ("**/Dense_0", ("a", "b", "Dense_0"), True),
        ("a/**", ("a",), True),
        ("a/**", ("a", "b", "c"), True),
        ("a/**", ("ab", "c"), False),
        ("a/*/c", ("a", "b", "c"), True),
        ("a/*", ("a", "b", "c"), False),
        ("Dense_?", ("Dense_12",), False),
        ("a.b", ("axb",), False),
    ],
)
def test_patterns_of_paths(pattern, path, expected):
    assert matches(pattern, Path(path)) is expected
