"""Successive halving: survivors are what they would have been, and what fails harms nobody."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax.training import train_state

import symjax as sj
from symjax import search

from .conftest import TRAIN

KEY = jax.random.key(0)
GOAL = {"objective": "loss", "mode": "min"}


@pytest.fixture(scope="module")
def whole(classifiers):
    """All configurations, each to its last step."""
    space, steps = classifiers
    dnas = space.sample(jax.random.key(1), 8)
    return search.evaluate(steps, space, dnas, KEY, TRAIN, objective="loss", mode="min")


@pytest.fixture(scope="module")
def halved(classifiers, whole):
    space, steps = classifiers
    return search.halving(
        steps, space, whole.dnas, KEY, TRAIN, objective="loss", mode="min", eta=2, min_steps=2
    )


def test_survivors_are_to_the_last_bit_what_they_would_have_been(whole, halved):
    last = halved.rungs[-1]
    assert [len(rung) for rung in halved.rungs] == [8, 4, 2]
    for name in whole.names:
        np.testing.assert_array_equal(last[name], whole[name][last.ids])


def test_each_rung_keeps_the_best_of_all_structures(halved):
    for before, after in zip(halved.rungs, halved.rungs[1:], strict=False):
        best = before.ids[before.rank()[: len(after)]]
        assert sorted(best) == after.ids.tolist()
    assert len(set(halved.results.programs)) == 2


def test_results_hold_all_with_what_was_measured_last(halved):
    results = halved.results
    assert results.ids.tolist() == list(range(8))
    steps = [2, 4, 8]
    for trial in results:
        pairs = halved.measurements(trial.id)
        assert [at for at, _ in pairs] == steps[: len(pairs)]
        assert trial.costs == {"halving.rung": len(pairs) - 1, "halving.steps": steps[len(pairs) - 1]}
        assert trial.metrics["step"] == pairs[-1][1]["step"] == pairs[-1][0]
        assert trial.metrics["loss"] == pairs[-1][1]["loss"]


def test_the_winner_is_of_the_last_rung(halved):
    order = halved.results.ids[halved.rank()]
    assert halved.best().id == order[0] == halved.rungs[-1].best().id
    assert set(order[:2]) == set(halved.rungs[-1].ids.tolist())
    assert [trial.id for trial in halved.top(3)] == order[:3].tolist()


def test_training_goes_on_from_the_winners_state(classifiers, halved):
    _, steps = classifiers
    again = jax.jit(steps.measure)(halved.best_state, TRAIN)
    np.testing.assert_allclose(again["loss"], halved.best().metrics["loss"], rtol=1e-6)
    longer = jax.jit(lambda state, data: steps.measure(steps.segment(state, 1, data), data))
    assert longer(halved.best_state, TRAIN)["step"] == 9


def test_two_programs_for_each_structure_serve_all_rungs(descents):
    space, steps = descents
    search.clear_programs()
    halved = search.halving(steps, space, 16, KEY, objective="loss", mode="min", eta=2)
    assert len(halved.rungs) == 4
    assert halved.results.compiled == 2
    again = search.halving(steps, space, 32, KEY, objective="loss", mode="min", eta=2)
    assert again.results.compiled == 0


def test_vectorized_lanes_are_compacted_too(descents):
    space, steps = descents
    dnas = space.sample(jax.random.key(1), 9)
    options = {"objective": "loss", "mode": "min", "lanes": "vmap", "width": 2}
    halved = search.halving(steps, space, dnas, KEY, eta=3, **options)
    whole = search.evaluate(steps, space, dnas, KEY, **options)
    last = halved.rungs[-1]
    assert [len(rung) for rung in halved.rungs] == [9, 3]
    np.testing.assert_allclose(last["at"], whole["at"][last.ids], rtol=1e-6)
    assert isinstance(jax.tree.leaves(halved.best_state)[-1], jax.Array)


class Fragile(sj.Object):
    rate: float
    kind: str

    def init(self, key):
        if self.kind == "broken":
            raise ValueError("broken from the start")
        return jnp.float32(1)

    def step(self, x):
        return jnp.where(self.rate > 0.5, jnp.nan, x - self.rate * x)

    def metric(self, x):
        return x


def test_what_fails_ranks_last_and_harms_nobody():
    space = search.space(Fragile(search.oneof([0.9, 0.1, 0.2, 0.8]), search.oneof(["sound", "broken"])))
    dnas = search.DNA.from_numbers(space.spec, [[0, 0], [1, 0], [2, 1], [2, 0], [3, 0]])
    with pytest.warns(RuntimeWarning, match="broken from the start"):
        halved = search.halving(
            search.Steps.of(Fragile, n=4), space, dnas, KEY, mode="min", rungs=[(5, 1), (4, 2), (2, 4)]
        )
    assert halved.results.states.tolist() == ["nan", "ok", "failed", "ok", "nan"]
    assert [rung.ids.tolist() for rung in halved.rungs] == [[0, 1, 3, 4], [1, 3], [1, 3]]
    assert halved.best().id == 3
    assert halved.results["halving.steps"].tolist() == [1, 4, 0, 4, 1]
    assert halved.rank().tolist() == [3, 1, 0, 4, 2]


def test_all_failing_raises_what_the_first_raised():
    space = search.space(Fragile(search.oneof([0.1, 0.2]), "broken"))
    with pytest.raises(ValueError, match="broken from the start"):
        search.halving(search.Steps.of(Fragile, n=4), space, 2, KEY)


def test_an_interrupt_gives_what_the_rungs_gave_so_far(descents):
    space, steps = descents

    def interrupt(done, total):
        if done > 16:  # all of the first rung, and some of the second
            raise KeyboardInterrupt

    with pytest.raises(search.Interrupted, match="stand in the `results`") as caught:
        search.halving(
            steps, space, 16, KEY, objective="loss", mode="min", eta=2, min_steps=1, progress=interrupt
        )
    results = caught.value.results
    assert results.states.tolist() == ["ok"] * 16
    assert set(results["halving.steps"]) == {1, 2}


def test_progress_counts_steps(descents):
    space, steps = descents
    said = []
    halved = search.halving(
        steps, space, 8, KEY, objective="loss", mode="min", eta=2, min_steps=2, progress=said.append
    )
    assert said[-1].done == said[-1].total == halved.bracket.budget == 32
    assert [each.done for each in said] == sorted(each.done for each in said)


def test_numbers_that_python_wrote_stay_weak():
    """A rate of bfloat16 parameters must not promote them from the second rung on."""

    def init(exp, key):
        return {"x": jnp.ones(2, jnp.bfloat16), "rate": 0.5, "sum": 0.0}

    def step(state):
        x = state["x"] - state["x"] * state["rate"]
        return {**state, "x": x, "sum": state["sum"] + x[0]}

    space = search.space({"scale": search.floatv(0.0, 1.0)})
    steps = search.Steps(init, step, lambda state: {"y": state["sum"]}, n=4)
    dnas = space.sample(KEY, 4)
    halved = search.halving(steps, space, dnas, KEY, eta=2)
    whole = search.evaluate(steps, space, dnas, KEY)
    last = halved.rungs[-1]
    assert last["y"].dtype == whole["y"].dtype == jnp.bfloat16
    np.testing.assert_array_equal(last["y"], whole["y"][last.ids])


class Flax(sj.Object):
    """Training as Flax's examples write it: a `TrainState`, whose optimizer is made of what is searched."""

    rate: float
    width: int = 3

    def init(self, key, data):
        model = flax.linen.Dense(self.width)
        return train_state.TrainState.create(
            apply_fn=model.apply, params=model.init(key, data[0])["params"], tx=optax.adam(self.rate)
        )

    def step(self, state, data):
        def loss(params):
            return (state.apply_fn({"params": params}, data[0]) ** 2).mean()

        return state.apply_gradients(grads=jax.grad(loss)(state.params))

    def metric(self, state, data):
        return {"loss": (state.apply_fn({"params": state.params}, data[0]) ** 2).mean()}


def test_a_train_state_holds_an_optimizer_of_what_is_searched():
    """Its structure holds the learning rate, which another trace must not see."""
    space = search.space(Flax(search.floatv(1e-3, 0.3, "log"), search.oneof([2, 3])))
    steps, dnas = search.Steps.of(Flax, n=8), space.sample(KEY, 6)
    halved = search.halving(steps, space, dnas, KEY, TRAIN, **GOAL, eta=2, min_steps=2)
    whole = search.evaluate(steps, space, dnas, KEY, TRAIN, **GOAL)
    last = halved.rungs[-1]
    np.testing.assert_array_equal(last["loss"], whole["loss"][last.ids])
    state = halved.best_state
    assert isinstance(state.state, train_state.TrainState)
    assert jax.jit(lambda data: steps.segment(state, 1, data).state.step)(TRAIN) == 9
    trained = search.pbt(steps, space, dnas, KEY, TRAIN, interval=4, **GOAL)
    copy = int(np.flatnonzero(trained.parents[0] != np.arange(6))[0])
    assert [step for step, _ in trained.schedule(copy)] == [0, 4]


def test_constants_of_the_start_are_no_constants_of_the_steps():
    """The compiler would divide by a constant in another way than by what it does not know."""

    def init(exp, key):
        return {"x": jax.random.normal(key, (50,)), "by": 0.7, "scale": exp["scale"]}

    def step(state):
        return {**state, "x": jnp.sin(state["x"] / state["by"]) * state["scale"]}

    space = search.space({"scale": search.floatv(0.1, 2.0)})
    steps = search.Steps(init, step, lambda state: {"x": state["x"], "first": state["x"][0]}, n=9)
    dnas = space.sample(KEY, 8)
    halved = search.halving(steps, space, dnas, KEY, objective="first", rungs=[(8, 3), (8, 9)])
    whole = search.evaluate(steps, space, dnas, KEY)
    np.testing.assert_array_equal(halved.rungs[-1]["x"], whole["x"])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"steps": lambda exp, key: 0.0}, TypeError, "halving takes steps"),
        ({"eta": 1}, ValueError, "eta"),
        ({"min_steps": 9}, ValueError, "between 1 and the 8 steps"),
        ({"rungs": [(3, 1), (1, 8)]}, ValueError, "3 configurations reach the first rung, and there are 4"),
        ({"objective": None}, ValueError, "mode='min' of which metric"),
        ({"objective": "accuracy"}, KeyError, "not among the metrics"),
        ({"dnas": 0}, ValueError, "at least one configuration"),
    ],
)
def test_what_makes_no_sense_is_refused(descents, changes, error, words):
    space, steps = descents
    arguments = {"steps": steps, "space": space, "dnas": 4, "key": KEY, "objective": "loss", "mode": "min"}
    with pytest.raises(error, match=words):
        search.halving(**{**arguments, **changes})
