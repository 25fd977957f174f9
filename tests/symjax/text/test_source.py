"""`to_python`: the source of a tree, evaluated, is the tree."""

from typing import Any

import jax.numpy as jnp
import pytest
from flax.core import FrozenDict
from hypothesis import given

import symjax as sj
from symjax import linen as nn

from .. import trees


@given(trees.objects())
def test_the_script_builds_an_equal_tree(recipe):
    tree = recipe()
    try:
        source = sj.to_python(tree, imports=True)
    except TypeError:  # what has no source has no JSON either
        with pytest.raises(TypeError):
            sj.to_json(tree)
        return
    names: dict = {}
    exec(source, names)
    assert names["tree"] == tree


@sj.symbolize
def variadic(first, second=2, *rest, third=3):
    return first, second, rest, third


class Holder(sj.Object):
    rate: float = 0.1
    width: int = 3
    content: Any = None


@pytest.mark.parametrize(
    "tree",
    [
        sj.oneof([1, 2]),
        sj.floatv(1e-4, 1e-1, "log"),
        sj.floatv(0.1, 0.30000001),
        Holder(sj.floatv(1e-5, 1.0), sj.oneof([1, sj.oneof([2, 3])])),
        [sj.oneof([nn.Dense(3), nn.relu])],
        variadic(sj.MISSING, 7),
        variadic(sj.MISSING, 7, 8),
        variadic(1, sj.MISSING, 8, 9),
        variadic(sj.MISSING),
        Holder(content=FrozenDict({"a": {"b": 0.5}})),
        FrozenDict({}),
        Holder(content=nn.Conv(3, (1, 1), kernel_init=jnp.float32)),
    ],
)
def test_choices_holes_and_dtypes_as_functions(tree):
    names: dict = {}
    exec(sj.to_python(tree, imports=True), names)
    assert sj.eq(names["tree"], tree)
