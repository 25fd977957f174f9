"""Models written for Flax Linen become symbolic by one import line, and nothing about their numbers changes."""

import functools
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import chex
import flax.linen
import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint
import pytest

import symjax as sj
from symjax import optax

from .adopted.laws import assert_one_program_and_equal_lanes, bits, classes_known, same_traced
from .models import resnet, sequence_autoencoder, transformer
from .models.edits import edited

KEY = jax.random.key(0, impl="unsafe_rbg")  # the cheapest to compile; any will do
_random = np.random.default_rng(0)
IMAGES = _random.normal(size=(2, 8, 8, 3)).astype(np.float32)
TOKENS = np.array([[1, 2, 3, 4, 0], [4, 3, 2, 1, 0]])
SEQUENCES = _random.normal(size=(2, 5, 3)).astype(np.float32)


class Case(NamedTuple):
    """A model, what it is called with, and a float of it that may vary.

    Attributes:
        module: Where its author wrote it.
        build: Makes it from the classes of that module, or of its symbolic version.
        inputs: Its inputs.
        training: Keyword arguments of a call in training.
        float_path: Where the float stands.
    """

    module: types.ModuleType
    build: Callable[[Any], Any]
    inputs: Any
    training: Mapping[str, Any]
    float_path: str

    def plain(self) -> Any:
        return self.build(self.module)

    def symbolic(self, by: str = "import") -> Any:
        return self.build(edited(self.module, by))

    def variables(self, model: Any) -> Any:
        return model.init(KEY, self.inputs)

    def loss(self, model: Any, params: Any, rest: Any) -> Any:
        """A number that hangs on all of the model, and the collections that it changes."""
        output, changed = model.apply(
            {"params": params, **rest},
            self.inputs,
            **self.training,
            rngs={"dropout": jax.random.fold_in(KEY, 1)},
            mutable=["batch_stats"],
        )
        return sum(jnp.mean(leaf**2) for leaf in jax.tree.leaves(output)), changed

    def output(self, model: Any) -> Any:
        variables = flax.linen.unbox(self.variables(model))
        params = variables.pop("params")
        return self.loss(model, params, variables)

    def gradients(self, model: Any) -> Any:
        variables = flax.linen.unbox(self.variables(model))
        params = variables.pop("params")
        return variables, jax.value_and_grad(self.loss, argnums=1, has_aux=True)(model, params, variables)


CASES = {
    "resnet": Case(resnet, lambda m: m.ResNet((1, 1), 3), IMAGES, {"train": True}, "momentum"),
    "transformer": Case(
        transformer,
        lambda m: m.Transformer(5, depth=1, dropout=0.25),
        TOKENS,
        {"deterministic": False},
        "position_init.stddev",
    ),
    "sequence_autoencoder": Case(
        sequence_autoencoder, lambda m: m.autoencoder(), SEQUENCES, {}, "stack.scale"
    ),
}
every_model = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every_model
def test_the_same_parameters_and_the_same_numbers(case: Case) -> None:
    plain, symbolic = case.plain(), case.symbolic()
    assert sj.is_symbolic(symbolic)
    assert not sj.is_symbolic(plain)
    ours, theirs = (jax.jit(functools.partial(case.variables, model))() for model in (symbolic, plain))
    assert bits(ours) == bits(theirs)


@every_model
def test_the_same_program_for_loss_gradients_and_changed_collections(case: Case) -> None:
    plain, symbolic = case.plain(), case.symbolic()
    assert same_traced(lambda: case.gradients(symbolic), lambda: case.gradients(plain))
    many = jnp.stack([case.inputs, case.inputs[::-1]])
    assert same_traced(
        jax.vmap(lambda x: case._replace(inputs=x).gradients(symbolic)),
        jax.vmap(lambda x: case._replace(inputs=x).gradients(plain)),
        many,
    )


@every_model
def test_decorators_do_what_the_import_does(case: Case) -> None:
    plain, decorated = case.plain(), case.symbolic(by="decorator")
    assert sj.is_symbolic(decorated)
    assert same_traced(lambda: case.gradients(decorated), lambda: case.gradients(plain))


@every_model
def test_as_an_argument_it_compiles_once_and_lanes_equal_the_loop(case: Case) -> None:
    model = case.symbolic()
    others = [model, model.rebind({case.float_path: 0.75})]
    assert_one_program_and_equal_lanes(jax.jit(case.output), others)


@every_model
def test_repeated_use_registers_nothing(case: Case) -> None:
    model = case.symbolic()
    jax.eval_shape(lambda: case.gradients(model))
    before = classes_known()
    jax.eval_shape(lambda: case.gradients(model))
    assert classes_known() == before


@every_model
def test_it_is_a_tree(case: Case) -> None:
    model = case.symbolic()
    module = type(model).__module__
    namespace: dict[str, Any] = {}
    exec(sj.to_python(model, imports=True), namespace)
    for again in (sj.from_json(sj.to_json(model), modules=[module]), namespace["tree"]):
        assert again == model
        assert jax.tree.structure(again) == jax.tree.structure(model)
    there = model.rebind({case.float_path: 0.75})
    assert there != model
    assert jax.tree.structure(there) == jax.tree.structure(model)
    assert (
        there.rebind({case.float_path: sj.query(model, case.float_path)[sj.Path.parse(case.float_path)]})
        == model
    )


@every_model
def test_checkpoints_of_one_load_in_the_other(case: Case, tmp_path: Path) -> None:
    ours, theirs = (jax.jit(functools.partial(case.variables, m))() for m in (case.symbolic(), case.plain()))
    empty = jax.tree.map(jnp.zeros_like, (ours, theirs))
    for saved, other in ((ours, empty[1]), (theirs, empty[0])):
        loaded = flax.serialization.from_bytes(other, flax.serialization.to_bytes(saved))
        chex.assert_trees_all_equal(loaded, saved)
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "plain", flax.linen.unbox(theirs))
        checkpointer.wait_until_finished()
        restored = checkpointer.restore(tmp_path / "plain", flax.linen.unbox(empty[0]))
    assert bits(restored) == bits(flax.linen.unbox(ours))


def test_one_program_serves_all_rates_of_dropout() -> None:
    case = CASES["transformer"]
    losses = jax.jit(lambda model: case.gradients(model)[1][0][0])
    a, b = (losses(case.symbolic().rebind(dropout=rate)) for rate in (0.25, 0.5))
    assert losses._cache_size() == 1
    assert a != b


def test_tied_embeddings_are_tied() -> None:
    case = CASES["transformer"]
    params = jax.eval_shape(case.variables, case.symbolic())["params"]
    assert params["embed"]["embedding"].shape == (5, 8)
    assert sorted(params) == ["blocks_0", "embed", "heads_norm_final", "positions"]


def test_other_methods_run_through_apply() -> None:
    case = CASES["transformer"]
    plain, symbolic = case.plain(), case.symbolic()
    variables = case.variables(plain)
    ours, theirs = (model.apply(variables, TOKENS, 2, method="generate") for model in (symbolic, plain))
    assert bits(ours) == bits(theirs)
    assert ours.shape == (2, 7)


def test_names_of_axes_survive_and_shard() -> None:
    case = CASES["transformer"]
    ours, theirs = (
        jax.eval_shape(lambda model=model: case.variables(model)) for model in (case.symbolic(), case.plain())
    )
    specs = flax.linen.get_partition_spec(ours)
    assert specs == flax.linen.get_partition_spec(theirs)
    assert specs["params"]["blocks_0"]["mlp"]["up"]["kernel"] == jax.sharding.PartitionSpec("embed", "mlp")
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:2]), ("model",))
    shardings = flax.linen.logical_to_mesh_sharding(specs, mesh, [("mlp", "model"), ("embed", None)])
    model = case.symbolic()
    sharded = jax.jit(lambda: case.variables(model), out_shardings=shardings)()
    kernel = flax.linen.unbox(sharded)["params"]["blocks_0"]["mlp"]["up"]["kernel"]
    assert len(kernel.sharding.device_set) == 2


def test_a_new_learning_rate_and_momentum_train_without_compiling_again() -> None:
    class Training(sj.Object):
        model: flax.linen.Module
        optimizer: optax.GradientTransformation

    @jax.jit
    def train(training: Training) -> Any:
        case = CASES["resnet"]
        variables = case.variables(training.model)
        params, rest = variables["params"], {"batch_stats": variables["batch_stats"]}

        def step(carry: Any, _: None) -> Any:
            params, rest, state = carry
            (loss, rest), grads = jax.value_and_grad(case.loss, argnums=1, has_aux=True)(
                training.model, params, rest
            )
            updates, state = training.optimizer.update(grads, state, params)
            return (optax.apply_updates(params, updates), rest, state), loss

        return jax.lax.scan(step, (params, rest, training.optimizer.init(params)), length=3)[1]

    training = Training(CASES["resnet"].symbolic(), optax.adam(0.01))
    slow = train(training)
    fast = train(training.rebind({"optimizer.learning_rate": 0.1, "model.momentum": 0.5}))
    assert train._cache_size() == 1
    assert np.isfinite(slow).all()
    assert not np.array_equal(slow, fast)
