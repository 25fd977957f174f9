"""Results on disk."""

import json
import warnings

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches, search
from symjax.search import DNA, Results
from symjax.search.results.column_forms import write_column
from symjax.search.results.files import read_results, write_results
from symjax.search.results.objective import Objective
from symjax.search.results.plan_summary import PlanSummary

KEY = jax.random.key(3)
NAN = float("nan")


class Trainer(sj.Object):
    model: nn.Module
    lr: float
    steps: int = 3


SPACE = search.space(
    Trainer(
        nn.Dense(
            search.oneof({"small": 8, "big": 16}),
            kernel_init=search.oneof([nn.initializers.normal(0.5), nn.initializers.zeros_init()]),
        ),
        lr=search.floatv(1e-4, 1, "log"),
        steps=search.intv(1, 9),
    )
)


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def some(space, n):
    """Some points of a space, spread over it; drawing them would compile."""
    points = space.grid(3)
    return points[np.linspace(0, len(points) - 1, n).astype(int)]


def results_of(space=SPACE, n=5, **more):
    metrics = {
        "loss": np.array([0.1, NAN, -np.inf, 3, 0.3], np.float32)[:n],
        "valid": ({"steps": np.arange(n)}, np.ones((n, 2))),
    }
    return Results(space, some(space, n), np.arange(n) + 7, KEY, metrics, **more)


def same(one, other):
    assert (one.space, one.dnas, one.ids.tolist()) == (other.space, other.dnas, other.ids.tolist())
    assert (one.states.tolist(), one.objective, one.plan) == (
        other.states.tolist(),
        other.objective,
        other.plan,
    )
    assert jax.tree.structure(one.metrics) == jax.tree.structure(other.metrics)
    for a, b in zip(jax.tree.leaves(one.metrics), jax.tree.leaves(other.metrics), strict=True):
        assert (a.dtype, np.asarray(a).tobytes()) == (b.dtype, np.asarray(b).tobytes())
    for name in ("programs", "seconds", "pending"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert [repr(e) for e in one.errors.values()] == [repr(e) for e in other.errors.values()]
    assert (one.tracebacks, one.compiled, one.reused) == (other.tracebacks, other.compiled, other.reused)
    for a, b in zip(one, other, strict=True):
        assert jax.random.key_data(a.key).tolist() == jax.random.key_data(b.key).tolist()
        assert (a.values, a.experiment) == (b.values, b.experiment)


def test_what_is_loaded_is_what_was_saved(tmp_path):
    error = ValueError("wide", 3)
    error.add_note("in Dense")
    results = results_of(
        errors={3: error, 4: error},
        pending=np.array([True, False, False, False, False]),
        programs=np.array([-1, 0, 1, 0, -1]),
        seconds=np.array([NAN, 0.1, 2, 3, NAN]),
        compiled=2,
        reused=1,
        plan=PlanSummary("5 → 2", (3, 2), (8, 2), ("lr",), {"steps": 3}, {"x": "TypeError"}, "run(exp, key)"),
        objective=Objective.of(
            ["loss", "cost.flops"], ["min", "max"], {"loss": 2.5, "cost.flops": (None, 5)}
        ),
        costs={"cost.flops": np.arange(5.0)},
    )
    path = tmp_path / "results.json"
    search.save_results(results, path)
    again = search.load_results(path)
    same(again, results)
    assert again.errors[3] is again.errors[4]
    assert again.errors[3].__notes__ == ["in Dense"]
    assert again.table() == results.table()
    search.save_results(again, str(path))
    same(search.load_results(str(path)), results)
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_repeats_keep_their_samples(tmp_path):
    metrics = np.array([[1.0, NAN, 3.0], [1.0, 2.0, 4.0]])
    results = Results(SPACE, some(SPACE, 2), np.arange(2), jax.random.PRNGKey(0), metrics, repeats=3)
    search.save_results(results, tmp_path / "a.json")
    again = search.load_results(tmp_path / "a.json")
    same(again, results)
    assert again.samples[""].tobytes() == metrics.tobytes()
    assert again.deviations[""].tobytes() == results.deviations[""].tobytes()


def test_spaces_that_are_partly_open_or_patched(tmp_path):
    tree = {"a": search.oneof([1, [search.oneof([jax.nn.relu, 3])]]), "b": search.oneof([4, 5])}
    partly = search.space(tree, where=lambda k, v, p: k != "b")
    model = Trainer(nn.Dense(8), 0.05)
    patched = search.space(model, patches=[search.maybe(patches.change_lr(search.floatv(0.1, 0.5)))])
    constrained = search.space(model.rebind(lr=search.floatv(0, 1))).constrain(lambda tree: tree.lr > 0.5)
    for space in (partly, patched, constrained):
        results = Results(space, some(space, 3), np.arange(3), KEY, np.ones(3))
        search.save_results(results, tmp_path / "a.json")
        again = search.load_results(tmp_path / "a.json")
        assert (again.space.spec, again.space.closed) == (space.spec, space.closed)
        assert [trial.experiment for trial in again] == [trial.experiment for trial in results]
        assert len(again + results) == 3
    columns = results_of().arguments()
    other_key = {**columns, "key": jax.random.key(99), "ids": np.arange(5)}
    joined = results_of() + Results(**other_key)
    search.save_results(joined, tmp_path / "a.json")
    same(search.load_results(tmp_path / "a.json"), joined)


def test_only_python_s_own_exceptions_are_made_again(tmp_path):
    results = results_of(
        errors={0: Odd(1, 2), 1: KeyError(Trainer), 2: UnicodeDecodeError("utf8", b"", 0, 1, "x")}
    )
    search.save_results(results, tmp_path / "a.json")
    search.save_results(search.load_results(tmp_path / "a.json"), tmp_path / "a.json")
    errors = search.load_results(tmp_path / "a.json").errors
    assert repr(errors[0]) == "RuntimeError('Odd: 1 and 2')"
    assert [type(error) for error in errors.values()] == [RuntimeError] * 3


def test_numbers_that_json_has_none_for(tmp_path):
    space = search.space({"bound": search.oneof([1.0, float("inf")])})
    dnas = DNA.from_numbers(space.spec, [[1], [0]])
    results = Results(space, dnas, np.arange(2), KEY, np.ones(2), errors={1: ValueError(NAN)})
    search.save_results(results, tmp_path / "a.json")
    again = search.load_results(tmp_path / "a.json")
    assert again[0].experiment == {"bound": float("inf")}
    assert str(again.errors[1]) == "ValueError: nan"


def test_exported_columns(tmp_path):
    results = results_of()
    search.save_results(results, tmp_path / "a.csv")
    head, first, *_ = (tmp_path / "a.csv").read_text().splitlines()
    assert head.startswith("id,state,model.features,model.kernel_init,lr,steps,loss,")
    assert first.split(",")[:3] == ["7", "ok", results[0].values["model.features"]]
    polars = pytest.importorskip("polars")
    search.save_results(results, tmp_path / "a.parquet")
    assert polars.read_parquet(tmp_path / "a.parquet")["id"].to_list() == [7, 8, 9, 10, 11]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: {}, "no saved results: expected an object of the kind"),
        (lambda record: [], "no saved results"),
        (lambda record: record["space"]["tree"], "no saved results.*sj.load reads saved trees"),
        (lambda record: {**record, "format": 2}, "results of format 2 are not known; .* later version"),
        (
            lambda record: {**record, "n": 4},
            "4 configurations are announced, and 5 are there|cannot broadcast",
        ),
        (lambda record: {k: v for k, v in record.items() if k != "metrics"}, "KeyError: 'metrics'"),
        (
            lambda record: {**record, "metrics": {"column": write_column(np.ones(3))}},
            r"5 configurations .* shape \[3\]",
        ),
        (lambda record: {**record, "ids": {**record["ids"], "data": [-1] * 5}}, "was changed: OverflowError"),
        (lambda record: {**record, "ids": 3}, "no file of results, or was changed: TypeError"),
        (lambda record: {**record, "space": {**record["space"], "opened": [True]}}, "4 choices, and not 1"),
        (
            lambda record: {
                **record,
                "objective": {**record["objective"], "metrics": ["los"], "modes": ["max"]},
            },
            "no metric 'los'",
        ),
        (
            lambda record: {**record, "dnas": {**record["dnas"], "choices": record["ids"]}},
            "must be an array of int32",
        ),
    ],
)
def test_bad_files_are_refused(tmp_path, change, message):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(change(write_results(results_of()))))
    with pytest.raises(sj.LoadError, match=message):
        search.load_results(path)


def test_a_cut_off_file_is_refused(tmp_path):
    path = tmp_path / "cut.json"
    search.save_results(results_of(), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(sj.LoadError, match=r"cut.json is no JSON, or cut off.*save_results"):
        search.load_results(path)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(sj.LoadError, match="is no JSON, or cut off"):
        search.load_results(path)
    with pytest.raises(FileNotFoundError):
        search.load_results(tmp_path / "gone.json")


def test_genes_out_of_range_are_refused():
    record = write_results(results_of())
    record["dnas"]["floats"]["data"][0] = 7.5
    with pytest.raises(ValueError, match="lr lies in"):
        read_results(record)


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path):
    space = search.space({"f": lambda x: x, "x": search.floatv(0, 1)})
    results = Results(space, some(space, 1), [0], KEY, np.ones(1))
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(TypeError, match=r"path=f") as caught:
        search.save_results(results, path)
    assert "by pickle" in caught.value.__notes__[-1]
    with pytest.raises(ValueError, match=r"\.json, \.csv, \.parquet, by the suffix of the path; got '\.txt'"):
        search.save_results(results, tmp_path / "a.txt")
    with pytest.raises(TypeError, match="takes Results, got 3"):
        search.save_results(3, path)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]
    search.save_results(results, tmp_path / "a.csv")


def test_an_interrupted_evaluation_goes_on_from_a_file(tmp_path):
    def run(exp, key):
        return {"y": exp["x"] + jax.random.normal(key)}

    space = search.space({"x": search.floatv(0, 1)})
    dnas = space.sample(KEY, 6)
    whole = search.evaluate(run, space, dnas, KEY)
    half = Results(**{**whole.arguments(), "pending": np.arange(6) % 2 == 0})
    search.save_results(half, tmp_path / "half.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rest = search.evaluate(run, space, dnas, KEY, resume=search.load_results(tmp_path / "half.json"))
    assert rest["y"].tobytes() == whole["y"].tobytes()


def test_a_dna_of_each_kind_is_exact(tmp_path):
    space = search.space([search.manyof(2, [1, 2, 3, 4], sorted=True), search.permutate(["a", "b", "c"])])
    results = Results(space, some(space, 9), np.arange(9), KEY, np.ones(9))
    search.save_results(results, tmp_path / "a.json")
    again = search.load_results(tmp_path / "a.json")
    assert isinstance(again.dnas, DNA)
    assert again.dnas == results.dnas
    assert [trial.values for trial in again] == [trial.values for trial in results]
