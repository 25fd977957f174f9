"""What NNX modules hold, container by container."""

import jax.numpy as jnp
from flax import nnx

from symjax import Path
from symjax.patches.interior.nnx.graph import (
    is_container,
    items_of,
    modules_of,
    own_class,
    subclass,
    variables_of,
    with_items,
)

from .networks import MLP, streams


def test_layers_by_path_each_once_and_no_containers():
    paths = [str(path) for path, _ in modules_of(MLP(rngs=streams()))]
    assert sorted(paths) == ["", "hidden[0]", "hidden[1]", "named.norm", "pair[0]", "pair[1]"]


def test_items_are_attributes_indices_and_keys():
    module = nnx.List([nnx.relu, nnx.tanh])
    assert dict(items_of(module)) == {0: nnx.relu, 1: nnx.tanh}
    assert dict(items_of(nnx.Dict({"a": nnx.relu}))) == {"a": nnx.relu}
    assert dict(items_of(nnx.Dropout(0.5))).keys() >= {"rate", "deterministic"}
    assert not list(items_of(nnx.Rngs(0)))
    assert is_container(module)
    assert not is_container(nnx.Dropout(0.5))


def test_variables_of_sources_of_randomness_count():
    assert {str(path) for path in variables_of(nnx.Dropout(0.5, rngs=nnx.Rngs(0)))} == {
        "rngs.count",
        "rngs.key",
    }


def test_a_plain_container_is_made_anew_and_a_module_is_changed():
    old = (1, 2)
    assert with_items(old, {1: 3}) == (1, 3)
    assert with_items({"a": 1}, {"a": 2}) == {"a": 2}
    module = MLP(rngs=streams())
    tupled = module.pair
    with_items(module, {"pair": (tupled[1], tupled[0]), "activation": nnx.gelu})
    assert module.pair == (tupled[1], tupled[0])
    assert Path.parse("pair[0].kernel") in variables_of(module)
    assert module.activation is nnx.gelu


def test_where_a_function_stood_a_layer_may_stand():
    module = nnx.Sequential(nnx.relu)
    with_items(module.layers, {0: nnx.Linear(2, 3, rngs=streams())})
    assert module(jnp.ones((1, 2))).shape == (1, 3)


def test_a_subclass_is_its_author_s_class_to_readers():
    inner = subclass(subclass(nnx.Linear, {}), {"more": 1})
    assert own_class(inner) is nnx.Linear is own_class(nnx.Linear)
    assert (inner.__name__, inner.__module__) == ("Linear", nnx.Linear.__module__)
