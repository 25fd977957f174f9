"""`Results`: ranking, tables, and what failed."""

import pickle

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search import DNA, Results
from symjax.search.results.objective import Objective

KEY = jax.random.key(0)
SCORES = np.array([0.5, np.nan, 0.25, 0.75, 0.25, np.inf], np.float32)
SPACE = search.space(
    {"act": search.oneof(["relu", {"gelu": search.floatv(1, 2)}]), "row": search.oneof(range(6))}
)


def run(exp, key, scores):
    row = exp["row"]
    if exp["act"] != "relu" and row == 2:
        raise ValueError("out of luck")
    return {"score": scores[row], "valid": {"count": 10 - row, "curve": scores[:2] * 0 + row}}


@pytest.fixture(scope="module")
def results():
    rows = [[0, 1, 0], [0, 1, 1], [1, 1.25, 2], [1, 1.5, 3], [0, 1, 4], [0, 1, 2], [0, 1, 5]]
    dnas = DNA.from_numbers(SPACE.spec, rows)
    with pytest.warns(RuntimeWarning, match="1 of 7"):
        return search.evaluate(run, SPACE, dnas, KEY, SCORES, ids=np.arange(7) + 100)


def test_ranks_the_best_first_and_failures_last(results):
    assert results.rank("score").tolist() == [6, 3, 0, 4, 5, 1, 2]
    assert results.rank("score", mode="min").tolist() == [4, 5, 0, 3, 6, 1, 2]
    assert results.rank("valid.count").tolist() == [0, 1, 5, 3, 4, 6, 2]
    assert np.asarray(SCORES).argmax() == 1  # what a bare array would have given


def test_gives_the_best(results):
    assert [trial.index for trial in results.top(3, "score")] == [6, 3, 0]
    assert len(results.top(100, "score")) == 5
    best = results.best("score", mode="min")
    assert (best.index, best.id, best.error) == (4, 104, None)
    assert best.experiment == {"act": "relu", "row": 4}
    assert best.metrics["valid"] == {"count": 6, "curve": pytest.approx([4, np.nan], nan_ok=True)}
    assert best.dna == results.dnas[4]
    assert (
        jax.random.key_data(best.key).tolist() == jax.random.key_data(jax.random.fold_in(KEY, 104)).tolist()
    )


def test_lists_what_failed(results):
    assert [trial.index for trial in results.failed] == [0, 1, 2, 3, 4, 5, 6]  # a NaN in every curve
    assert list(results.errors) == [2]
    assert "out of luck" in repr(results[2])
    assert results[2].metrics is None
    assert results[2].experiment == {"act": {"gelu": 1.25}, "row": 2}


def test_is_a_sequence_of_trials(results):
    assert len(results) == len(list(results)) == 7
    assert results[-1].index == 6
    with pytest.raises(IndexError, match="no trial 7"):
        results[7]
    with pytest.raises(AttributeError, match="immutable"):
        results.metrics = None


def test_prints_a_table(results):
    lines = results.table("score", k=3).splitlines()
    assert [line.split() for line in lines] == [
        ["rank", "trial", "state", "score", "↑", "valid.count", "act", "act.gelu", "row"],
        ["1", "106", "nan", "inf", "5", "'relu'", "5"],
        ["2", "103", "nan", "0.75", "7", "{'gelu':", "floatv(1.0,", "2.0)}", "1.5", "3"],
        ["3", "100", "nan", "0.5", "10", "'relu'", "0"],
    ]
    assert len({line.index(" ", 3) for line in lines}) == 1


def test_prints_what_happened(results):
    text = repr(results)
    assert "7 configurations" in text
    assert "metrics: score, valid.count, valid.curve" in text
    assert "raised: 1; trial 102: ValueError('out of luck')" in text


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda results: results.rank("scor"), KeyError, "did you mean 'score'"),
        (lambda results: results.rank(), ValueError, "say which metric"),
        (lambda results: results.rank("valid.curve"), ValueError, r"float32\[2\]"),
        (lambda results: results.rank("score", mode="best"), ValueError, "'max' or 'min'"),
    ],
)
def test_errors_say_what_there_is(results, ask, error, message):
    with pytest.raises(error, match=message):
        ask(results)


def test_an_only_metric_needs_no_name():
    space = search.space({"x": search.oneof([1.0, 3.0, float("nan")])})
    dnas = DNA.from_numbers(space.spec, [[2], [1], [0]])
    results = search.evaluate(lambda exp, key: exp["x"], space, dnas, KEY)
    assert results.names == ("",)
    assert results.rank().tolist() == [1, 2, 0]
    assert results.best().metrics == 3.0
    nothing = search.evaluate(lambda exp, key: exp["x"], space, dnas[:1], KEY)
    with pytest.raises(ValueError, match="none of 1 configurations succeeded"):
        nothing.best()


def test_pickles_as_plain_data(results):
    again = pickle.loads(pickle.dumps(results))
    assert repr(again) == repr(results)
    assert again.table("score") == results.table("score")
    assert again.rank("score").tolist() == results.rank("score").tolist()
    assert [trial.experiment for trial in again] == [trial.experiment for trial in results]
    assert jax.random.key_data(again[3].key).tolist() == jax.random.key_data(results[3].key).tolist()
    best = pickle.loads(pickle.dumps(results.best("score")))
    assert (best.id, best.dna) == (106, results.dnas[6])


def test_pickles_what_was_raised_whatever_it_was():
    def run(exp, key):
        return exp["x"] if exp["x"] > 0 else [][exp["x"]]

    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    def odd(exp, key):
        if exp["x"] < 0:
            raise Odd(1, 2)
        return 1.0

    space = search.space({"x": search.oneof([1, -1, -2])})
    dnas = DNA.from_numbers(space.spec, [[0], [1], [2]])
    with pytest.warns(RuntimeWarning):
        results = search.evaluate(run, space, dnas, KEY)
    assert [type(error) for error in pickle.loads(pickle.dumps(results)).errors.values()] == [IndexError] * 2
    with pytest.warns(RuntimeWarning):
        results = search.evaluate(odd, space, dnas, KEY)
    again = pickle.loads(pickle.dumps(results))
    assert [repr(error) for error in again.errors.values()] == ["RuntimeError('Odd: 1 and 2')"] * 2
    assert isinstance(results.errors[1], Odd)


POINTS = search.space({"x": search.floatv(0, 10)})
NAN = float("nan")


def stated(objective=None, mode="max", constraints=None, **columns):
    """Results of these metrics, with an objective."""
    columns = {name: np.array(column, np.float32) for name, column in columns.items()}
    n = len(next(iter(columns.values())))
    dnas = DNA(POINTS.spec, np.zeros((n, 0), np.int32), np.arange(n, dtype=np.float32)[:, None])
    return Results(
        POINTS, dnas, np.arange(n), KEY, columns, objective=Objective.of(objective, mode, constraints)
    )


def test_what_was_said_once_need_not_be_said_again():
    results = stated("loss", "min", loss=[3, 1, 2], accuracy=[1, 0, 2])
    assert results.rank().tolist() == [1, 2, 0]
    assert results.best().index == results.top(1)[0].index == 1
    assert results.table().splitlines()[1].split()[:2] == ["1", "1"]
    assert results.rank("accuracy").tolist() == [2, 0, 1]
    assert results.rank("loss").tolist() == [1, 2, 0]  # as was said of it
    assert results.rank("loss", "max").tolist() == [0, 2, 1]
    assert results.with_objective("accuracy").best().index == 2
    assert results.objective == Objective.of("loss", "min")
    assert str(results) == f"{results!r}\n{results.table(k=5)}"
    assert str(results.with_objective(None)) == repr(results.with_objective(None))


def test_a_loss_without_a_direction_is_not_taken_for_a_gain():
    results = stated(mode=None, loss=[3, 1, 2])
    assert str(results) == repr(results)
    with pytest.warns(RuntimeWarning, match="the largest 'loss' ranks first.*mode='min'"):
        assert results.best().index == 0
    with pytest.warns(RuntimeWarning, match="the largest 'loss'"):
        assert "loss ↑" in results.with_objective("loss").table()
    assert "loss ↓" in results.table(mode="min")
    assert "loss ↓" in str(stated(mode="min", loss=[3, 1, 2]))


def test_metrics_go_by_the_names_that_they_were_given():
    results = stated("eval/loss", "min", **{"eval/loss": [3, 1, 2], "top@1": [1, 0, 2]})
    assert results["eval/loss"].tolist() == [3, 1, 2]
    assert results.best("top@1").index == 2
    assert "eval/loss ↓  top@1" in results.table()


def test_a_pareto_front():
    costs = {"loss": [1, 2, 3, 3, NAN, 1], "size": [3, 2, 1, 3, 0, 3]}
    results = stated(["loss", "size"], "min", **costs)
    assert [trial.index for trial in results.pareto()] == [0, 5, 2, 1]
    assert results.rank().tolist() == [0, 5, 2, 1, 3, 4]
    assert results.best().index == 0
    assert [trial.index for trial in results.pareto(["loss", "size"], ["min", "max"])] == [0, 5]
    assert results.rank(["size", "loss"]).tolist()[:1] == [2]
    single = stated("loss", "min", **costs)
    assert [trial.index for trial in single.pareto()] == [0, 5]
    small = stated(["loss", "size"], "min", {"size": 2}, **costs)
    assert sorted(trial.index for trial in small.pareto()) == [1, 2]


def test_the_infeasible_rank_behind():
    results = stated("loss", "min", {"size": (2, 10)}, loss=[1, 2, 3, NAN, 4], size=[1, 20, 5, 5, 6])
    assert results.rank().tolist() == [2, 4, 0, 1, 3]
    assert [trial.feasible for trial in results] == [False, False, True, True, True]
    assert results.best().index == 2
    assert [trial.index for trial in results.top(9)] == [2, 4, 0, 1]
    with pytest.warns(RuntimeWarning, match=r"none of 2 .* within the constraints .*trial 0 is the nearest"):
        assert results[:2].best().index == 0


def test_top_takes_a_number_that_makes_sense():
    results = stated(loss=[3, 1, 2])
    assert results.top(0) == ()
    with pytest.raises(ValueError, match=r"top\(k\) gives the k best, got k=-1; .*rank\(\)\[-1:\]"):
        results.top(-1)


@pytest.mark.parametrize(
    ("index", "ids"),
    [
        (slice(0, 2), [0, 1]),
        (slice(None, None, -2), [4, 2, 0]),
        ([3, 1], [3, 1]),
        ([], []),
        (np.array([-1]), [4]),
        (np.array([True, False, True, False, False]), [0, 2]),
        ([False, True, False, False, False], [1]),
    ],
)
def test_several_places_are_results(index, ids):
    part = stated("loss", loss=[5, 4, 3, 2, NAN])[index]
    assert isinstance(part, Results)
    assert part.ids.tolist() == ids
    assert part["loss"].tolist() == pytest.approx([[5, 4, 3, 2, NAN][i] for i in ids], nan_ok=True)
    assert [trial.experiment["x"] for trial in part] == ids
    assert part.objective.metrics == ("loss",)


def test_one_place_is_a_trial():
    results = stated(loss=[5, 4, 3])
    for index in (1, -2, np.int64(1), np.array(1), jax.numpy.int32(1)):
        assert (results[index].index, results[index].metrics) == (1, {"loss": 4})
    for index in (3, -4, [7]):
        with pytest.raises(IndexError):
            results[index]


def test_a_name_is_a_column(results):
    assert results["valid.count"].tolist() == [10, 9, None, 7, 6, 8, 5]
    with pytest.raises(KeyError, match="no metric 'los'; did you mean 'loss'"):
        stated(loss=[1])["los"]


def test_failures_keep_their_places(results):
    part = results[2:4]
    assert (list(part.errors), list(part.tracebacks)) == ([0], [0])
    assert (part[0].id, part[0].state, part[1].state) == (102, "failed", "nan")
    assert "out of luck" in part[0].traceback


def test_notebooks_show_a_table(results):
    assert "<td" in stated("loss", loss=[1, 2])._repr_html_()
    html = results._repr_html_()  # no objective: in the order of the batch
    assert html.index(">100<") < html.index(">106<")
    assert "ValueError(&#x27;out of luck&#x27;)" in html
    curves = Results(POINTS, results_space(2), np.arange(2), KEY, np.ones((2, 3)))
    assert "<td" in curves._repr_html_()


def results_space(n):
    return DNA(POINTS.spec, np.zeros((n, 0), np.int32), np.zeros((n, 1), np.float32))


def test_nothing_ran_yet():
    waiting = Results(POINTS, results_space(2), np.arange(2), KEY, None, pending=np.ones(2, bool))
    assert waiting.states.tolist() == ["pending"] * 2
    assert (waiting.rank().tolist(), waiting.top(3), waiting.failed) == ([0, 1], (), ())
    with pytest.raises(ValueError, match="none of 2 configurations succeeded: none ran yet"):
        waiting.best()


def test_frames_and_records(results):
    records = results.records()
    assert [record["id"] for record in records] == results.ids.tolist()
    assert (records[3]["act.gelu"], records[0]["act.gelu"], records[2]["valid.count"]) == (1.5, None, None)
    pandas = pytest.importorskip("pandas")
    frame = results.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(records[0])
    assert frame["id"].tolist() == results.ids.tolist()
