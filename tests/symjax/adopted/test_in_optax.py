"""Optimizer nodes inside plain Optax and Flax, and the other way round: where a transformation goes, a node goes."""

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax as plain
import pytest
from flax.training.train_state import TrainState

import symjax as sj
from symjax import linen as nn
from symjax import optax

from . import names, optax_examples
from .laws import bits, same_traced
from .optax_examples import PARAMS, labelled, objective, only_matrices, optimize
from .subjects import Subject, subjects

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
AT_HOME_ANYWHERE = [
    subject
    for subject in subjects()
    if subject.room is names.OPTAX
    and subject.use is optax_examples.use
    and issubclass(operator.attrgetter(subject.name)(optax), plain.GradientTransformation)
]


@pytest.mark.parametrize("subject", AT_HOME_ANYWHERE, ids=lambda subject: subject.name)
def test_every_optimizer_in_a_plain_chain(subject: Subject) -> None:
    """With extra arguments handed on to those that take them."""
    node, original = subject.node(), subject.plain()
    assert same_traced(
        lambda: optimize(plain.chain(plain.clip(1.0), node)),
        lambda: optimize(plain.chain(plain.clip(1.0), original)),
    )


WRAPPERS: dict[str, Callable[[Any, Any], Any]] = {
    "apply_if_finite": lambda ox, inner: ox.apply_if_finite(inner, 3),
    "masked": lambda ox, inner: ox.masked(inner, only_matrices),
    "multi_transform": lambda ox, inner: ox.multi_transform(
        {"matrix": inner, "vector": ox.sgd(0.1)}, labelled
    ),
    "MultiSteps": lambda ox, inner: ox.MultiSteps(inner, every_k_schedule=2),
    "named_chain": lambda ox, inner: ox.named_chain(("clip", ox.clip(1.0)), ("inner", inner)),
    "with_extra_args_support": lambda ox, inner: ox.with_extra_args_support(inner),
}
INNER: dict[str, Callable[[Any], Any]] = {
    "adamw with a schedule": lambda ox: ox.adamw(ox.cosine_decay_schedule(0.1, 5), weight_decay=0.01),
    "chain": lambda ox: ox.chain(ox.scale_by_adam(), ox.add_decayed_weights(0.01), ox.scale(-0.1)),
    "polyak": lambda ox: ox.polyak_sgd(max_learning_rate=0.5),  # needs the value
    "plateau": lambda ox: ox.chain(ox.sgd(0.1), ox.contrib.reduce_on_plateau(patience=1)),  # needs the value
    "line search": lambda ox: ox.chain(ox.sgd(1.0), ox.scale_by_backtracking_linesearch(4)),  # and a function
}


# Under a mask Optax calls the function of a line search with a tree that has holes: nobody's line search works there.
MASKING = ("masked", "multi_transform")
PAIRS = [(w, i) for w in WRAPPERS for i in INNER if not (w in MASKING and i == "line search")]


@pytest.mark.parametrize(("wrapper", "inner"), PAIRS, ids=" of ".join)
def test_wrappers(wrapper: str, inner: str) -> None:
    wrap, make = WRAPPERS[wrapper], INNER[inner]
    expected = wrap(plain, make(plain))
    for mixed in (wrap(plain, make(optax)), wrap(optax, make(plain)), wrap(optax, make(optax))):
        assert same_traced(lambda mixed=mixed: _steps(mixed), lambda: _steps(expected))


def _steps(made: Any) -> Any:
    """Two steps, also of `MultiSteps`, which is no transformation but takes extra arguments."""
    state, params, seen = made.init(PARAMS), PARAMS, []
    for _ in range(2):
        value, grads = jax.value_and_grad(objective)(params)
        updates, state = made.update(grads, state, params, value=value, grad=grads, value_fn=objective)
        params = plain.apply_updates(params, updates)
        seen.append((params, state))
    return seen


def test_line_searches_take_value_and_gradient_from_the_state() -> None:
    def run(ox: Any) -> Any:
        solver = ox.lbfgs()
        value_and_grad = ox.value_and_grad_from_state(objective)
        params, state = PARAMS, solver.init(PARAMS)
        for _ in range(2):
            value, grads = value_and_grad(params, state=state)
            updates, state = solver.update(grads, state, params, value=value, grad=grads, value_fn=objective)
            params = plain.apply_updates(params, updates)
        return params

    assert same_traced(lambda: run(optax), lambda: run(plain))


def test_injected_hyperparameters_are_read_and_written_in_the_state() -> None:
    optimizer = optax.inject_hyperparams(optax.sgd)(
        learning_rate=optax.linear_schedule(1.0, 0.0, 4), momentum=0.5
    )
    expected = plain.inject_hyperparams(plain.sgd)(
        learning_rate=plain.linear_schedule(1.0, 0.0, 4), momentum=0.5
    )
    assert sj.is_symbolic(optimizer)
    assert bits(optimize(optimizer)) == bits(optimize(expected))
    state = optimizer.init(PARAMS)
    assert float(state.hyperparams["momentum"]) == 0.5
    state.hyperparams["momentum"] = jnp.float32(0.0)
    updates, _ = optimizer.update(PARAMS, state, PARAMS)
    np.testing.assert_array_equal(updates["b"], -PARAMS["b"])
    assert optimizer.rebind({"kwargs.momentum": 0.25}).init(PARAMS).hyperparams["momentum"] == 0.25


def test_a_train_state_holds_a_node() -> None:
    def run(ox: Any) -> Any:
        state = TrainState.create(apply_fn=None, params=PARAMS, tx=ox.adam(0.1))
        return state.apply_gradients(grads=jax.grad(objective)(PARAMS)).params

    assert same_traced(lambda: run(optax), lambda: run(plain))


def test_equal_train_states_share_a_program() -> None:
    traces = []

    @jax.jit
    def step(state: TrainState) -> TrainState:
        traces.append(state)
        return state.apply_gradients(grads=state.params)

    for _ in range(2):  # a plain transformation is a new one each time
        step.trace(TrainState.create(apply_fn=None, params=PARAMS, tx=optax.adam(0.1)))
    assert len(traces) == 1


class Learner(nn.Module):
    """A module with an optimizer for a field, which fits its own weights to zero."""

    net: nn.Module
    optimizer: plain.GradientTransformation

    @nn.compact
    def __call__(self, x: Any) -> Any:
        params = self.param("inner", lambda key: self.net.init(key, x)["params"])
        state = self.optimizer.init(params)
        updates, _ = self.optimizer.update(params, state, params)
        return self.net.apply({"params": plain.apply_updates(params, updates)}, x)


def test_a_field_of_a_linen_module() -> None:
    x = np.ones((2, 3), np.float32)

    def run(learner: Any) -> Any:
        return learner.init_with_output(jax.random.key(0), x)

    symbolic = Learner(nn.Dense(2), optax.adam(0.1))
    assert jax.tree.leaves(symbolic) == [0.1, 0.9, 0.999, 1e-8, 0.0]
    assert same_traced(lambda: run(symbolic), lambda: run(Learner(nn.Dense(2), plain.adam(0.1))))
    jax.eval_shape(run, symbolic)


def test_a_node_comes_apart_and_together_as_a_named_tuple_does() -> None:
    node = optax.adam(0.1)
    init, update = node
    assert init == node.init
    assert update == node.update
    assert type(node)(*node) == type(node)(init=init, update=update) == node
    extended = plain.GradientTransformationExtraArgs(node.init, node.update)
    assert bits(optimize(extended)) == bits(optimize(plain.adam(0.1)))


# Losses.

LOSSES = {
    name: value
    for name, value in names.members(names.OPTAX).items()
    if optax_examples.is_loss(value) and name not in names.exceptions(names.OPTAX)
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_with_all_that_it_requires_is_computed(name: str) -> None:
    arguments = optax_examples.example(name, LOSSES[name]).arguments(plain)
    loss = operator.attrgetter(name)(optax)
    assert bits(loss(**arguments)) == bits(LOSSES[name](**arguments))


def test_a_loss_without_its_arrays_is_a_node_that_is_called_with_them() -> None:
    x, y = jnp.array([0.0, 2.0]), jnp.array([0.25, 0.0])
    loss = optax.huber_loss(delta=0.5)
    assert sj.is_symbolic(loss)
    assert jax.tree.leaves(loss) == [0.5]
    expected = bits(plain.huber_loss(x, y, delta=0.5))
    assert bits(loss(x, y)) == bits(loss(x, targets=y)) == bits(loss(predictions=x, targets=y)) == expected
    assert sj.from_json(sj.to_json(loss)) == loss
    assert bits(loss.rebind(delta=0.25)(x, y)) == bits(plain.huber_loss(x, y, delta=0.25))
    with pytest.raises(sj.MissingError, match="predictions"):
        loss()


def test_a_loss_itself_is_a_function_to_jax_and_a_value_in_a_tree() -> None:
    class Task(sj.Object):
        loss: Callable[..., Any] = optax.l2_loss

    x, y = jnp.array([0.0, 2.0]), jnp.array([0.25, 0.0])
    expected = plain.l2_loss(x, y)
    for transform in (jax.jit, jax.vmap, jax.checkpoint):
        np.testing.assert_array_equal(transform(optax.l2_loss)(x, y), expected)
    np.testing.assert_array_equal(
        jax.grad(lambda x: optax.l2_loss(x, y).sum())(x), jax.grad(lambda x: plain.l2_loss(x, y).sum())(x)
    )
    task = Task(optax.softmax_cross_entropy)
    assert sj.from_json(sj.to_json(task)) == task
    assert sj.to_python(task.loss) == "optax.softmax_cross_entropy"
    np.testing.assert_array_equal(jax.jit(lambda task: task.loss(x, y))(Task()), expected)
