"""Modules that stand in a tree as they are; more of it is in ../test_built.py."""

import pytest
from flax import nnx

import symjax as sj
from symjax import nnx as symbolic
from symjax.patches import models
from symjax.patches.interior.nnx.standing import build_shapes, paths_in, standing_for

from .networks import MLP, streams


def test_a_node_stands_for_a_copy_of_a_module():
    module = MLP(rngs=streams())
    node = standing_for(module)
    assert [model.kind for model in models(node)] == ["nnx"]
    copy = sj.build(node)
    assert copy is not module
    assert copy.stem.kernel.get_value() is module.stem.kernel.get_value()


def test_only_for_modules():
    with pytest.raises(TypeError, match="expected a built NNX module"):
        standing_for(symbolic.Linear(2, 3))


def test_the_paths_of_what_there_is_to_see():
    paths = paths_in(nnx.Sequential(nnx.Dropout(0.5), nnx.relu))
    assert {"", "layers[0]", "layers[0].rate", "layers[1]"} <= set(paths)


def test_nothing_is_allocated_to_see_the_layers_of_a_node():
    module = build_shapes(symbolic.Linear(10**6, 10**6))
    assert module.kernel.shape == (10**6, 10**6)
