"""Trained weights in patched models: outputs are the same before training goes on, or it is said that they are not."""

import collections
import functools

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import transplant

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 4))
IMAGES = jax.random.normal(KEY, (2, 8, 8, 3))
TOKENS = jnp.array([[1, 4, 2, 0]])


class Experiment(sj.Object):
    model: object


def trained(model, *inputs):
    """Variables as training leaves them: no biases of zero, statistics of their own."""
    variables = jax.jit(functools.partial(sj.init, model))(KEY, *inputs)
    noisy = jax.tree.map(lambda leaf: leaf + 0.1 * jax.random.normal(KEY, leaf.shape), variables)
    return (
        {**noisy, "batch_stats": jax.tree.map(jnp.abs, noisy["batch_stats"])}
        if "batch_stats" in noisy
        else noisy
    )


def moved(old, new, *inputs, **options):
    """The result for trained variables; that the function is preserved is checked on other numbers."""
    variables = trained(old, *inputs)
    result = transplant(old, new, variables, *inputs, **options)
    if result.preserved:
        before, after = (
            jax.jit(functools.partial(sj.apply, model))(values, *inputs)[0]
            for model, values in ((old, variables), (new, result.variables))
        )
        assert jnp.allclose(before, after[tuple(map(slice, before.shape))], atol=1e-5)
    return result


def fates(result):
    return dict(collections.Counter(variable.fate for variable in result.report))


MLP = nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(6), nn.relu, nn.Dense(3)])


def test_an_mlp_gets_wider():
    result = moved(MLP, patches.scale_width(3.0)(MLP), X)
    assert result.preserved
    assert fates(result) == {"widened": 5, "carried": 1}


def test_a_factor_that_is_no_integer_is_reported_layer_by_layer():
    wider = MLP.rebind({"layers[2].features": 9})
    result = moved(MLP, wider, X)
    assert not result.preserved
    assert "params/layers_2/kernel: initialized (axis 1 was 6 and is 9: 9 is no multiple of 6)" in str(result)
    assert {variable.path[1] for variable in result.of("carried")} == {"layers_0", "layers_4"}
    assert "The first layer whose outputs are others is layers_4" in str(result)


@sj.symbolize
class ConvNet(flax.linen.Module):
    """All that a width goes through: normalizations of all kinds, groups, flattening, a concatenation."""

    width: int = 2
    classes: int = 3

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = flax.linen.Conv(self.width, (3, 3), strides=2)(x)
        x = flax.linen.relu(flax.linen.BatchNorm(use_running_average=not train)(x))
        y = flax.linen.Conv(2 * self.width, (3, 3), feature_group_count=self.width, strides=2)(x)
        y = flax.linen.GroupNorm(num_groups=2)(y)
        x = jnp.concatenate([x[:, ::2, ::2], y], -1)
        x = flax.linen.Dense(3 * self.width)(x.reshape(x.shape[0], -1))
        return flax.linen.Dense(self.classes)(flax.linen.gelu(flax.linen.LayerNorm()(x)))


def test_a_cnn_with_all_kinds_of_normalization_gets_wider():
    result = moved(ConvNet(), ConvNet(width=4), IMAGES)
    assert result.preserved
    assert result.variables["batch_stats"]["BatchNorm_0"]["mean"].shape == (4,)
    assert fates(result) == {"widened": 15, "carried": 1}


def test_new_classes_leave_the_old_ones_as_they_are():
    result = moved(ConvNet(), ConvNet(classes=6), IMAGES)
    assert result.preserved
    assert {variable.path[-2:] for variable in result.of("extended")} == {
        ("Dense_1", "kernel"),
        ("Dense_1", "bias"),
    }


class Block(flax.linen.Module):
    width: int

    @flax.linen.compact
    def __call__(self, x, train):
        y = x
        for _ in range(2):
            y = flax.linen.Conv(self.width, (3, 3), use_bias=False)(y)
            y = flax.linen.BatchNorm(use_running_average=not train)(jax.nn.relu(y))
        if x.shape != y.shape:
            x = flax.linen.Conv(self.width, (1, 1), name="projection")(x)
        return jax.nn.relu(x + y)


@sj.symbolize
class ResNet(flax.linen.Module):
    width: int = 2
    depths: tuple[int, ...] = (1, 1)

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = jax.nn.relu(flax.linen.Conv(self.width, (3, 3), strides=4)(x))
        for stage, depth in enumerate(self.depths):
            for _ in range(depth):
                x = Block(self.width * 2**stage)(x, train)
        return flax.linen.Dense(3)(x.mean((1, 2)))


def test_a_resnet_gets_wider_and_deeper_at_once():
    result = moved(ResNet(), ResNet(width=4, depths=(2, 1)), IMAGES)
    assert result.preserved
    notes = {variable.path[1:]: variable.note for variable in result.report}
    assert notes["Block_2", "projection", "kernel"] == ""
    zero = {path for path, note in notes.items() if note == "new, set to zero"}
    assert zero == {("Block_1", "BatchNorm_1", "scale"), ("Block_1", "BatchNorm_1", "bias")}


class Layer(flax.linen.Module):
    features: int
    hidden: int
    heads: int = 2

    @flax.linen.compact
    def __call__(self, x, _):
        y = flax.linen.LayerNorm()(x)
        x = x + flax.linen.MultiHeadAttention(self.heads, qkv_features=4 * self.heads)(y)
        y = flax.linen.Dense(self.hidden)(flax.linen.LayerNorm()(x))
        return x + flax.linen.Dense(self.features)(jax.nn.gelu(y)), None


@sj.symbolize
class Transformer(flax.linen.Module):
    features: int = 4
    hidden: int = 6
    heads: int = 2
    depth: int = 2
    words: int = 5
    tied: bool = False

    @flax.linen.compact
    def __call__(self, tokens):
        embed = flax.linen.Embed(self.words, self.features)
        x = embed(tokens)
        lift = flax.linen.scan(Layer, {"params": 0}, split_rngs={"params": True}, length=self.depth)
        x, _ = lift(self.features, self.hidden, self.heads)(x, None)
        return embed.attend(x) if self.tied else flax.linen.Dense(5)(x)


@pytest.mark.parametrize(
    "change", [{"hidden": 12}, {"heads": 4}, {"features": 8}, {"depth": 3}, {"words": 7}], ids=str
)
def test_a_scanned_transformer_grows(change):
    result = moved(Transformer(), Transformer(**change), TOKENS)
    assert result.preserved, str(result)
    assert fates(result).keys() & {"widened", "extended"}


def test_tied_embeddings_are_reported():
    result = moved(Transformer(tied=True), Transformer(tied=True, features=8), TOKENS)
    assert not result.preserved
    (note,) = {variable.note for variable in result.report if variable.path[-1] == "embedding"}
    assert "summed over where it is used, and looked up elsewhere" in note


class Net(flax_nnx.Module):
    def __init__(self, width, depth, *, rngs):
        self.conv = flax_nnx.Conv(3, width, (3, 3), strides=4, rngs=rngs)
        self.norm = flax_nnx.BatchNorm(width, rngs=rngs)
        self.layers = flax_nnx.List([flax_nnx.Linear(width, width, rngs=rngs) for _ in range(depth)])
        self.drop = flax_nnx.Dropout(0.5, rngs=rngs)
        self.head = flax_nnx.Linear(width, 3, rngs=rngs)

    def __call__(self, x):
        x = self.norm(self.conv(x)).mean((1, 2))
        for layer in self.layers:
            x = x + self.drop(jax.nn.tanh(layer(x)))
        return self.head(x)


def test_an_nnx_module_gets_wider_and_deeper():
    node = sj.symbolize(Net)
    old = sj.build(node(2, 1))
    result = transplant(Experiment(node(2, 1)), Experiment(node(4, 2)), old, IMAGES)
    assert result.preserved
    new = result.variables
    assert isinstance(new, Net)
    assert new.layers[1].kernel.shape == (4, 4)
    old.eval()
    new.eval()
    assert jnp.allclose(old(IMAGES), new(IMAGES), atol=1e-5)


def test_what_grows_together_learns_apart_with_a_little_noise():
    wide = patches.scale_width(2.0)(MLP)
    variables = trained(MLP, X)
    plain, noisy = (
        transplant(MLP, wide, variables, X, noise=size).variables["params"] for size in (0.0, 1e-3)
    )
    kernels = [params["layers_0"]["kernel"] for params in (plain, noisy)]
    assert (kernels[0][:, ::2] == kernels[0][:, 1::2]).all()
    assert not (kernels[1][:, ::2] == kernels[1][:, 1::2]).any()
    assert jnp.allclose(*kernels, atol=0.02)


def test_what_is_new_is_initialized_from_the_key():
    wider = MLP.rebind({"layers[2].features": 9})
    variables = trained(MLP, X)
    kernels = [
        transplant(MLP, wider, variables, X, key=jax.random.key(seed)).variables["params"]["layers_2"][
            "kernel"
        ]
        for seed in (1, 1, 2)
    ]
    assert (kernels[0] == kernels[1]).all()
    assert not (kernels[0] == kernels[2]).all()


def test_parameters_alone_give_parameters_alone():
    params = trained(MLP, X)["params"]
    result = transplant(MLP, MLP, params, X)
    assert result.variables.keys() == params.keys()
    assert fates(result) == {"carried": 6}
    assert result.preserved


def test_a_layer_that_was_put_in_is_initialized_and_the_rest_carried_over():
    old = Experiment(nn.Sequential([nn.Dense(4), nn.Dense(3)]))
    new = old.rebind({"model.layers[0]": nn.Sequential([nn.Dense(4), nn.LayerNorm()])})
    result = transplant(old, new, trained(old.model, X), X)
    assert not result.preserved
    assert {variable.path[1] for variable in result.of("carried")} == {"layers_1"}


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"params": {"layers_0": {}}},
            ValueError,
            "not the variables of the old model: see params/layers_0/bias",
        ),
        (3, TypeError, "expected the variables"),
    ],
)
def test_other_variables_are_refused(params, error, message):
    with pytest.raises(error, match=message):
        transplant(MLP, MLP, params, X)


def test_a_collection_that_is_missing_is_named():
    with pytest.raises(ValueError, match="params lack batch_stats"):
        transplant(ConvNet(), ConvNet(), sj.init(ConvNet(), KEY, IMAGES)["params"], IMAGES)


def test_models_that_stand_elsewhere_are_refused():
    with pytest.raises(ValueError, match="no model stands at model"):
        transplant(MLP, Experiment(MLP), trained(MLP, X), X)
