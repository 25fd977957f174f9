"""`scale_width` on models that it has never seen: they still run, and end in the same shape."""

import math
from collections.abc import Sequence
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import patch, scale_width


def features(model):
    return [layer.features for layer in model.layers if hasattr(layer, "features")]


def shape(model, *inputs):
    """The shape of the output, which exists only if all layers fit together."""
    return jax.eval_shape(lambda *x: model.init_with_output(jax.random.key(0), *x)[0], *inputs).shape


def flatten(x):
    return x.reshape(x.shape[0], -1)


IMAGES = jnp.zeros((2, 8, 8, 3))
CNN = nn.Sequential(
    [nn.Conv(16, (3, 3)), nn.relu, nn.Conv(32, (3, 3)), flatten, nn.Dense(50), nn.relu, nn.Dense(10)]
)


def test_convolutions_and_dense_layers_are_scaled_and_the_head_is_not():
    wide = scale_width(2.0)(CNN)
    assert features(wide) == [32, 64, 100, 10]
    assert shape(wide, IMAGES) == (2, 10)


@pytest.mark.parametrize(
    ("factor", "widths"), [(0.5, [8, 16, 25, 10]), (0.01, [1, 1, 1, 10]), (1.1, [18, 35, 55, 10])]
)
def test_widths_are_rounded_to_the_nearest_and_at_least_one(factor, widths):
    assert features(scale_width(factor)(CNN)) == widths


@given(st.floats(0.01, 8.0), st.integers(1, 6), st.integers(1, 4))
@pytest.mark.filterwarnings("ignore:the patch scale_width:symjax.patches.PatchWarning")
@settings(max_examples=30)
def test_the_groups_still_divide_what_they_divided(factor, width, groups):
    model = nn.Sequential(
        [
            nn.Conv(2 * groups * width, (3, 3)),
            nn.GroupNorm(num_groups=groups),
            nn.Conv(4 * groups * width, (3, 3), feature_group_count=2 * groups),
            nn.Conv(width, (1, 1)),
            nn.Dense(10),
        ]
    )
    scaled = scale_width(factor)(model)
    first, grouped, free, head = features(scaled)
    assert first % (2 * groups) == grouped % (2 * groups) == 0
    assert scaled.layers[2].feature_group_count == 2 * groups
    assert abs(free - width * factor) <= max(1, math.gcd(width, 2 * groups))
    assert head == 10
    assert shape(scaled, IMAGES) == (2, 8, 8, 10)


def test_a_depthwise_convolution_stays_depthwise():
    model = nn.Sequential([nn.Conv(16, (1, 1)), nn.Conv(16, (3, 3), feature_group_count=16), nn.Dense(10)])
    wide = scale_width(1.5)(model)
    assert [layer.feature_group_count for layer in wide.layers[:2]] == [1, 24]
    assert features(wide) == [24, 24, 10]
    assert shape(wide, IMAGES) == (2, 8, 8, 10)


class Transformer(nn.Module):
    """A residual stream, which only stays in step if everything that writes to it is scaled alike."""

    embed: nn.Module = nn.Embed(100, 64)
    attention: nn.Module = nn.MultiHeadDotProductAttention(num_heads=8, qkv_features=64, out_features=64)
    norm: nn.Module = nn.LayerNorm()
    up: nn.Module = nn.Dense(256)
    down: nn.Module = nn.Dense(64)
    head: nn.Module = nn.Dense(100)

    @flax.linen.compact
    def __call__(self, tokens):
        x = self.embed(tokens)
        x = x + self.attention(x)
        x = x + self.down(nn.gelu(self.up(self.norm(x))))
        return self.head(x)


@pytest.mark.parametrize("factor", [2.0, 0.5, 1.3])
def test_a_transformer_is_scaled_in_step(factor):
    model = scale_width(factor)(Transformer())
    tokens = jnp.zeros((2, 5), jnp.int32)
    assert model.head.features == 100
    assert model.attention.qkv_features % 8 == 0
    assert model.embed.features == model.attention.out_features == model.down.features != 64
    assert shape(model, tokens) == (2, 5, 100)


def test_only_the_last_entry_of_a_general_dense_layer_is_scaled():
    model = nn.Sequential([nn.DenseGeneral((4, 8)), nn.Dense(10)])
    assert scale_width(2.0)(model).layers[0].features == (4, 16)


def test_a_model_without_dense_layers_keeps_its_last_convolution():
    model = nn.Sequential([nn.Conv(8, (3, 3)), nn.relu, nn.Conv(21, (1, 1))])
    assert features(scale_width(2.0)(model)) == [16, 21]


class Rivals(sj.Object):
    generator: nn.Module
    critic: nn.Module
    learning_rate: float = 0.1


def test_each_model_keeps_its_own_head():
    rivals = Rivals(
        nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(784)]), nn.Sequential([nn.Dense(16), nn.Dense(1)])
    )
    wide = scale_width(2.0)(rivals)
    assert (features(wide.generator), features(wide.critic)) == ([64, 784], [32, 1])


class Stack(sj.Object):
    """A model that is no Flax module, of layers that are."""

    layers: tuple[Any, ...]


def test_layers_outside_of_modules_are_one_model():
    stack = Stack([nn.Conv(16, (3, 3)), nn.GroupNorm(num_groups=8), nn.Dense(20), nn.Dense(10)])
    assert features(scale_width(1.3)(stack)) == [24, 28, 10]


@sj.symbolize
class TheirLayer:
    def __init__(self, channels: int, groups: int = 1):
        self.table = list(range(channels))


patches.role("convolution", features="channels", feature_group_count="groups")(TheirLayer)


def test_code_that_shares_no_class_with_flax():
    model = [TheirLayer(8, groups=4), TheirLayer(6), TheirLayer(5)]
    assert [len(layer.table) for layer in scale_width(1.5)(model)] == [12, 10, 5]


def test_separable_convolutions_are_scaled_too():
    model = patch(CNN, ["apply_sepconv", "scale_width?2.0"])
    assert features(model) == [32, 64, 100, 10]
    assert model == patch(CNN, ["scale_width?2.0", "apply_sepconv"])
    assert shape(model, IMAGES) == (2, 10)


class Choice(sj.Placeholder):
    candidates: tuple[Any, ...]

    def options(self) -> Sequence[Any]:
        return self.candidates


def test_an_open_width_is_refused_with_its_path():
    model = CNN.rebind({"layers[2].features": Choice((8, 16))})
    with pytest.raises(ValueError, match=r"open choice.*\(path=layers\[2\]\.features\)"):
        scale_width(2.0)(model)


def test_widths_inside_an_open_choice_are_scaled():
    model = CNN.rebind({"layers[2]": Choice((nn.Conv(8, (3, 3)), nn.Conv(16, (1, 1))))})
    assert [layer.features for layer in scale_width(2.0)(model).layers[2].candidates] == [16, 32]


def test_what_is_not_given_yet_is_not_scaled():
    @patches.role("dense")
    class Layer(sj.Object):
        features: int

    model = [Layer.partial(), Layer(8), Layer(10)]
    assert scale_width(2.0)(model) == [Layer.partial(), Layer(16), Layer(10)]


def test_the_input_is_not_changed():
    before = sj.to_json(CNN)
    scale_width(2.0)(CNN)
    assert sj.to_json(CNN) == before


@pytest.mark.parametrize("factor", [0.0, -1.0, float("inf"), float("nan")])
def test_the_factor_is_positive_and_finite(factor):
    with pytest.raises(ValueError, match=r"\(path=factor\)"):
        scale_width(factor)


def test_the_factor_is_structure():
    assert jax.tree.leaves(scale_width(2.0)) == []


def test_a_factor_of_one_says_that_nothing_changed():
    with pytest.warns(patches.PatchWarning, match=r"scale_width\?factor=1.0 changed nothing"):
        assert scale_width(1.0)(CNN) is CNN


# With inputs.


class Bottleneck(flax.linen.Module):
    """A residual block as people write it: all layers made inside."""

    filters: int
    train: bool = False

    @flax.linen.compact
    def __call__(self, x):
        y = flax.linen.Conv(self.filters, (1, 1), use_bias=False)(x)
        y = nn.relu(flax.linen.BatchNorm(use_running_average=not self.train)(y))
        y = flax.linen.Conv(4 * self.filters, (3, 3), use_bias=False)(y)
        if x.shape != y.shape:
            x = flax.linen.Conv(4 * self.filters, (1, 1))(x)
        return nn.relu(x + y)


class TheirNet(flax.linen.Module):
    """Widths in the code, no field."""

    @flax.linen.compact
    def __call__(self, x):
        for filters in (4, 4, 8):
            x = Bottleneck(filters)(x)
        x = flax.linen.Dense(12)(x.mean((1, 2)))
        return flax.linen.Dense(10)(x)


class InSetup(flax.linen.Module):
    def setup(self):
        self.encoder = flax.linen.Dense(6)
        self.cell = flax.linen.RNN(flax.linen.GRUCell(4))
        self.head = flax.linen.Dense(3)

    def __call__(self, x):
        return self.head(self.cell(self.encoder(x)))


SMALL = jnp.zeros((1, 4, 4, 3))


def variables(model, x):
    return jax.tree.map(jnp.shape, jax.eval_shape(model.init, jax.random.key(0), x))


def test_layers_made_inside_are_scaled_with_inputs():
    wide = patch(sj.symbolize(TheirNet)(), "scale_width?2", inputs=SMALL)
    params = variables(wide, SMALL)["params"]
    assert params["Bottleneck_0"]["Conv_0"]["kernel"] == (1, 1, 3, 8)
    assert params["Bottleneck_2"]["Conv_2"]["kernel"] == (1, 1, 32, 64)
    assert params["Dense_0"]["kernel"] == (64, 24)
    assert params["Dense_1"]["kernel"] == (24, 10)


def test_layers_made_in_setup_are_scaled_with_inputs_and_recurrent_cells_too():
    x = jnp.zeros((2, 5, 3))
    params = variables(patch(sj.symbolize(InSetup)(), "scale_width?1.5", inputs=x), x)["params"]
    assert params["encoder"]["kernel"] == (3, 9)
    assert params["cell"]["cell"]["in"]["kernel"] == (9, 6)
    assert params["head"]["kernel"] == (6, 3)


def test_a_model_that_was_scaled_inside_runs_and_is_saved():
    wide = patch(sj.symbolize(InSetup)(), "scale_width?2", inputs=jnp.zeros((2, 5, 3)))
    x = jnp.ones((2, 5, 3))
    params = wide.init(jax.random.key(0), x)
    assert wide.apply(params, x).shape == (2, 5, 3)
    assert sj.from_json(sj.to_json(wide)) == wide
    assert jnp.array_equal(sj.from_json(sj.to_json(wide)).apply(params, x), wide.apply(params, x))


def test_it_is_scaled_again():
    once = patch(sj.symbolize(TheirNet)(), "scale_width?2", inputs=SMALL)
    twice = patch(once, "scale_width?0.5", inputs=SMALL)
    assert variables(twice, SMALL) == variables(sj.symbolize(TheirNet)(), SMALL)


class Experiment(sj.Object):
    model: nn.Module
    batch_size: int = 2

    def example_inputs(self):
        return jnp.zeros((self.batch_size, 4, 4, 3))


def test_an_experiment_may_have_its_own_inputs():
    wide = patch(Experiment(sj.symbolize(TheirNet)()), "scale_width?2")
    assert variables(wide.model, SMALL)["params"]["Dense_0"]["kernel"] == (64, 24)
    assert wide.batch_size == 2
    assert sj.lineage(wide) == ("scale_width?factor=2.0",)


def test_an_autoencoder_keeps_its_output_and_not_its_last_dense_layer_of_the_tree():
    class Autoencoder(nn.Module):
        head: nn.Module = nn.Dense(5)
        code: nn.Module = nn.Dense(2)

        @flax.linen.compact
        def __call__(self, x):
            return self.head(self.code(x))

    wide = patch(Autoencoder(), "scale_width?2", inputs=jnp.zeros((1, 5)))
    assert (wide.head.features, wide.code.features) == (5, 4)


def test_models_with_inputs_are_planned_and_the_others_scaled_by_their_fields():
    rivals = Rivals(nn.Sequential([nn.Dense(32), nn.Dense(7)]), nn.Sequential([nn.Dense(16), nn.Dense(1)]))
    wide = patch(rivals, "scale_width?2", inputs={"generator": jnp.zeros((1, 7))})
    assert (features(wide.generator), features(wide.critic)) == ([64, 7], [32, 1])


def test_without_inputs_it_says_what_it_could_not_see():
    with pytest.warns(
        patches.PatchWarning, match=r"those that <root> may make inside only example inputs show"
    ):
        assert patch(sj.symbolize(TheirNet)(), "scale_width?2") == sj.symbolize(TheirNet)()


def test_with_inputs_it_says_that_all_widths_are_fixed():
    model = nn.Sequential([nn.Dense(3)])
    with pytest.warns(
        patches.PatchWarning, match="widths that neither the inputs nor the outputs of a model fix"
    ):
        assert patch(model, "scale_width?2", inputs=jnp.zeros((1, 2))) is model
