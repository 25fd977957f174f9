"""Training in parts: what a search runs whole is what its pieces give, bit by bit."""

import dataclasses
import pickle
from typing import Any

import chex
import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import optax, search

KEY = jax.random.key(0)
TRAIN = (jnp.linspace(-1.0, 1.0, 8 * 3).reshape(8, 3), jnp.arange(8) % 2)


class Net(nn.Module):
    """As Flax's examples write it."""

    rate: float = 0.1

    @nn.compact
    def __call__(self, x, train: bool):
        x = flax.linen.BatchNorm(use_running_average=not train)(flax.linen.Dense(4)(x))
        return flax.linen.Dense(2)(flax.linen.Dropout(self.rate, deterministic=not train)(x))


class Classifier(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation

    def init(self, key, data):
        variables = self.model.init(key, data[0], train=False)
        return {
            "variables": variables,
            "optimizer": self.optimizer.init(variables["params"]),
            "key": key,
            "step": 0,
        }

    def step(self, state, data):
        x, y = data
        rest = {name: value for name, value in state["variables"].items() if name != "params"}
        rngs = {"dropout": jax.random.fold_in(state["key"], state["step"])}

        def loss(params):
            logits, updates = self.model.apply(
                {"params": params, **rest}, x, train=True, mutable=["batch_stats"], rngs=rngs
            )
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), updates

        params = state["variables"]["params"]
        gradient, updates = jax.grad(loss, has_aux=True)(params)
        changes, optimizer = self.optimizer.update(gradient, state["optimizer"], params)
        variables = {"params": optax.apply_updates(params, changes), **updates}
        return {**state, "variables": variables, "optimizer": optimizer, "step": state["step"] + 1}

    def metric(self, state, data):
        logits = self.model.apply(state["variables"], data[0], train=False)
        accuracy = jnp.mean(logits.argmax(-1) == data[1])
        return {"accuracy": accuracy, "logits": logits, "steps": state["step"]}


EXPERIMENT = Classifier(Net(), optax.sgd(0.1))
FN = search.Steps.of(Classifier, n=4)
WHOLE = jax.jit(FN)


def test_segments_do_what_the_whole_does():
    whole = WHOLE(EXPERIMENT, KEY, TRAIN)
    state = jax.jit(FN.start)(EXPERIMENT, KEY, TRAIN)
    segment = jax.jit(lambda state, data: FN.segment(state, 2, data))
    trained = segment(segment(state, TRAIN), TRAIN)
    measure = jax.jit(FN.measure)
    chex.assert_trees_all_equal(measure(trained, TRAIN), whole)
    assert whole["steps"] == 4
    assert not np.allclose(whole["logits"], measure(state, TRAIN)["logits"])


def test_evaluate_takes_steps_and_finds_their_programs_again():
    space = search.space(
        EXPERIMENT.rebind(
            {
                "model.rate": search.floatv(0.0, 0.5),
                "optimizer.learning_rate": search.floatv(1e-3, 1e-1, "log"),
            }
        )
    )
    dnas = space.sample(KEY, 3)
    results = search.evaluate(FN, space, dnas, KEY, TRAIN)
    expected = WHOLE(space.decode(dnas[1]), jax.random.fold_in(KEY, 1), TRAIN)
    np.testing.assert_allclose(results.metrics["logits"][1], expected["logits"], rtol=1e-4, atol=1e-6)

    again = search.evaluate(search.Steps.of(Classifier, n=4), space, dnas, KEY, TRAIN)
    assert again.compiled == 0
    chex.assert_trees_all_equal(again.metrics, results.metrics)


# Functions instead of methods: the state holds all that a step needs.


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Descent:
    x: Any
    rate: Any


def init(exp, key):
    return Descent(jax.random.normal(key), exp["rate"])


def step(state, target, weight):
    return dataclasses.replace(state, x=state.x - state.rate * weight * (state.x - target))


def metric(state, target, weight):
    return weight * (state.x - target) ** 2


def test_functions_get_what_is_broadcast():
    fn = search.Steps(init, step, metric, n=3)
    start = float(jax.random.normal(KEY))
    assert fn({"rate": 0.5}, KEY, 2.0, 1.0).item() == pytest.approx((0.5**3 * (start - 2.0)) ** 2, rel=1e-5)
    unmoved = search.Steps(init, step, metric, n=0)({"rate": 0.5}, KEY, 2.0, 1.0)
    assert unmoved.item() == pytest.approx((start - 2.0) ** 2)


def test_states_of_many_run_as_one():
    fn = search.Steps(init, step, metric, n=3)
    keys = jax.random.split(KEY, 4)
    states = jax.vmap(lambda key: fn.start({"rate": 0.5}, key, 2.0, 1.0))(keys)
    later = jax.vmap(lambda state: fn.segment(state, 3, 2.0, 1.0))(states)
    alone = [fn({"rate": 0.5}, key, 2.0, 1.0) for key in keys]
    np.testing.assert_allclose(jax.vmap(lambda state: fn.measure(state, 2.0, 1.0))(later), alone, rtol=1e-6)


def test_equal_steps_are_equal_and_pickle():
    fn = search.Steps(init, step, metric, n=3)
    assert fn == search.Steps(init, step, metric, n=3)
    assert hash(fn) == hash(search.Steps(init, step, metric, n=3))
    assert fn != search.Steps(init, step, metric, n=4)
    assert pickle.loads(pickle.dumps(fn)) == fn
    with pytest.raises(dataclasses.FrozenInstanceError):
        fn.n = 4


def run_step(changed, state):
    def init(exp, key):
        return state

    return search.Steps(init, changed, lambda state: state, n=2)({}, KEY)


class Counter(sj.Object):
    count: int = 0


@pytest.mark.parametrize(
    ("changed", "state", "message"),
    [
        (lambda s: {"a": [s["a"][0].astype(jnp.int8)]}, {"a": [jnp.zeros(2)]}, r"a\[0\] is f32\[2\] before the step, and i8\[2\]"),
        (lambda s: {"a": s["a"][None]}, {"a": jnp.zeros(2)}, r"a is f32\[2\] before the step, and f32\[1,2\]"),
        (lambda s: {"a": s["a"], "b": 1}, {"a": 1.0}, "b has come"),
        (lambda s: {"a": s["a"]}, {"a": 1.0, "b": {"c": 1}}, "b.c is gone"),
        (lambda s: (s, s["a"]), {"a": 1.0}, "a is gone and .* has come"),
        (lambda s: {"n": Counter(s["n"].count + 1)}, {"n": Counter()}, r"at n.count; whole numbers of an sj.Object"),
    ],
)  # fmt: skip
def test_a_step_that_changes_the_kind_of_its_state_is_told_the_leaf(changed, state, message):
    with pytest.raises(TypeError, match=message):
        run_step(changed, state)


def test_numbers_that_python_wrote_take_the_type_of_what_they_become():
    assert run_step(lambda s: s + jnp.bfloat16(1), 0.0).dtype == jnp.bfloat16


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: search.Steps(init, step, metric, n=3)({"rate": 0.1}, KEY, 2.0), r"calls step\(state, data\), which step\b"),
        (lambda: search.Steps(step, step, metric, n=3)({"rate": 0.1}, KEY), r"calls init\(exp, key\), which step\b"),
        (lambda: search.Steps.of(Classifier, n=1)(EXPERIMENT, KEY), r"init\(exp, key\), .*stands behind the key: search.evaluate"),
        (lambda: search.Steps(lambda exp, key: 0.0, lambda s, x: s, metric, n=1)({}, KEY), r"step\(state\), .*take; for methods"),
        (lambda: search.Steps(lambda exp, key: 0.0, lambda s, x, y: s, metric, n=1)({}, KEY), r"step\(state\), .*behind the key"),
        (lambda: search.Steps(Classifier.init, Classifier.step, Classifier.metric, n=1)(EXPERIMENT, KEY, TRAIN), r"there is search.Steps.of\(Experiment"),
        (lambda: search.Steps(init, step, 3, n=1), "a function as its metric, got 3"),
        (lambda: search.Steps(init, step, metric, n=1.5), "got n=1.5"),
        (lambda: search.Steps(init, step, metric, n=True), "got n=True"),
        (lambda: search.Steps.of(EXPERIMENT, n=1), "give its class, Classifier"),
        (lambda: search.Steps.of(Counter, n=1), "Counter has no method init"),
    ],
)  # fmt: skip
def test_what_cannot_be_steps_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_static_methods_are_functions():
    class Static(sj.Object):
        def init(self, key):
            return 0.0

        @staticmethod
        def step(state):
            return state + 1

        @staticmethod
        def metric(state):
            return state

    with pytest.raises(TypeError, match=r"search.Steps\(Static.init, Static.step, Static.metric, n=2\)"):
        search.Steps.of(Static, n=2)
    assert search.Steps(Static.init, Static.step, Static.metric, n=2)(Static(), KEY) == 2


def test_a_negative_number_of_steps_is_refused():
    with pytest.raises(ValueError, match="got n=-1"):
        search.Steps(init, step, metric, n=-1)


def test_an_experiment_keeps_its_python_numbers_in_its_methods():
    class Tested(sj.Object):
        rate: float

        def init(self, key):
            return 1.0

        def step(self, x):
            return x * (1 - self.rate if self.rate > 0 else 2)

        def metric(self, x):
            return x

    assert search.Steps.of(Tested, n=2)(Tested(0.5), KEY) == 0.25
    assert search.Steps.of(Tested, n=2)(Tested(-0.5), KEY) == 4.0
