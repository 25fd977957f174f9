"""What patches cannot see into is told with what to write instead."""

import dataclasses
import functools

import flax.linen
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import symjax as sj
from symjax import linen as nn
from symjax.patches import PatchError, PatchWarning
from symjax.patches.core.foreign import out_of_sight


class Net(flax.linen.Module):
    width: int = 4

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Conv(self.width, (3, 3))(x)


class OfNNX(nnx.Module):
    def __init__(self, rngs):
        self.conv = nnx.Conv(3, 3, (1, 1), rngs=rngs)


@dataclasses.dataclass
class Holder:
    model: object


class Experiment(sj.Object):
    model: object


Symbolic = sj.symbolize(Net)


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (Net(), r"the root is a plain Net,.* they do in sj.symbolize\(Net\)\(…\)"),
        (Net, r"the root is the class Net,.* make one by sj.symbolize\(Net\)\(…\)"),
        (OfNNX, r"the root is the class OfNNX,.* make one by sj.symbolize\(OfNNX\)\(…\)"),
        (
            OfNNX(nnx.Rngs(0)),
            r"the root is an OfNNX, an NNX module.* patches.built\(module, rules\) gives a new one",
        ),
        (Symbolic, r"the root is the class Net,.* make one by Net\(…\)"),
        (Experiment, r"the root is the class Experiment,.* make one by Experiment\(…\)"),
    ],
)
def test_what_is_no_tree_is_an_error(tree, told):
    with pytest.raises(TypeError, match=f"apply_sepconv changed nothing: {told}$"):
        sj.patch(tree, "apply_sepconv")
    with pytest.raises(KeyError) as caught:
        sj.patch(tree, {"width": 5})
    assert any("the root is" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ([1, Net()], r"\[1\] is a plain Net,.* sj.symbolize\(Net\)\(…\)"),
        ({"a": {"b": Net}}, r"a.b is the class Net,.* sj.symbolize\(Net\)\(…\)"),
        (Holder(Symbolic()), r"the root is a plain Holder,.* sj.symbolize\(Holder\)\(…\)"),
        ({"kernel": jnp.ones(2), "b": {"c": np.ones(3)}}, "nothing but arrays: .*patches.transplant"),
        (jnp.tanh, r"the root is a function: sj.symbolize\(tanh\)"),
        (lambda x: x, r"the root is a function: sj.symbolize\(…\)"),
        (functools.partial(Net, 3), r"the root is a function: sj.symbolize\(…\)"),
    ],
)
def test_what_patches_do_not_see_into_is_told(tree, told):
    with pytest.warns(PatchWarning, match=f"changed nothing: .*{told}"):
        assert sj.patch(tree, "apply_sepconv") is tree
    with pytest.raises(PatchError, match=told):
        sj.patch(tree, "apply_sepconv", strict=True)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        3,
        [],
        {},
        [1, "a"],
        [nn.Dense(3), nn.relu],
        Experiment(Net),
        Experiment(Net()),
        [jnp.float32],
        Experiment(Holder(1)),
    ],
)
def test_of_what_patches_see_nothing_is_said(tree):
    assert out_of_sight(tree) == ""


def test_a_class_may_be_the_value_that_a_rule_replaces():
    assert sj.patch(Net, lambda k, v: Holder if v is Net else v) is Holder
