"""`symjax.optax`: optimizers and schedules as nodes that are gradient transformations."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax as raw
import pytest

import symjax as sj
from symjax import optax

from .trees import Box

PARAMS = {"w": jnp.asarray([1.0, -2.0]), "b": jnp.zeros(())}


def loss(params):
    return jnp.sum((params["w"] - 3.0) ** 2) + params["b"] ** 2


def train(optimizer, steps=4):
    def step(carry, _):
        params, state = carry
        value, slopes = jax.value_and_grad(loss)(params)
        updates, state = optimizer.update(slopes, state, params)
        return (raw.apply_updates(params, updates), state), value

    return jax.lax.scan(step, (PARAMS, optimizer.init(PARAMS)), length=steps)


def test_an_optimizer_is_a_gradient_transformation():
    adam = optax.adam(0.1)
    assert isinstance(adam, raw.GradientTransformation)
    assert isinstance(adam, tuple)
    assert isinstance(adam, optax.GradientTransformation)
    assert sj.is_symbolic(adam)
    init, update = adam  # Optax unpacks them
    assert adam.init is not None
    assert len(adam) == 2
    chex.assert_trees_all_equal(init(PARAMS), raw.adam(0.1).init(PARAMS))
    assert callable(update)
    assert isinstance(optax.adam, type)
    assert not callable(adam)


@pytest.mark.exact
@pytest.mark.parametrize(
    "make",
    [
        lambda optax: optax.adam(0.1),
        lambda optax: optax.sgd(0.1, momentum=0.9, nesterov=True),
        lambda optax: optax.adamw(optax.cosine_decay_schedule(0.1, 3), weight_decay=0.01),
        lambda optax: optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.scale(-0.1)),
        lambda optax: optax.multi_transform(
            {"a": optax.sgd(0.1), "b": optax.set_to_zero()}, {"w": "a", "b": "b"}
        ),
        lambda optax: optax.masked(optax.sgd(0.1), {"w": True, "b": False}),
    ],
)
def test_training_gives_bitwise_the_same_numbers(make):
    plain = jax.jit(lambda: train(make(raw)))()
    symbolic = jax.jit(lambda: train(make(optax)))()
    assert jax.tree.structure(plain) == jax.tree.structure(symbolic)
    for one, other in zip(jax.tree.leaves(plain), jax.tree.leaves(symbolic), strict=True):
        np.testing.assert_array_equal(one, other)
    chex.assert_trees_all_close(jax.jit(train)(make(optax)), plain, rtol=1e-4)


def test_the_extra_arguments_are_handed_on():
    optimizer = optax.chain(optax.sgd(0.1))
    assert isinstance(optimizer, raw.GradientTransformationExtraArgs)
    state = optimizer.init(PARAMS)
    optimizer.update(PARAMS, state, PARAMS, value=jnp.zeros(()))
    plateau = optax.contrib.reduce_on_plateau(factor=0.5, patience=1)
    assert isinstance(plateau, raw.GradientTransformationExtraArgs)
    plateau.update(PARAMS, plateau.init(PARAMS), PARAMS, value=jnp.zeros(()))
    plain = optax.scale(0.5)
    plain.update(PARAMS, plain.init(PARAMS), PARAMS)


def test_flax_and_optax_take_nodes_for_what_they_are():
    chain = raw.chain(optax.clip(1.0), optax.adam(0.1))
    expected = jax.jit(lambda: train(raw.chain(raw.clip(1.0), raw.adam(0.1))))()
    chex.assert_trees_all_equal(jax.jit(lambda: train(chain))(), expected)
    wrapped = raw.MultiSteps(optax.sgd(0.1), 2)
    assert wrapped.init(PARAMS).mini_step == 0


def test_a_named_tuple_that_is_taken_apart_and_put_together():
    adam = optax.adam(0.1)
    assert adam._replace() == adam
    assert adam._fields == ("init", "update")
    other = adam._replace(init=lambda params: "state")
    assert isinstance(other, raw.GradientTransformation)
    assert other.init(PARAMS) == "state"
    state = adam.init(PARAMS)
    chex.assert_trees_all_equal(other.update(PARAMS, state, PARAMS), adam.update(PARAMS, state, PARAMS))


def test_one_program_for_all_learning_rates():
    chex.clear_trace_counter()
    run = jax.jit(chex.assert_max_traces(train, n=1))
    finals = [run(optax.adam(rate))[1][-1] for rate in (0.1, 0.2, 0.4)]
    assert len(set(map(float, finals))) == 3


def test_learning_rates_as_lanes():
    rates = jnp.asarray([0.1, 0.2])
    batch = optax.sgd(0.1).rebind(learning_rate=rates)
    _, values = jax.vmap(train)(batch)
    for lane, rate in enumerate((0.1, 0.2)):
        np.testing.assert_allclose(values[lane], train(optax.sgd(rate))[1], rtol=1e-6)


def test_schedules():
    schedule = optax.cosine_decay_schedule(0.1, 100)
    assert sj.is_symbolic(schedule)
    for step in (0, 7, 100):
        np.testing.assert_allclose(schedule(step), raw.cosine_decay_schedule(0.1, 100)(step), rtol=1e-6)
    optimizer = optax.sgd(schedule)
    faster = optimizer.rebind({"learning_rate.init_value": 0.5})
    assert faster == optax.sgd(optax.cosine_decay_schedule(0.5, 100))
    assert list(sj.query(faster, where=lambda v: isinstance(v, type(schedule)))) == ["learning_rate"]
    joined = optax.join_schedules([optax.constant_schedule(1.0), optax.constant_schedule(2.0)], [3])
    assert [float(joined(step)) for step in (0, 5)] == [1.0, 2.0]


def test_floats_that_python_compares_are_structure():
    plateau = optax.contrib.reduce_on_plateau(factor=0.5)
    assert 0.5 not in jax.tree.leaves(plateau)
    assert jax.tree.leaves(optax.exponential_decay(0.1, 10, 0.5)) == [0.1]
    jax.jit(lambda s: s(3))(optax.exponential_decay(0.1, 10, 0.5))


def test_partial_optimizers():
    hole = optax.adam(b1=0.8)
    assert list(sj.missing(Box(hole))) == ["content.learning_rate"]
    assert hole.rebind(learning_rate=0.1) == optax.adam(0.1, b1=0.8)
    with pytest.raises(sj.MissingError, match=r"adam misses learning_rate.*\(path=learning_rate\)$"):
        hole.init(PARAMS)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: optax.adam(learning_rat=0.1),
            TypeError,
            r"did you mean 'learning_rate'\?.*\(path=learning_rat\)$",
        ),
        (
            lambda: optax.adam("fast"),
            TypeError,
            r"adam.learning_rate expects.*got 'fast' of type str \(path=learn",
        ),
        (lambda: optax.adam(0.1, b1="x"), TypeError, r"\(path=b1\)$"),
        (lambda: optax.adam(0.1).rebind(lr=0.1), KeyError, r"no field 'lr'.*\(path=lr\)$"),
    ],
)
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_an_optimizer_is_immutable_and_saved():
    adam = optax.adam(0.1)
    with pytest.raises(AttributeError, match="immutable"):
        adam.learning_rate = 0.2
    assert '"symjax.optax.adam"' in sj.to_json(adam)
    assert sj.from_json(sj.to_json(optax.chain(adam, adam))) == optax.chain(adam, adam)


def test_everything_else_is_optax_s_own():
    assert optax.apply_updates is raw.apply_updates
    assert optax.global_norm is raw.global_norm
    assert optax.GradientTransformation is raw.GradientTransformation
    with pytest.raises(AttributeError, match=r"module 'symjax.optax' has no attribute 'adamm'"):
        optax.adamm
    assert "adam" in dir(optax)
    with pytest.raises(AttributeError, match=r"module 'symjax.optax.contrib' has no attribute 'nothing'"):
        optax.contrib.nothing


def test_an_experiment_holds_whatever_is_used_as_an_optimizer():
    class Experiment(sj.Object):
        optimizer: optax.GradientTransformation
        other: raw.GradientTransformationExtraArgs | None = None

    steps = optax.MultiSteps(optax.adam(0.1), 2)
    held = Experiment(steps, raw.MultiSteps(raw.adam(0.1), 2))
    assert held.rebind({"optimizer.opt.learning_rate": 0.5}).optimizer.opt.learning_rate == 0.5
    assert jnp.allclose(train(held.optimizer)[1], train(held.other)[1])
    for wrong in (0.1, optax.adam, optax.MultiSteps, raw.sgd(0.1).init):
        with pytest.raises(TypeError, match=r"expects GradientTransformation.* \(path=optimizer\)"):
            Experiment(wrong)


def test_references_among_the_arguments_of_an_optimizer_are_resolved():
    tied = optax.adam(0.1, b1=sj.ref("learning_rate"))
    assert jnp.array_equal(train(tied)[1], train(raw.adam(0.1, b1=0.1))[1])
    assert jnp.array_equal(train(tied.rebind(learning_rate=0.5))[1], train(raw.adam(0.5, b1=0.5))[1])
    inside = optax.chain(optax.scale(0.5), optax.sgd(sj.ref("args[0].step_size", up=2)))
    assert jnp.array_equal(train(inside)[1], train(raw.chain(raw.scale(0.5), raw.sgd(0.5)))[1])
