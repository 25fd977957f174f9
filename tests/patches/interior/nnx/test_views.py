"""Arguments of built layers, read back."""

import inspect

import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import nnx
from symjax.core.schema import schema_of
from symjax.patches.interior.nnx.bridge import Bridge
from symjax.patches.interior.nnx.views import Reader, abstract, difference, stacked

from .networks import Block, Config, ResNet, Scanned, streams

CELL = nnx.LSTMCell(4, 3)
NODES = [
    nnx.Linear(4, 3, use_bias=False, dtype=jnp.bfloat16),
    nnx.Conv(4, 8, (3, 3), strides=2, feature_group_count=2, padding="VALID"),
    nnx.ConvTranspose(4, 8, (3,), transpose_kernel=True),
    nnx.BatchNorm(4, momentum=0.5, use_running_average=True),
    nnx.LayerNorm(4, use_bias=False),
    nnx.RMSNorm(4),
    nnx.GroupNorm(6, num_groups=3),
    nnx.GroupNorm(6, num_groups=None, group_size=3),
    nnx.InstanceNorm(4),
    nnx.LinearGeneral((2, 2), (4,), axis=(-2, -1)),
    nnx.Einsum("ab,bc->ac", (3, 4), (4,)),
    nnx.Embed(5, 4),
    nnx.MultiHeadAttention(2, 4, qkv_features=8, dropout_rate=0.25),
    nnx.Dropout(0.5, broadcast_dims=(1,)),
    CELL,
    nnx.GRUCell(4, 3),
    nnx.SimpleCell(4, 3, residual=True),
    nnx.OptimizedLSTMCell(4, 3),
    nnx.RNN(CELL, time_major=True),
    nnx.Bidirectional(nnx.RNN(CELL), nnx.RNN(nnx.GRUCell(4, 3))),
    nnx.LoRA(4, 2, 3),
    nnx.LoRA(4, 2, 3, base_module=nnx.Linear(4, 3)),
    nnx.LoRALinear(4, 3, lora_rank=2, use_bias=False),
    nnx.PReLU(),
    nnx.WeightNorm(nnx.Linear(4, 3)),
    nnx.SpectralNorm(nnx.Linear(4, 3), n_steps=2),
    nnx.Sequential(nnx.Linear(4, 3), nnx.relu, nnx.Dropout(0.5)),
]
if hasattr(plain, "RoPE"):  # of newer versions of Flax
    NODES += [nnx.RoPE(), nnx.RoPE(theta=100.0, embedding_size=6, max_seq_len=5)]


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_a_layer_of_flax_is_read_back_so_that_the_same_can_be_made(node):
    layer = abstract(node)
    reading = Reader().read(layer)
    assert type(reading.node) is type(node)
    assert difference(layer, abstract(reading.node)) is None
    own = schema_of(node).arguments(node)
    given = {name for name, value in own.items() if value != schema_of(node).defaults.get(name)}
    again = schema_of(reading.node).arguments(reading.node)
    # One of two sizes that say the same may stand for the other.
    assert {name for name in given if not sj.eq(again[name], own[name])} <= {"num_groups", "group_size"}


def test_every_layer_of_flax_is_tried():
    names = {type(node).__name__ for node in NODES} | {"Module", "RNNCellBase", "List", "Dict"}
    layers = {k for k, v in vars(plain).items() if inspect.isclass(v) and issubclass(v, plain.Module)}
    assert layers == names


class Scaled(plain.Module):
    """Stores no size, and no answer."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True, *, init=plain.initializers.ones, rngs):
        self.kernel = plain.Param(init(rngs.params(), (inputs, outputs)))
        self.bias = plain.Param(jnp.zeros(outputs)) if bias else None


@pytest.mark.parametrize("bias", [True, False])
def test_sizes_and_answers_that_are_not_stored_are_told_by_the_variables(bias):
    reading = Reader().read(Scaled(4, 7, bias, rngs=streams()))
    assert (reading.node.inputs, reading.node.outputs, reading.node.bias) == (4, 7, bias)
    assert "init" in reading.unread


class Table(plain.Module):
    """Stores no size, which it need not have; its table has half of one."""

    def __init__(self, base: float = 2.0, width: int | None = None, length: int | None = None):
        self.base = base
        self.table = None if width is None else plain.Variable(jnp.zeros((length, width // 2)))


@pytest.mark.parametrize("sizes", [(None, None), (6, 5)])
def test_sizes_of_tables_that_need_not_be_given(sizes):
    reading = Reader().read(abstract(sj.symbolize(Table)(3.0, *sizes)))
    assert (reading.node.base, reading.node.width, reading.node.length) == (3.0, *sizes)


def test_what_cannot_be_told_is_missing():
    reading = Reader().read(abstract(sj.symbolize(ResNet)(Config())))
    assert sj.is_partial(reading.node)
    assert reading.unread == ("config",)
    assert sj.is_partial(Reader().read(Block(3, 4, rngs=streams())).node)  # a composite: its layers count


def test_attributes_of_other_names_and_properties():
    class Own(plain.Module):
        def __init__(self, width: int, depth: int, scale: float, name: str):
            self._width = width
            self.layers = plain.List([plain.Dropout(scale) for _ in range(depth)])
            self.scale = plain.Param(jnp.ones(3))  # no argument, whatever its name
            self.kind = name

        @property
        def depth(self):
            return len(self.layers)

        @property
        def name(self):
            raise RuntimeError

    node = Reader().read(Own(3, 2, 0.5, "x")).node
    assert (node.width, node.depth) == (3, 2)
    assert set(sj.missing(node)) == {"scale", "name"}


def test_a_module_is_read_once_and_so_are_those_among_its_arguments():
    reader = Reader()
    layer = plain.LoRA(4, 2, 3, base_module=plain.Linear(4, 3, rngs=streams()), rngs=streams())
    assert reader.read(layer).node is reader.read(layer).node
    assert reader.read(layer).node.base_module is reader.read(layer.base_module).node
    assert {id(module) for _, module in reader.originals()} == {id(layer), id(layer.base_module)}


def test_a_bridge_is_shown_as_its_linen_layer():
    dense = sj.linen.Dense(3)
    assert Reader().read(Bridge(dense, (((1, 2), "float32"),), rngs=streams())).node is dense


def test_stacked_layers_are_shown_as_one():
    layer = Scanned(rngs=streams()).layers.layers[0]
    node = Reader().read(layer).node
    assert (node.in_features, node.out_features) == (4, 4)
    assert difference(layer, abstract(node)) is None
    assert stacked(layer, abstract(node)) == (3,)


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (nnx.Linear(2, 3), nnx.Linear(2, 4), r"bias is Param\[3\] of float32 or Param\[4\]"),
        (nnx.Linear(2, 3), nnx.Linear(2, 3, use_bias=False), "only one of them has bias"),
        (nnx.Dropout(0.1), nnx.Dropout(0.2), "rate is 0.1 or 0.2"),
        (nnx.Conv(2, 3, 2), nnx.Conv(2, 3, 2, strides=2), "strides is 1 or 2"),
    ],
)
def test_a_difference_is_told_in_words(one, other, text):
    with pytest.raises(AssertionError, match=text):
        raise AssertionError(difference(abstract(one), abstract(other)))


def test_nothing_is_computed():
    layer = abstract(nnx.LoRA(4, 2, 3))
    assert Reader().read(layer).node.lora_rank == 2
    assert isinstance(layer.lora_a.get_value(), jax.ShapeDtypeStruct)
