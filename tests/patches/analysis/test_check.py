"""Shape-checks of whole experiments: what comes out, and which layer is at fault."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import AutoBatchNorm, Inputs, check

X = jax.ShapeDtypeStruct((2, 3), jnp.float32)


class Experiment(sj.Object):
    model: object
    rate: float = 0.1


class Exemplary(sj.Object):
    model: nn.Module
    batch: int = 4

    def example_inputs(self):
        return jnp.ones((self.batch, 3))


class Net(flax.linen.Module):
    """A layer inside `@compact` whose kernel has more dimensions than its input, where `size` says so."""

    size: int = 1

    @flax.linen.compact
    def __call__(self, x, train):
        x = flax.linen.Dense(4, name="first")(x)
        x = flax.linen.BatchNorm(use_running_average=not train)(x)
        return flax.linen.Conv(4, (3,) * self.size, name="second")(x[None])[0]


class OnlyTraining(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, train):
        if train:
            return flax.linen.Embed(3, 4)(x)
        return x


class NnxNet(flax_nnx.Module):
    def __init__(self, width, *, rngs):
        self.layers = flax_nnx.List([flax_nnx.Linear(3, width, rngs=rngs) for _ in range(2)])

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def message(tree, *args, **kwargs):
    """The notes of the error that a check raises."""
    with pytest.raises(Exception) as caught:
        check(tree, *args, **kwargs)
    return getattr(caught.value, "__notes__", [])


def test_the_outputs_of_each_model_by_path():
    tree = {
        "a": nn.Sequential([nn.Dense(5)]),
        "b": sj.symbolize(NnxNet)(3),
        "c": nn.Sequential([nn.Dense(1)]),
    }
    outputs = check(tree, {"b": X, "a": X})
    assert {str(path): shape.shape for path, shape in outputs.items()} == {"a": (2, 5), "b": (2, 3)}


def test_inputs_in_all_forms():
    model = Experiment(sj.symbolize(Net)())
    for outputs in (
        check(model, X),
        check(model, X, True),
        check(model, X, train=False),
        check(model, Inputs(X)),
    ):
        assert outputs["model"].shape == (2, 4)
    assert check(Exemplary(nn.Dense(2)))["model"].shape == (4, 2)


def test_nothing_is_computed():
    wide = jax.ShapeDtypeStruct((2, 10**9), jnp.float32)  # 4 TB of parameters
    assert check(nn.Dense(10**3), wide)[""].shape == (2, 1000)


@pytest.mark.parametrize(
    ("model", "note"),
    [
        (
            nn.Sequential([nn.Dense(3), nn.Conv(4, (3,) * 4)]),
            "model.layers[1]: Conv(features=4, kernel_size=",
        ),
        (sj.symbolize(Net)(4), "model.second: Conv(features=4, kernel_size="),
        (nn.Sequential([sj.symbolize(Net)(4)]), "model.layers[0]: Net(size=4) was called with (f32[2,3])"),
        (sj.symbolize(NnxNet)(4), "model.layers[1]: Linear(in_features=3, out_features=4)"),
        (sj.build(sj.symbolize(NnxNet)(4)), "model.layers[1]: Linear(in_features=3, out_features=4)"),
        (nnx.Sequential(nnx.Linear(3, 4), nnx.Linear(3, 4)), "model.layers[1]: Linear("),
    ],
)
def test_an_error_names_the_path_of_the_layer_at_fault(model, note):
    notes = message(Experiment(model), X)
    assert any(text.startswith(note) and "(path=model." in text for text in notes), notes


def test_training_is_checked_too_unless_the_inputs_say_otherwise():
    model = Experiment(sj.symbolize(OnlyTraining)())
    assert any("Embed(num_embeddings=3" in text for text in message(model, X))  # floats are no tokens
    assert check(model, X, train=False)["model"] == X


def test_a_layer_that_was_added_is_told_by_the_convention():
    assert check(nn.Sequential([nn.Dense(3), AutoBatchNorm()]), X)[""].shape == (2, 3)


def test_a_tree_without_models_or_inputs():
    with pytest.raises(ValueError, match="example_inputs"):
        check(nn.Dense(3))
    with pytest.raises(ValueError, match="no model"):
        check(Experiment(3), X)


@sj.patcher
def bias_free(tree):
    """Takes the biases of all dense layers away, wherever they are made."""
    return patches.layers(lambda k, v: v.rebind(use_bias=False) if patches.has_role(v, "dense") else v)


@pytest.mark.parametrize(("places", "refused"), [(1, False), (2, True)])
def test_what_patches_inside_of_a_model_have_to_change_is_counted(places, refused):
    exp = sj.patch(Experiment(sj.symbolize(Net)()), bias_free().expects(places))
    if not refused:
        assert check(exp, X)["model"].shape == (2, 4)
        return
    with pytest.raises(patches.PatchError, match="was to change 2 places inside of the model, and changed 1"):
        check(exp, X)


def test_a_strict_patch_that_changes_nothing_inside_speaks_up():
    @sj.patcher(name="tests.nothing_inside")
    def nothing_inside(tree):
        return patches.layers(lambda k, v: v)

    exp = sj.patch(Experiment(sj.symbolize(Net)()), nothing_inside(), strict=True)
    with pytest.raises(patches.PatchError, match="changed nothing inside of the model"):
        check(exp, X)


class Pooled(flax.linen.Module):
    """Halves its images, and ends as large as it began whatever is left of them."""

    levels: int = 3

    @flax.linen.compact
    def __call__(self, x):
        for i in range(self.levels):
            x = flax.linen.max_pool(x, (2, 2), strides=(2, 2))
            x = flax.linen.Conv(4, (1, 1), name=f"level_{i}")(x)
        return x.mean((1, 2))


def test_a_window_that_fits_nowhere_is_warned_of_with_the_layer_that_computes_with_nothing():
    images, model = jax.ShapeDtypeStruct((1, 4, 4, 3), jnp.float32), sj.symbolize(Pooled)
    assert check(model(2), images)[""].shape == (1, 4)
    with pytest.warns(
        patches.PatchWarning, match=r"too small for model: .*\(1, 1, 1, 4\).*level_2 comp"
    ) as seen:
        assert check(Experiment(model(3)), images)["model"].shape == (1, 4)
    assert seen[0].filename == __file__
