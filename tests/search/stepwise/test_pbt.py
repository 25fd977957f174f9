"""Population-based training: who copies whom, what changes, and what does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search

from .conftest import TRAIN, Descent

KEY = jax.random.key(0)
OPTIONS = {"objective": "loss", "mode": "min"}


@pytest.fixture(scope="module")
def trained():
    """Of two structures; the greatest rates diverge."""
    space = search.space(Descent(search.floatv(0.001, 1.5, "log"), search.oneof([1, 2])))
    dnas = search.DNA.from_numbers(
        space.spec, [[rate, i % 2] for i, rate in enumerate(np.geomspace(0.002, 1.4, 12).tolist())]
    )
    return search.pbt(search.Steps.of(Descent, n=10), space, dnas, KEY, interval=3, **OPTIONS)


def test_rounds_end_where_members_are_compared(trained):
    assert trained.ends == (3, 6, 9, 10)
    assert trained.parents.shape == (3, 12)
    assert [len(each) for each in trained.rounds] == [12] * 4


def test_the_worst_go_on_from_the_best_of_their_own_structure(trained):
    for results, sources in zip(trained.rounds, trained.parents, strict=False):
        order = results.rank()
        for structure in (0, 1):
            own = order[results.dnas.choices[order, 0] == structure]
            assert sources[own[-1]] == own[0]  # a fifth of six: one
            assert sources[own[:-1]].tolist() == own[:-1].tolist()


def test_a_copy_is_the_state_and_explored_hyperparameters(trained):
    before, after, sources = trained.rounds[0], trained.rounds[1], trained.parents[0]
    rates = after.dnas.floats[:, 0]
    starts = before["at"][sources]
    np.testing.assert_allclose(after["at"], starts * (1 - 2 * rates.astype(float)) ** 3, rtol=1e-4)
    copies = np.flatnonzero(sources != np.arange(12))
    assert len(copies) == 2
    assert (rates[copies] != before.dnas.floats[sources[copies], 0]).all()
    stay = np.setdiff1d(np.arange(12), copies)
    np.testing.assert_array_equal(rates[stay], before.dnas.floats[stay, 0])
    np.testing.assert_array_equal(after.dnas.choices, before.dnas.choices)


def test_the_lineage_is_what_the_best_was_trained_with(trained):
    """Replayed by hand, the schedule gives the metrics of the winner."""
    line, best = trained.lineage(), trained.best()
    x, start = line[0].metrics["at"] / (1 - 2 * line[0].values["rate"]) ** 3, 0
    for end, trial in zip(trained.ends, line, strict=True):
        x, start = x * (1 - 2 * trial.values["rate"]) ** (end - start), end
        np.testing.assert_allclose(x, trial.metrics["at"], rtol=1e-3)
    assert line[-1].metrics["loss"] == best.metrics["loss"] == trained.results["loss"].min()
    assert [step for step, _ in trained.measurements()] == list(trained.ends)
    changes = trained.schedule()
    assert changes[0][0] == 0
    assert changes[-1][1] == best.values
    np.testing.assert_allclose(trained.best_state.state[0], best.metrics["at"])
    with pytest.raises(KeyError, match="no trial 99"):
        trained.lineage(99)


def test_without_copies_it_is_plain_training(classifiers):
    """To the last bit, in two programs for each structure."""
    space, steps = classifiers
    dnas = space.sample(jax.random.key(1), 8)
    dnas = dnas[np.array([i for i in range(8) if dnas.choices[i, 1] == dnas.choices[0, 1]][:1])]
    with pytest.warns(RuntimeWarning, match="a population of one: no member is compared"):
        alone = search.pbt(steps, space, dnas, KEY, TRAIN, interval=3, **OPTIONS)
    whole = search.evaluate(steps, space, dnas, KEY, TRAIN, **OPTIONS)
    for name in whole.names:
        np.testing.assert_array_equal(alone.results[name], whole[name])


def test_what_is_nan_is_replaced_however_much_it_is():
    class Fragile(Descent):
        def metric(self, x):
            return {"loss": jnp.where(self.rate > 0.5, jnp.nan, jnp.sum(x**2))}

    space = search.space(Fragile(search.floatv(0.01, 1.0)))
    dnas = search.DNA.from_numbers(space.spec, [[0.9], [0.1], [0.8], [0.05], [0.7], [0.95]])
    trained = search.pbt(search.Steps.of(Fragile, n=4), space, dnas, KEY, interval=2, resample=0.0, **OPTIONS)
    assert trained.rounds[0].states.tolist() == ["nan", "ok", "nan", "ok", "nan", "nan"]
    assert set(trained.parents[0].tolist()) == {1, 3} or set(trained.parents[0].tolist()) == {1}
    assert trained.results.states.tolist() == ["ok"] * 6


def test_what_the_tree_refuses_stays_as_it_was():
    class Checked(Descent):
        def __check__(self):
            if not self.rate <= 0.1:
                raise ValueError("too fast")

    space = search.space(Checked(search.floatv(0.001, 0.5)))
    dnas = search.DNA.from_numbers(space.spec, [[0.1], [0.01], [0.02]])
    trained = search.pbt(
        search.Steps.of(Checked, n=4), space, dnas, KEY, interval=1, factors=[2.0], resample=0.0, **OPTIONS
    )
    assert (trained.parents != np.arange(3)).any()
    assert set(trained.results.dnas.floats[:, 0].tolist()) <= set(np.float32([0.1, 0.01, 0.02]).tolist())


def test_an_interrupt_gives_the_latest_round(descents):
    space, steps = descents

    def interrupt(done, total):
        if done > 30:
            raise KeyboardInterrupt

    with pytest.raises(search.Interrupted) as caught:
        search.pbt(steps, space, 8, KEY, interval=2, progress=interrupt, **OPTIONS)
    assert caught.value.results.states.tolist() == ["ok"] * 8


def test_functions_that_copy_their_experiment_into_the_state_are_refused():
    steps = search.Steps(lambda exp, key: exp["rate"] * 2, lambda x: x, lambda x: x, n=4)
    with pytest.raises(ValueError, match=r"search\.Steps\.of\(Experiment, n=…\)"):
        search.pbt(steps, search.space({"rate": search.floatv(0.0, 1.0)}), 4, KEY, interval=2)


class Copied(sj.Object):
    """The rate goes into the state at the start, and is not read again."""

    rate: float
    size: int = 1

    def init(self, key):
        return {"x": jax.random.normal(key), "rate": self.rate}

    def step(self, state):
        return {**state, "x": state["x"] * (1 - state["rate"])}

    def metric(self, state):
        return {"loss": state["x"] ** 2}


def test_hyperparameters_that_do_not_reach_the_steps_are_refused():
    steps = search.Steps.of(Copied, n=4)
    with pytest.raises(ValueError, match="of rate neither step nor metric reads"):
        search.pbt(steps, search.space(Copied(search.floatv(0.0, 1.0))), 4, KEY, interval=2, **OPTIONS)
    with pytest.raises(ValueError, match="opens no decision on a float"):
        search.pbt(steps, search.space(Copied(0.1, search.oneof([1, 2]))), 4, KEY, interval=2, **OPTIONS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interval": 0}, "interval=0"),
        ({"fraction": 0.6}, "fraction"),
        ({"factors": []}, "factors"),
        ({"resample": 2}, "resample"),
    ],
)
def test_what_makes_no_sense_is_refused(descents, changes, words):
    space, steps = descents
    with pytest.raises(ValueError, match=words):
        search.pbt(steps, space, 4, KEY, **{"interval": 2, **OPTIONS, **changes})


@pytest.mark.parametrize(
    ("members", "interval", "why"), [(1, 2, "a population of one"), (2, 4, "of 4 steps")]
)
def test_where_nothing_can_be_copied_it_warns(members, interval, why):
    steps, space = search.Steps.of(Descent, n=4), search.space(Descent(search.floatv(0.001, 0.1), 1))
    with pytest.warns(RuntimeWarning, match=why):
        trained = search.pbt(steps, space, members, KEY, interval=interval, **OPTIONS)
    assert repr(trained).endswith("0 copies>")
    assert repr(trained).startswith("<PBTResults: 1 member, " if members == 1 else "<PBTResults: 2 members, ")
    assert ("1 round," if members == 2 else "2 rounds,") in repr(trained)
