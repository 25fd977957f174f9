"""What came of a batch, as arrays: what counts as a result, and what the arrays keep alive."""

import copy
import gc
import pickle
import weakref

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search import Results
from symjax.search.results.objective import Objective

SPACE = search.space(
    {
        "act": search.oneof([jax.nn.relu, jax.nn.gelu]),
        "lr": search.floatv(0, 1),
        "as it is": [jax.nn.relu, {"tanh": jax.numpy.tanh}],  # JAX's functions do not pickle as themselves
    }
)
KEY = jax.random.key(0)
NAN = float("nan")


def results_of(metrics, n=4, space=SPACE, **more):
    dnas = space.sample(KEY, n)
    return Results(space, dnas, np.arange(n), KEY, metrics, **more)


FULL = {
    "metrics": {
        "loss": np.array([0.5, NAN, 0.25, 7], np.float32),
        "steps": np.arange(4),
        "curve": np.ones((4, 2)),
    },
    "errors": {3: ValueError("no")},
    "pending": np.array([False, False, True, False]),
    "programs": np.array([1, 0, -1, -1]),
    "seconds": np.array([1.5, 2.5, NAN, NAN]),
    "costs": {"cost.flops": np.array([1.0, 2.0, 3.0, 4.0])},
}


def test_states_and_what_is_missing():
    results = results_of(**FULL)
    assert results.states.tolist() == ["ok", "nan", "pending", "failed"]
    assert results["loss"].tolist() == pytest.approx([0.5, NAN, NAN, NAN], nan_ok=True)
    assert results["steps"].tolist() == [0, 1, None, None]
    assert np.isnan(results["curve"][2:]).all()
    assert results["cost.flops"].tolist() == [1, 2, 3, 4]
    assert [trial.metrics is None for trial in results] == [False, False, True, True]
    assert (results.names, list(results.columns)) == (
        ("curve", "loss", "steps"),
        ["curve", "loss", "steps", "cost.flops"],
    )


def test_an_objective_says_what_counts_as_nan():
    stated = {**FULL, "objective": Objective.of("steps")}
    assert results_of(**stated).states.tolist() == ["ok", "ok", "pending", "failed"]
    stated["objective"] = Objective.of("steps", constraints={"loss": 1})
    assert results_of(**stated).states.tolist() == ["ok", "nan", "pending", "failed"]
    assert results_of(**stated).feasible.tolist() == [True, False, False, False]


def test_an_objective_that_there_is_not_is_refused():
    with pytest.raises(KeyError, match="did you mean 'loss'"):
        results_of(**{**FULL, "objective": Objective.of("lost")})
    with pytest.raises(ValueError, match=r"'curve' is float64\[2\]"):
        results_of(**{**FULL, "objective": Objective.of("loss", "min", constraints={"curve": 1})})


def test_repeats_are_a_mean_a_deviation_and_samples():
    samples = {
        "a": np.array([[1.0, 3.0], [2.0, 2.0], [0.0, NAN]]),
        "b": {"c": np.array([[1, 2], [3, 3], [5, 5]])},
    }
    results = results_of(samples, 3, repeats=2, errors={1: ValueError("no")})
    assert results["a"].tolist() == pytest.approx([2, NAN, NAN], nan_ok=True)
    assert results["b.c"].tolist() == pytest.approx([1.5, NAN, 5], nan_ok=True)
    assert results.deviations["a"].tolist() == pytest.approx([2**0.5, NAN, NAN], nan_ok=True)
    assert results.samples["b.c"].tolist() == [[1, 2], [None, None], [5, 5]]
    assert results.states.tolist() == ["ok", "failed", "nan"]
    assert results[0].deviations == {"a": pytest.approx(2**0.5), "b.c": pytest.approx(0.5**0.5)}
    assert (results[1:].samples["a"].shape, results[1:].repeats) == ((2, 2), 2)
    assert results_of(FULL["metrics"]).deviations == results_of(FULL["metrics"]).samples == {}


def test_arrays_are_copies_and_read_only():
    loss = np.ones(4)
    results = results_of({"loss": loss}, costs={"x": loss})
    loss[:] = 2
    assert results["loss"].tolist() == results["x"].tolist() == [1] * 4
    for column in (results["loss"], results["x"], results.ids, results.pending, results.seconds):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
    with pytest.raises(AttributeError, match="Results are immutable"):
        results.compiled = 3


@pytest.mark.parametrize(
    "duplicate",
    [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deep"],
)
def test_everything_can_be_copied(duplicate):
    results = results_of(**FULL)
    again = duplicate(results)
    assert (repr(again), again.states.tolist()) == (repr(results), results.states.tolist())
    assert [trial.values for trial in again] == [trial.values for trial in results]
    for one, other in zip(jax.tree.leaves(again.metrics), jax.tree.leaves(results.metrics), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
    assert again["steps"].tolist() == [0, 1, None, None]
    assert (again[0].program, again[0].seconds, repr(again.errors[3])) == (1, 1.5, "ValueError('no')")
    space, dnas = duplicate(SPACE), duplicate(results.dnas)
    assert (space, dnas, duplicate(dnas[0])) == (SPACE, results.dnas, results.dnas[0])
    assert space.decode(dnas[0]) == SPACE.decode(dnas[0])


def test_a_space_that_is_partly_closed_can_be_copied():
    tree = {"a": search.oneof([1, [search.oneof([jax.nn.relu, 3])]]), "b": search.oneof([4, 5])}
    space = search.space(tree, where=lambda k, v, p: "b" not in str(k)).constrain(all)
    again = pickle.loads(pickle.dumps(space))
    assert (again, again.closed, again.predicates) == (space, space.closed, (all,))


class Data:
    """Something large that a function uses."""


def test_what_ran_is_not_kept_alive():
    def evaluated():
        data = Data()

        def run(exp, key):
            assert data
            if exp["lr"] > 1:
                return exp["lr"]
            return {"y": exp["lr"] * exp["n"], "z": [][exp["n"] - 1] if exp["n"] > 1 else 0.0}

        space = search.space({"lr": search.floatv(0, 1), "n": search.oneof([1, 2])})
        with pytest.warns(search.PlanWarning), pytest.warns(RuntimeWarning, match="raised"):
            results = search.evaluate(run, space, space.sample(KEY, 8), KEY)
        return results, [weakref.ref(data), weakref.ref(run)]

    results, alive = evaluated()
    assert len(results.errors) > 0
    search.clear_programs()
    gc.collect()
    assert [reference() for reference in alive] == [None, None]
    assert "IndexError" in next(iter(results.tracebacks.values()))
