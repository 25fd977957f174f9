"""`Trial`: a plain record."""

import dataclasses
import pickle

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search import DNA, Results
from symjax.search.results.trial import decision_names

SPACE = search.space(
    {
        "act": search.oneof([jax.nn.relu, {"slope": search.floatv(0, 1)}]),
        "lr": search.floatv(1e-4, 0.1, "log"),
    }
)
DNAS = DNA.from_numbers(SPACE.spec, [[0, 0.5, 0.003], [1, 0.25, 0.01]])
RESULTS = Results(
    SPACE,
    DNAS,
    np.array([7, 8]),
    jax.random.key(0),
    {"loss": np.array([0.5, 0.25])},
    errors={1: ValueError("too\nwide")},
    programs=np.array([2, -1]),
    seconds=np.array([1.5, np.nan]),
)


def test_values_are_what_was_decided():
    assert RESULTS[0].values == {"act": jax.nn.relu, "lr": 0.003}
    assert RESULTS[1].values == {
        "act": "{'slope': floatv(0.0, 1.0)}",
        "act.slope": 0.25,
        "lr": 0.01,
    }
    assert RESULTS[1].experiment == {"act": {"slope": 0.25}, "lr": 0.01}
    assert decision_names(SPACE, [trial.values for trial in RESULTS]) == ["act", "act.slope", "lr"]


def test_is_plain_and_frozen():
    original = RESULTS[0]
    assert original.values
    trial = pickle.loads(pickle.dumps(original))
    assert (trial.index, trial.id, trial.state, trial.program, trial.seconds) == (0, 7, "ok", 2, 1.5)
    assert (trial.metrics, trial.error, trial.traceback) == ({"loss": 0.5}, None, "")
    assert (trial.dna, trial.values, trial.feasible) == (DNAS[0], RESULTS[0].values, True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        trial.id = 3


def test_what_raised_has_its_traceback():
    trial = RESULTS[1]
    assert (trial.state, trial.metrics, trial.program) == ("failed", None, None)
    assert repr(trial.error) == repr(ValueError("too\nwide"))
    assert trial.traceback == "ValueError: too\nwide\n"


def test_prints_in_a_line():
    assert repr(RESULTS[0]) == "<Trial 7: act=relu, lr=0.003; ok; loss 0.5>"
    assert repr(RESULTS[0].values) == "{'act': relu, 'lr': 0.003}"
    curves = {"curve": np.ones((2, 4), np.float32), "loss": np.ones((2,))}
    curved = Results(SPACE, DNAS, np.array([7, 8]), jax.random.key(0), curves)[0]
    assert repr(curved).endswith("; ok; curve float32[4], loss 1.0>")
    assert repr(RESULTS[1]) == (
        "<Trial 8: act={'slope': floatv(0.0, 1.0)}, act.slope=0.25, lr=0.01; failed: ValueError: too>"
    )
