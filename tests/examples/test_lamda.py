"""The transformer of 2017 becomes LaMDA by patches: at its size by counting, at a small one by training."""

import jax
import numpy as np
import pytest

import symjax as sj

from .running import example

lamda = example("lamda")
TINY = {"num_layers": 1, "features": 32, "mlp_features": 64, "num_heads": 4, "head_features": 8}


def test_the_transformer_has_the_size_of_the_paper() -> None:
    assert lamda.count(lamda.attention_is_all_you_need()) == pytest.approx(65e6, rel=0.05)


@pytest.mark.slow
def test_lamda_has_137_billion_parameters() -> None:
    exp = sj.patch(lamda.attention_is_all_you_need(), lamda.lamda(32_000, **lamda.LAMDA), strict=True)
    assert lamda.count(exp) == pytest.approx(137e9, rel=0.01)
    variables = jax.eval_shape(exp.model.init, jax.random.key(0), *exp.example_inputs())
    shapes = jax.tree.map(lambda leaf: leaf.shape, variables["params"])
    layer = shapes["decoder"]["layer_63"]
    assert set(shapes) == {"embed", "decoder"}
    assert len(shapes["decoder"]) == 64
    assert "cross_attention" not in layer
    assert layer["self_attention"]["query"] == {"kernel": (8192, 128, 128)}
    assert [kernel["kernel"] for name, kernel in layer["feed_forward"].items() if "expand" in name] == [
        (8192, 65_536)
    ] * 2
    assert (32, 128) in jax.tree.leaves(layer["self_attention"], is_leaf=lambda leaf: type(leaf) is tuple)
    assert sj.lineage(exp)[-1] == "relative_attention_bias"


def test_it_reads_real_text() -> None:
    tokens = lamda._tokens(1024)
    assert len(tokens) > 100_000
    assert tokens.min() > 0
    assert tokens.max() < 1024
    batch = lamda.Documents(1024, length=8).batch(jax.random.key(0), 3)
    assert np.array_equal(batch.inputs[0][:, 1:], batch.targets[:, :-1])


@pytest.mark.slow
def test_the_same_patches_make_a_small_model_that_learns() -> None:
    base = lamda.attention_is_all_you_need()
    small = [
        *lamda.lamda(512, **TINY),
        "steps=20, batch_size=8, dataset.length=16, optimizer.learning_rate=0.01",
    ]
    losses = lamda.train(sj.patch(base, small, strict=True), jax.random.key(0))
    assert losses[-5:].mean() < losses[:5].mean() - 0.5
