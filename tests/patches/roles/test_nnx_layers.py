"""NNX's layers come with their roles, by their arguments' own names, and without being imported."""

import subprocess
import sys

import pytest
from flax import nnx as plain

import symjax as sj
from symjax import nnx
from symjax.patches import has_role, member
from symjax.patches.roles.marks import arguments
from symjax.patches.roles.nnx_layers import NNX

NODES = {
    "convolution": [nnx.Conv(1, 2, (3,)), nnx.ConvTranspose(1, 2, (3,))],
    "dense": [nnx.Linear(1, 2), nnx.LinearGeneral(1, 2), nnx.LoRALinear(1, 2, lora_rank=1)],
    "normalization": [nnx.BatchNorm(1), nnx.LayerNorm(1), nnx.RMSNorm(1), nnx.GroupNorm(2, num_groups=1)],
    "dropout": [nnx.Dropout(0.5)],
    "embedding": [nnx.Embed(3, 4)],
    "attention": [nnx.MultiHeadAttention(2, 4)],
    "activation": [nnx.PReLU(), nnx.relu],
}


@pytest.mark.parametrize("name", NODES)
def test_nodes_come_marked(name):
    assert all(has_role(node, name) for node in NODES[name])
    others = [node for other, nodes in NODES.items() if other != name for node in nodes]
    assert not any(has_role(node, name) for node in others)


def test_so_do_the_modules_and_subclasses_of_them():
    class Mine(plain.Linear):
        pass

    assert has_role(plain.Dropout(0.5), "dropout")
    assert has_role(Mine(1, 2, rngs=plain.Rngs(0)), "dense")
    assert has_role(sj.build(nnx.Embed(3, 4)), "embedding")


def test_every_layer_with_a_role_has_one_in_the_table():
    """A layer that Flax adds is noticed here: it gets a role, or is named as one that has none."""
    without = {
        "Bidirectional",
        "Dict",
        "Einsum",
        "GRUCell",
        "LSTMCell",
        "List",
        "LoRA",
        "LoRALinear",
        "Module",
    }
    without |= {"OptimizedLSTMCell", "RNN", "RNNCellBase", "Sequential", "SimpleCell"}
    layers = {
        name
        for name, value in vars(plain).items()
        if isinstance(value, type) and issubclass(value, plain.Module)
    }
    assert layers == without | set(NNX)


@pytest.mark.parametrize(
    ("node", "role", "own"),
    [
        (nnx.Linear(1, 2), "dense", "out_features"),
        (nnx.Conv(1, 2, (3,)), "convolution", "out_features"),
        (nnx.Embed(3, 4), "embedding", "features"),
        (nnx.GRUCell(3, 4), "recurrent_cell", "hidden_features"),
    ],
)
def test_arguments_go_by_linen_s_names_and_by_their_own(node, role, own):
    assert member(node, role, "features") == own
    assert arguments(node, role)["features"].value == getattr(node, own)


def test_what_means_something_else_in_linen_is_no_argument_of_the_role():
    assert "promote_dtype" not in arguments(nnx.Linear(1, 2), "dense")
    assert "conv_general_dilated" not in arguments(nnx.Conv(1, 2, (3,)), "convolution")
    assert arguments(nnx.Conv(4, 2, (3,)), "convolution")["in_features"].value == 4


def test_the_roles_import_no_nnx_and_come_when_it_is_imported():
    code = """
import sys
import symjax as sj
from symjax import linen
assert sj.patches.has_role(linen.Dense(1), "dense") and "flax.nnx" not in sys.modules
from flax import nnx
assert sj.patches.has_role(nnx.Dropout(0.5), "dropout")
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
