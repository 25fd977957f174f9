import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import linen as nn
from symjax import search
from symjax.search.proposing.calls import Calls
from symjax.search.proposing.ideas import ideas

X = jax.ShapeDtypeStruct((2, 3), jnp.float32)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = flax.linen.relu(flax.linen.Dense(8)(x))
        return flax.linen.Dense(2)(x)


def asked(kind, path):
    return True


def names(tree, inputs, lacks=asked):
    return [s.path.key for s in ideas(Calls.of(tree, inputs, None), inputs, lacks)]


def test_patches_for_what_stands_in_code():
    width, activation = ideas(Calls.of(Net(), X, None), X, asked)
    assert width.choice.labels == ("as it is", "half", "double")
    assert width.choice.candidates[0] is None
    wide = sj.patch(Net(), width.choice.candidates[2])  # no inputs, nothing to plan
    assert jax.eval_shape(wide.init, jax.random.key(0), X)["params"]["Dense_0"]["kernel"].shape == (3, 16)
    assert activation.choice.labels == ("as it is", "gelu", "silu", "tanh")


def test_only_for_what_no_field_says():
    assert names(Net(), X, lambda kind, path: kind == "activation") == ["swap_activation"]
    assert names(Net(), X, lambda kind, path: path.key == "scale_width") == ["scale_width"]
    assert names(nn.Dense(3), X) == []


def test_the_space_applies_them():
    proposal = search.propose({"model": Net()}, X, where=lambda k, v, p: k.key == "scale_width")
    space = proposal.space
    widths = {}
    for dna in space.enumerate():
        params = jax.eval_shape(space.decode(dna)["model"].init, jax.random.key(0), X)["params"]
        widths[space.values(dna)["scale_width"]] = params["Dense_0"]["kernel"].shape[-1]
    assert widths == {"as it is": 8, "half": 4, "double": 16}


def test_without_inputs_there_are_none():
    assert names(Net(), None) == []


def test_of_several_models_the_difference_is_the_patch():
    tree = {"one": Net(), "other": Net()}
    inputs = {"one": X, "other": X}
    (width,) = ideas(Calls.of(tree, inputs, None), inputs, lambda kind, path: kind == "width")
    wide = sj.patch(tree, width.choice.candidates[2])
    for model in wide.values():
        assert jax.eval_shape(model.init, jax.random.key(0), X)["params"]["Dense_0"]["kernel"].shape == (
            3,
            16,
        )
