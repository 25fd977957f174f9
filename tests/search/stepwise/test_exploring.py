"""What can be changed in the midst of training, and to what it is changed."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import search
from symjax.search.spaces.kinds.floatv import FloatV
from symjax.search.stepwise.exploring import Explorer, scaled

KEY = jax.random.key(0)


class Momentum(sj.Object):
    rate: float
    decay: float
    size: int = 1
    extra: sj.Object | None = None

    def init(self, key):
        x = jax.random.normal(key, (self.size,))
        return {"x": x, "m": x * 0}

    def step(self, state):
        m = self.decay * state["m"] + state["x"]
        return {"x": state["x"] - self.rate * m, "m": m}

    def metric(self, state):
        return {"loss": (state["x"] ** 2).sum()}


SPACE = search.space(
    Momentum(search.floatv(1e-3, 0.5, "log"), search.oneof([0.0, 0.5, 0.9]), search.oneof([1, 2]))
)


@pytest.fixture(scope="module")
def trained():
    """Half of the members replaced, again and again."""
    steps = search.Steps.of(Momentum, n=6)
    return search.pbt(steps, SPACE, 12, KEY, interval=1, mode="min", fraction=0.5, resample=0.0)


def test_floats_are_multiplied_and_candidates_take_a_step(trained):
    for before, after, sources in zip(trained.rounds, trained.rounds[1:], trained.parents, strict=False):
        for row in np.flatnonzero(sources != np.arange(12)):
            parent, member = before.dnas[sources[row]], after.dnas[row]
            rates = [float(dna.floats[0]) for dna in (parent, member)]
            expected = [np.clip(np.float32(rates[0] * factor), 1e-3, 0.5) for factor in (0.8, 1.2)]
            assert np.isclose(rates[1], expected, rtol=1e-6).any()
            assert abs(int(parent.choices[0]) - int(member.choices[0])) <= 1
            assert parent.choices[1] == member.choices[1]


def test_what_is_measured_is_what_the_dna_says(trained):
    """The leaves that programs get are those of the changed configurations."""
    for results in trained.rounds[1:]:
        for trial in results:
            assert trial.experiment.rate == pytest.approx(float(trial.dna.floats[0]))
    line = trained.lineage()
    state = line[0].experiment.init(line[0].key)
    for trial in line:
        state = trial.experiment.step(state)
    np.testing.assert_allclose(
        trial.experiment.metric(state)["loss"], trained.best().metrics["loss"], rtol=1e-3
    )


def test_all_is_drawn_anew_where_that_is_said():
    steps = search.Steps.of(Momentum, n=4)
    trained = search.pbt(steps, SPACE, 12, KEY, interval=1, mode="min", fraction=0.5, resample=1.0)
    ratios = []
    for before, after, sources in zip(trained.rounds, trained.rounds[1:], trained.parents, strict=False):
        rows = np.flatnonzero(sources != np.arange(12))
        ratios += (after.dnas.floats[rows, 0] / before.dnas.floats[sources[rows], 0]).tolist()
    assert not np.isclose(np.array(ratios)[:, None], [0.8, 1.2]).any()


@given(
    st.sampled_from([FloatV(-1.0, 2.0), FloatV(1e-4, 1.0, "log"), FloatV(0.9, 0.999, "reverse_log")]),
    st.floats(0, 1),
    st.floats(0.1, 10),
)
def test_a_changed_float_is_within_its_bounds(choice, share, factor):
    low, high = choice.bounds
    changed = scaled(choice, choice.at(share), factor)
    assert changed.dtype == np.float32
    assert low <= changed <= high


def test_nothing_changes_where_nobody_is_replaced():
    explorer = Explorer(SPACE, (), (0.8, 1.2), 0.25)
    nobody: object = object()
    assert explorer.explored(nobody, np.zeros(0, int), KEY) is nobody
