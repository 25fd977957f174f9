"""A model written for Flax NNX becomes symbolic by imports and decorators, and nothing about its numbers changes."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint
import pytest
from flax import nnx

import symjax as sj

from .adopted.laws import assert_one_program_and_equal_lanes, bits, classes_known, same_traced
from .models import image_autoencoder as theirs
from .models.edits import EDITS, edited

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 4, 1)).astype(np.float32)
SIZES: dict[str, Any] = {"channels": (1, 2), "code": 2, "size": 4}
ours = edited(theirs, "static")


def node(**options: Any) -> Any:
    """The autoencoder as a tree."""
    encoder = ours.Encoder(**SIZES, dropout=0.25)
    return ours.Autoencoder(encoder, ours.Decoder(**{**SIZES, "channels": (2, 1)}), **options)


def plain(module: Any = theirs, **options: Any) -> Any:
    """The same, made at once, as its author makes it."""
    rngs = streams()
    encoder = module.Encoder(**SIZES, dropout=0.25, rngs=rngs)
    decoder = module.Decoder(**{**SIZES, "channels": (2, 1)}, rngs=rngs)
    return module.Autoencoder(encoder, decoder, **options, rngs=rngs)


def streams() -> nnx.Rngs:
    """The cheapest keys to compile; any will do."""
    return nnx.Rngs(jax.random.key(0, impl="unsafe_rbg"))


def run(model: Any) -> Any:
    """All that a model gives and changes in a step of training."""
    before = nnx.state(model)
    loss, gradients = nnx.value_and_grad(theirs.loss_fn)(model, IMAGES)
    return before, loss, gradients, nnx.state(model)


@pytest.mark.parametrize("by", EDITS)
def test_its_author_s_code_runs_unchanged(by: str) -> None:
    module = edited(theirs, by)
    assert type(plain(module)).__name__ == "Autoencoder"
    assert same_traced(lambda: run(plain(module)), lambda: run(plain()))


def test_training_gives_the_same_numbers() -> None:
    assert bits(ours.train(plain(ours), IMAGES, 2)) == bits(theirs.train(plain(), IMAGES, 2))


def test_a_built_tree_is_the_same_program() -> None:
    assert same_traced(lambda: run(sj.build(node(), rngs=streams())), lambda: run(plain()))
    assert same_traced(
        jax.vmap(lambda noise: run(sj.build(node(noise=noise), rngs=streams()))),
        jax.vmap(lambda noise: run(plain(noise=noise))),
        jnp.array([0.1, 0.5]),
    )


def test_as_an_argument_it_compiles_once_and_lanes_equal_the_loop() -> None:
    step = jax.jit(lambda tree: run(sj.build(tree, rngs=streams()))[1:3])  # the loss and its gradients
    trees = [node(), node(noise=0.75).rebind({"encoder.momentum": 0.5})]
    assert_one_program_and_equal_lanes(step, trees)


def test_it_is_a_tree() -> None:
    tree = node()
    namespace: dict[str, Any] = {}
    exec(sj.to_python(tree, imports=True), namespace)
    assert namespace["tree"] == tree
    assert sj.from_json(sj.to_json(tree), modules=[ours.__name__]) == tree
    wide = tree.rebind({"encoder.code": 7, "decoder.code": 7})
    assert sj.diff(tree, wide).updates() == {"encoder.code": 7, "decoder.code": 7}
    assert nnx.eval_shape(lambda: sj.build(wide)).encoder.code.out_features == 7


def test_checkpoints_of_one_load_in_the_other(tmp_path: Path) -> None:
    made = {"plain": plain(), "tree": sj.build(node(), rngs=streams())}
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        for name, other in (("plain", "tree"), ("tree", "plain")):
            trained = jax.tree.map(lambda value: value + 1, nnx.state(made[name], nnx.Param))
            checkpointer.save(tmp_path / name, nnx.to_pure_dict(trained))
            checkpointer.wait_until_finished()
            target = nnx.state(made[other], nnx.Param)
            loaded = checkpointer.restore(tmp_path / name, nnx.to_pure_dict(target))
            nnx.replace_by_pure_dict(target, loaded)
            assert bits(target) == bits(trained)


def test_repeated_use_registers_nothing() -> None:
    jax.eval_shape(lambda: run(sj.build(node())))
    before = classes_known()
    jax.eval_shape(lambda: run(sj.build(node())))
    assert classes_known() == before


def test_a_traced_float_that_its_author_tests_says_what_to_do() -> None:
    tree = edited(theirs, "both").Encoder(**SIZES, dropout=0.25)
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        jax.eval_shape(lambda tree: nnx.state(sj.build(tree)), tree)
    notes = "\n".join(caught.value.__notes__)
    assert "while building Encoder (path=<root>)" in notes
    assert "static=" in notes
    assert "dropout" in notes


def test_an_error_says_at_which_layer_it_happened() -> None:
    with pytest.raises(TypeError) as caught:
        sj.build(node().rebind({"encoder.code": 3}))(IMAGES)
    assert "decoder.expand: Linear(in_features=2, out_features=8) was running (path=decoder.expand)" in (
        caught.value.__notes__
    )
