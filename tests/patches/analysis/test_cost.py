"""What models cost, against counts by hand: an MLP, a CNN, a scanned transformer, forward and gradient."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax.patches import Inputs, cost

BATCH = 8
X = jax.ShapeDtypeStruct((BATCH, 16), jnp.float32)
IMAGES = jax.ShapeDtypeStruct((2, 10, 10, 3), jnp.float32)


class Experiment(sj.Object):
    model: object


MLP = nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(10)])


def test_an_mlp_to_the_last_operation():
    costs = cost(Experiment(MLP), X)
    first, second = 2 * 16 * 32, 2 * 32 * 10  # multiplications and additions of the products, for each row
    assert costs.parameters == 17 * 32 + 33 * 10
    assert costs.forward.flops == BATCH * (first + 32 + 32 + second + 10)
    # Kernels: the products again. Biases: sums over the batch. The hidden layer: its product, and relu's mask.
    gradient = BATCH * (first + second + second) + (BATCH - 1) * (32 + 10)
    assert costs.gradient.flops == pytest.approx(costs.forward.flops + gradient, rel=0.03)
    by_layer = {str(layer.path): layer for layer in costs.layers}
    assert by_layer["model.layers_0"].forward.flops == BATCH * (first + 32)
    assert by_layer["model.layers_0"].gradient.flops == BATCH * (2 * first + 32) + (BATCH - 1) * 32
    assert by_layer["model.layers_2"].parameters == 33 * 10
    assert by_layer["model.layers_2"].forward.bytes >= 4 * (BATCH * 32 + 33 * 10 + BATCH * 10)


class ConvNet(flax.linen.Module):
    """Valid padding: each output position sums the whole kernel."""

    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.Conv(8, (3, 3), padding="VALID", use_bias=False, name="first")(x)
        x = flax.linen.Conv(16, (3, 3), strides=2, padding="VALID", use_bias=False, name="second")(x)
        return flax.linen.Dense(5, use_bias=False, name="head")(x.reshape(x.shape[0], -1))


def test_a_cnn_to_the_last_operation():
    costs = cost(sj.symbolize(ConvNet)(), IMAGES)
    first, second, head = 2 * 64 * 27 * 8, 2 * 9 * 72 * 16, 2 * (9 * 16) * 5
    assert costs.parameters == 27 * 8 + 72 * 16 + 9 * 16 * 5
    assert costs.forward.flops == 2 * (first + second + head)
    # The gradient of a convolution is two of its size, of the first one only that to the kernel.
    assert costs.gradient.flops == pytest.approx(2 * (2 * first + 3 * second + 3 * head), rel=0.01)
    assert costs.at("first").gradient.flops == pytest.approx(2 * 2 * first, rel=0.01)


class Block(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, _):
        x = x + flax.linen.MultiHeadAttention(num_heads=2, use_bias=False, name="attention")(x)
        hidden = flax.linen.Dense(64, use_bias=False, name="up")(x)
        return x + flax.linen.Dense(16, use_bias=False, name="down")(jax.nn.relu(hidden)), None


class Transformer(flax.linen.Module):
    depth: int = 3
    scanned: bool = True
    remat: bool = False

    @flax.linen.compact
    def __call__(self, tokens):
        x = flax.linen.Embed(50, 16, name="embed")(tokens)
        block = flax.linen.remat(Block) if self.remat else Block
        if self.scanned:
            lift = flax.linen.scan(block, {"params": 0}, split_rngs={"params": True}, length=self.depth)
            x, _ = lift(name="blocks")(x, None)
        else:
            for i in range(self.depth):
                x, _ = block(name=f"block_{i}")(x, None)
        return flax.linen.Dense(50, use_bias=False, name="logits")(x)


TOKENS = jax.ShapeDtypeStruct((2, 12), jnp.int32)
symbolic = sj.symbolize(Transformer)
# Multiplications and additions of all products of a block: projections, scores, values, feed-forward.
PRODUCTS = 2 * 12 * 2 * (4 * 16 * 16 + 2 * 12 * 16 + 2 * 16 * 64)


@pytest.fixture(scope="module")
def scanned():
    return cost(symbolic(), TOKENS)


def test_a_scanned_transformer(scanned):
    head = 2 * 12 * 2 * 16 * 50
    assert scanned.parameters == 50 * 16 + 3 * (4 * 16 * 16 + 2 * 16 * 64) + 16 * 50
    # Softmax, residual sums and relu come to a few percent.
    assert scanned.forward.flops == pytest.approx(3 * PRODUCTS + head, rel=0.05)
    assert scanned.forward.flops > 3 * PRODUCTS + head
    assert scanned.gradient.flops == pytest.approx(3 * (3 * PRODUCTS + head), rel=0.06)
    assert scanned.at("blocks.up").forward.flops == 3 * 2 * 12 * 2 * 16 * 64
    assert scanned.at("blocks.attention").parameters == 3 * 4 * 16 * 16


def test_a_scanned_transformer_costs_what_it_costs_unrolled(scanned):
    unrolled = cost(symbolic(scanned=False), TOKENS)
    assert scanned.parameters == unrolled.parameters
    assert scanned.forward.flops == unrolled.forward.flops
    assert scanned.gradient.flops == pytest.approx(unrolled.gradient.flops, rel=0.01)


def test_what_is_computed_twice_counts_twice(scanned):
    remat = cost(symbolic(remat=True), TOKENS)
    assert remat.forward.flops == scanned.forward.flops
    assert remat.gradient.flops - scanned.gradient.flops == pytest.approx(3 * PRODUCTS, rel=0.3)


def test_nothing_is_allocated():
    wide = jax.ShapeDtypeStruct((1, 10**6), jnp.float32)
    assert cost(nn.Dense(10**6), wide).parameters == 10**12 + 10**6


class Net(flax_nnx.Module):
    def __init__(self, *, rngs):
        self.layers = flax_nnx.List([flax_nnx.Linear(16, 16, rngs=rngs) for _ in range(2)])
        self.drop = flax_nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        for layer in self.layers:
            x = self.drop(jax.nn.relu(layer(x)))
        return x


def test_an_nnx_model_by_layer():
    costs = cost(Experiment(sj.symbolize(Net)()), X)
    linear = BATCH * (2 * 16 * 16 + 16)
    assert costs.at("model.layers[1]").forward.flops == linear
    assert costs.at("model.layers").parameters == costs.parameters == 2 * 17 * 16
    assert costs.forward.flops == 2 * (linear + BATCH * 16)
    assert costs.at("model.drop").forward.flops == 0 < costs.at("model.drop").gradient.flops


class Shared(flax.linen.Module):
    """A module that is called in another than its parent, and by another method."""

    def setup(self):
        self.dense = flax.linen.Dense(16, use_bias=False)
        self.outer = Outer(self.dense)

    def __call__(self, x):
        return self.outer(self.twice(x))

    def twice(self, x):
        return self.dense(self.dense(x))


class Outer(flax.linen.Module):
    dense: flax.linen.Module

    def __call__(self, x):
        return self.dense(x)


def test_a_module_that_is_called_elsewhere_is_counted_as_itself():
    costs = cost(sj.symbolize(Shared)(), X)
    assert costs.at("dense").forward.flops == costs.forward.flops == 3 * BATCH * 2 * 16 * 16


def test_a_function_and_a_method_that_trains():
    @jax.jit
    def steps(x):
        with jax.named_scope("steps"):
            return jax.lax.scan(lambda x, _: (jnp.tanh(x * 2.0), None), x, length=7)[0]

    costs = cost(steps, X)
    assert costs.forward.flops == costs.at("steps").forward.flops == 7 * BATCH * 16
    assert costs.gradient.flops > costs.forward.flops


def test_a_model_without_a_gradient_says_so():
    costs = cost(nn.Sequential([nn.Embed(5, 3), lambda x: x.argmax(-1)]), TOKENS)
    assert costs.gradient.flops == 0
    assert any("no gradient" in note for note in costs.notes)


def test_several_models_and_the_inputs_of_some():
    tree = {"a": MLP, "b": MLP}
    both, one = cost(tree, {"a": X, "b": X}), cost(tree, {"b": Inputs(X)})
    assert both.forward == 2 * one.forward
    assert {str(layer.path)[:1] for layer in one.layers} == {"b"}


def test_the_table():
    costs = cost(Experiment(MLP), X)
    assert str(costs).splitlines() == [
        "layer           class       parameters   FLOPs   bytes  gradient FLOPs  gradient bytes",
        *str(costs).splitlines()[1:],
    ]
    lines = {line.split()[0]: line.split() for line in str(costs).splitlines()}
    assert lines["model"][1:3] == ["Sequential", "874"]
    assert lines["model.layers_0"][1:4] == ["Dense", "544", "8.45"]
    assert lines["in"][2:5] == ["874", "13.9", "k"]
    short = costs.table(depth=1).splitlines()
    assert not any(line.startswith("model.layers_0") for line in short)
    assert short[-1] == (
        "(2 layers below 1 keys, such as model.layers_0, are counted in those around them; "
        "table(depth=2) shows them)"
    )


class Tower(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.GroupNorm(2, name="norm")(x)
        for _ in range(12):
            x = flax.linen.Dense(4)(x)
        return x


@pytest.mark.parametrize("patch", ["lora?2", "add_dropout?0.5&before=dense", "weight_norm"])
def test_no_layer_loses_its_line_to_those_that_a_patch_adds(patch):
    tower, x = sj.symbolize(Tower)(), jax.ShapeDtypeStruct((2, 4), jnp.float32)

    def lines(model):
        return {line.split()[0] for line in str(cost(model, x)).splitlines()}

    assert lines(tower) <= lines(sj.patch(tower, [patch, "swap_normalization?layer"]))


class Small(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(4)(flax.linen.GroupNorm(2, name="norm")(x))


class OfNNX(flax_nnx.Module):
    def __init__(self, rngs):
        self.norm = flax_nnx.GroupNorm(4, num_groups=2, rngs=rngs)
        self.Dense_0 = flax_nnx.Linear(4, 4, rngs=rngs)

    def __call__(self, x):
        return self.Dense_0(self.norm(x))


@pytest.mark.parametrize("make", [Small, OfNNX])
def test_layers_are_called_what_patches_made_of_them(make):
    patched = sj.patch(sj.symbolize(make)(), ["lora?2", "swap_normalization?layer"])
    costs = cost(patched, jax.ShapeDtypeStruct((2, 4), jnp.float32))
    assert {str(layer.path): layer.kind for layer in costs.layers} == {
        "": make.__name__,
        "norm": "LayerNorm",
        "Dense_0": "LowRankAdapted(Dense)",
        "Dense_0.lora_a": "DenseGeneral",
        "Dense_0.lora_b": "DenseGeneral",
    }
    assert costs.at("Dense_0.lora_a").parameters == 4 * 2
    assert costs.at("Dense_0").forward.flops > costs.at("Dense_0.lora_a").forward.flops == 2 * 2 * 4 * 2


def test_a_layer_is_called_by_all_that_was_made_of_it_in_turn():
    model = sj.patch(sj.symbolize(Small)(), ["lora?2", "factorize_dense?1"])
    costs = cost(model, jax.ShapeDtypeStruct((2, 4), jnp.float32))
    assert costs.at("Dense_0").kind == "LowRankAdapted(FactorizedDense)"


def test_an_unknown_layer():
    with pytest.raises(KeyError, match=r"no layer at 'model\.first'.*model\.layers_0"):
        cost(Experiment(MLP), X).at("model.first")


def test_an_error_names_the_layer():
    with pytest.raises(Exception) as caught:
        cost(Experiment(nn.Sequential([nn.Dense(3), nn.Conv(3, (3,) * 5)])), X)
    assert any("(path=model.layers[1])" in note for note in caught.value.__notes__)
