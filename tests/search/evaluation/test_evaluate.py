"""`evaluate`: what comes out, in which order, from how many programs, and what a failure touches."""

import gc
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import symjax as sj
from symjax import search
from symjax.search import DNA

KEY = jax.random.key(11)
ONE = jax.devices()[:1]
traces: list[str] = []


@pytest.fixture(autouse=True)
def _fresh():
    search.clear_programs()
    traces.clear()


class Net(nn.Module):
    width: int
    activation: Callable[[jax.Array], jax.Array]

    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(self.activation(nn.Dense(self.width)(x)))


class Train(sj.Object):
    """A network trained by gradient descent with momentum."""

    rate: float
    momentum: float = 0.9
    width: int = 4
    activation: Any = nn.relu

    def run(self, key, x, y):
        traces.append("train")
        net = Net(self.width, self.activation)
        params = net.init(key, x)

        def step(carry, _):
            params, velocity = carry
            loss, grads = jax.value_and_grad(lambda p: ((net.apply(p, x) - y) ** 2).mean())(params)
            velocity = jax.tree.map(lambda v, g: self.momentum * v + g, velocity, grads)
            params = jax.tree.map(lambda p, v: p - self.rate * v, params, velocity)
            return (params, velocity), loss

        start = (params, jax.tree.map(jnp.zeros_like, params))
        _, losses = jax.lax.scan(step, start, length=5)
        return {"loss": losses[-1], "losses": losses, "noise": jax.random.normal(key)}


X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2)
Y = X.sum(1, keepdims=True) ** 2
SPACE = search.space(
    Train(
        rate=search.floatv(1e-3, 0.1, "log"),
        momentum=search.oneof([0, 0.5, 0.9]),
        width=search.oneof([2, 4]),
    )
)
DNAS = SPACE.sample(jax.random.key(5), 13)


def train(dnas=DNAS, **how):
    return search.evaluate(Train.run, SPACE, dnas, KEY, X, Y, **how)


def bits(results):
    return [np.asarray(column).tobytes() for column in jax.tree.leaves(results.metrics)]


class TestWhatComesOut:
    def test_is_what_each_configuration_gives_by_itself(self):
        results = train()
        assert results.metrics["losses"].shape == (13, 5)
        for trial in results:
            alone = trial.experiment.run(trial.key, X, Y)
            np.testing.assert_allclose(trial.metrics["losses"], alone["losses"], rtol=1e-5)
        assert [trial.dna for trial in results] == list(DNAS)

    def test_every_trial_has_a_key_of_its_own(self):
        expected = [float(jax.random.normal(jax.random.fold_in(KEY, i))) for i in range(13)]
        assert train().metrics["noise"].tolist() == expected
        ids = np.arange(13)[::-1] * 1000
        expected = [float(jax.random.normal(jax.random.fold_in(KEY, i))) for i in ids]
        results = train(ids=ids)
        assert results.metrics["noise"].tolist() == expected
        assert results[3].id == 9000
        assert float(jax.random.normal(results[3].key)) == results[3].metrics["noise"]

    def test_old_style_keys_give_the_same_numbers(self):
        new = search.evaluate(Train.run, SPACE, DNAS[:2], jax.random.key(3), X, Y)
        old = search.evaluate(Train.run, SPACE, DNAS[:2], jax.random.PRNGKey(3), X, Y)
        assert bits(new) == bits(old)

    def test_a_single_dna_is_a_batch_of_one(self):
        assert bits(train(DNAS[0])) == bits(train(DNAS[:1]))

    def test_an_empty_batch_gives_empty_results(self):
        results = train(DNAS[:0])
        assert (len(results), results.metrics, results.failed) == (0, None, ())

    def test_metrics_may_be_any_pytree(self):
        space = search.space({"x": search.floatv(0, 1)})
        dnas = space.sample(KEY, 3)
        results = search.evaluate(
            lambda exp, key: (exp["x"], [{"count": jnp.int32(2), "flag": True}]), space, dnas, KEY
        )
        assert results.names == ("[0]", "[1][0].count", "[1][0].flag")
        assert results.metrics[0].tolist() == dnas.floats[:, 0].tolist()
        assert results[1].metrics[1] == [{"count": 2, "flag": True}]

    def test_a_metric_whose_shape_depends_on_the_structure_is_an_array_of_arrays(self):
        space = search.space({"n": search.oneof([2, 3])})
        dnas = DNA.from_numbers(space.spec, [[1], [0], [1]])
        results = search.evaluate(lambda exp, key: jnp.arange(exp["n"]), space, dnas, KEY)
        assert [row.tolist() for row in results.metrics] == [[0, 1, 2], [0, 1], [0, 1, 2]]


@pytest.mark.exact
class TestToTheLastBit:
    """Only the configuration and its id count; with vectorized lanes, the width and the devices too."""

    def test_mapped_lanes_are_what_jit_gives_on_any_number_of_devices(self):
        assert len(jax.devices()) > 1
        results, run = train(), jax.jit(Train.run)
        assert bits(train(devices=ONE)) == bits(results)
        for trial in results:
            alone = run(trial.experiment, trial.key, X, Y)
            assert jax.tree.all(jax.tree.map(np.array_equal, trial.metrics, alone))

    @pytest.mark.parametrize("how", [{}, {"width": 3}, {"lanes": "vmap", "width": 8}], ids=str)
    def test_permuted_in_any_company(self, how):
        ids = np.arange(13) + 40
        whole = train(ids=ids, **how)
        order = np.random.default_rng(0).permutation(13)
        permuted = train(DNAS[order], ids=ids[order], **how)
        for field in ("loss", "losses", "noise"):
            assert np.array_equal(permuted.metrics[field], whole.metrics[field][order])
        for some in ([3], [9, 0], [1, 2, 4, 5, 6, 8, 12]):
            part = train(DNAS[np.array(some)], ids=ids[some], **how)
            assert np.array_equal(part.metrics["losses"], whole.metrics["losses"][some])

    def test_a_nan_stays_in_its_lane(self):
        space = search.space(Train(rate=search.oneof([0.01, float("nan"), 0.02, float("inf")])))
        good = DNA.from_numbers(space.spec, [[0], [2], [0], [2]])
        mixed = DNA.from_numbers(space.spec, [[0], [2], [1], [3]])
        clean = search.evaluate(Train.run, space, good, KEY, X, Y)
        dirty = search.evaluate(Train.run, space, mixed, KEY, X, Y)
        assert np.array_equal(clean.metrics["losses"][:2], dirty.metrics["losses"][:2])
        assert np.isnan(dirty.metrics["loss"][2:]).all()
        assert [trial.index for trial in dirty.failed] == [2, 3]
        assert dirty.rank("loss", mode="min")[2:].tolist() == [2, 3]

    def test_what_raises_changes_nothing_beside_it(self, capfd):
        """A structure that cannot be traced, and configurations that raise at run time."""

        def check(x):
            if x > 0.75:
                raise ValueError("too large")
            return np.float32(x)

        def run(exp, key):
            if exp["n"] == 3:
                raise ValueError("three is too many")
            x = jax.pure_callback(
                check, jax.ShapeDtypeStruct((), np.float32), exp["x"], vmap_method="sequential"
            )
            return jax.nn.softmax(jax.random.normal(key, (exp["n"],)) * x)[0]

        space = search.space({"n": search.oneof([2, 3, 4]), "x": search.floatv(0, 1)})
        dnas, ids = space.sample(KEY, 24).host(), np.arange(24)
        bad = (dnas.choices[:, 0] == 1) | (dnas.floats[:, 0] > 0.75)
        assert 0 < bad.sum() < 20
        with pytest.warns(RuntimeWarning, match=f"{bad.sum()} of 24 configurations raised"):
            mixed = search.evaluate(run, space, dnas, KEY)
        clean = search.evaluate(run, space, dnas[ids[~bad]], KEY, ids=ids[~bad])
        assert np.array_equal(mixed.states == "failed", bad)
        assert mixed.metrics[~bad].tobytes() == clean.metrics.tobytes()


class TestPrograms:
    def test_are_as_few_as_there_are_structures_and_are_found_again(self):
        first = train()
        assert (first.compiled, first.reused, len(traces)) == (2, 0, 2)
        more = search.evaluate(Train.run, SPACE, SPACE.sample(KEY, 29), KEY, X + 1, Y)
        assert (more.compiled, more.reused, len(traces)) == (0, 2, 2)

    def test_what_is_no_lane_is_an_argument_all_the_same(self):
        def of(momentum, width):
            space = search.space(Train(search.floatv(1e-3, 0.1), momentum=momentum, width=width))
            dnas = space.sample(KEY, 4)
            return search.evaluate(Train.run, space, dnas, KEY, X, Y)

        assert (of(0.5, 4).compiled, len(traces)) == (1, 1)
        assert (of(0.9, 4).compiled, len(traces)) == (0, 1)
        assert (of(0.9, 3).compiled, len(traces)) == (1, 2)

    def test_structures_with_other_leaves_share_a_program(self):
        big = np.arange(10_000.0)
        space = search.space({"data": search.oneof([big, big[::-1].copy(), big[:10]])})
        dnas = DNA.from_numbers(space.spec, [[0], [1], [2], [1]])
        results = search.evaluate(lambda exp, key: exp["data"][0], space, dnas, KEY)
        assert results.metrics.tolist() == [0, 9999, 0, 9999]
        assert (len(results.plan.buckets), results.compiled) == (3, 2)

    def test_depend_on_the_jax_configuration(self):
        assert train().compiled == 2
        with jax.default_matmul_precision("highest"):
            assert train().compiled == 2
        assert train().compiled == 0

    def test_depend_on_shapes_and_dtypes(self):
        assert train().compiled == 2
        assert search.evaluate(Train.run, SPACE, DNAS, KEY, X[:3], Y[:3]).compiled == 2

    def test_die_when_they_are_cleared(self):
        function = lambda exp, key: exp["x"]  # noqa: E731 - something that can be referred to weakly
        space = search.space({"x": search.floatv(0, 1)})
        search.evaluate(function, space, space.sample(KEY, 2), KEY)
        alive = weakref.ref(function)
        del function
        gc.collect()
        assert alive() is not None
        search.clear_programs()
        jax.clear_caches()
        gc.collect()
        assert alive() is None

    def test_a_callable_without_a_hash_is_found_again_too(self):
        class Function:
            __hash__ = None

            def __call__(self, exp, key):
                return exp["x"]

        space = search.space({"x": search.floatv(0, 1)})
        function = Function()
        for compiled in (1, 0):
            results = search.evaluate(function, space, space.sample(KEY, 2), KEY)
            assert results.compiled == compiled


class TestTypes:
    def test_a_searched_float_is_as_weak_as_the_one_that_it_stands_for(self):
        space = search.space(
            {"a": search.floatv(0, 1), "b": search.oneof([0.5, 0.25]), "c": 0.5, "d": np.float32(2)}
        )

        def run(exp, key, half, scale):
            weak = half * exp["a"] * exp["b"] * exp["c"] * scale
            assert weak.dtype == jnp.bfloat16
            return {"weak": weak.sum(), "strong": (weak * exp["d"]).sum()}

        dnas = space.sample(KEY, 6)
        results = search.evaluate(run, space, dnas, KEY, jnp.ones(3, jnp.bfloat16), 2.0)
        assert results.metrics["weak"].dtype == jnp.bfloat16
        assert results.metrics["strong"].dtype == np.float32

    def test_doubles_are_doubles_where_they_are_enabled(self):
        space = search.space({"x": search.floatv(1e-3, 1.0, "log"), "y": search.oneof([0.1, 0.2])})
        dnas = space.sample(KEY, 6).host()

        def run(exp, key):
            return exp["x"] * exp["y"]

        assert search.evaluate(run, space, dnas, KEY).metrics.dtype == np.float32
        with jax.enable_x64(True):
            results = search.evaluate(run, space, dnas, KEY)
            trees = [space.decode(dna) for dna in dnas]
        assert results.metrics.tolist() == [tree["x"] * tree["y"] for tree in trees]

    def test_an_int_field_forced_to_be_a_leaf_is_a_lane(self):
        class Steps(sj.Object):
            steps: int = sj.field(static=False)

        space = search.space(Steps(steps=search.oneof([3, 5])))
        dnas = DNA.from_numbers(space.spec, [[0], [1], [0]])
        results = search.evaluate(lambda exp, key: exp.steps + 1, space, dnas, KEY)
        assert results.metrics.tolist() == [4, 6, 4]
        assert results.plan.programs == 1

    def test_ints_in_plain_containers_are_structure(self):
        space = search.space({"n": 3, "act": "relu", "x": search.floatv(0, 1)})

        def run(exp, key, steps):
            assert (exp["act"], type(exp["n"]), steps) == ("relu", int, 4)
            return jnp.zeros(exp["n"]).sum() + exp["x"]

        results = search.evaluate(run, space, space.sample(KEY, 2), KEY, 4)
        assert results.errors == {}


class TestWhatCannotBeTraced:
    def test_a_float_in_control_flow_is_structure(self):
        class Gate(sj.Object):
            gate: float
            x: float
            unused: float = 1.0

        def run(exp, key):
            traces.append("run")
            return exp.x if exp.gate > 0.5 else -exp.x

        space = search.space(Gate(gate=search.oneof([0.1, 0.9]), x=search.floatv(1, 2)))
        dnas = space.sample(KEY, 8)
        with pytest.warns(search.PlanWarning, match=r"^gate cannot be a lane.*exp.gate > 0.5.* in Gate"):
            results = search.evaluate(run, space, dnas, KEY)
        wide = dnas.choices[:, 0] == 1
        assert np.array_equal(results.metrics > 0, wide)
        assert results.plan.demoted["gate"].startswith("TracerBoolConversionError at test_evaluate.py:")
        assert results.plan.split == {"gate": 2}
        assert results.plan.lanes == ("x",)
        before = len(traces)
        with pytest.warns(search.PlanWarning):
            again = search.evaluate(run, space, dnas, KEY)
        assert (again.compiled, len(traces)) == (0, before)

    @pytest.mark.parametrize("value", [0.5, search.oneof([0.5, 0.25]), search.floatv(0.25, 0.5)])
    @pytest.mark.parametrize(
        "check",
        [
            lambda x: float(x),
            lambda x: x if isinstance(x, float) else "" + x,
            lambda x: [x][0 if isinstance(x, float) else 1],
            lambda x: np.asarray(x).item(),
            lambda x: x if isinstance(x, float) else 0.0,
        ],
    )
    def test_however_the_function_says_so(self, value, check):
        space = search.space({"a": 1.0, "x": value, "b": search.floatv(0, 1)})
        dnas = space.sample(KEY, 4)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            results = search.evaluate(lambda exp, key: check(exp["x"]) + exp["b"], space, dnas, KEY)
        assert [str(warning.message).partition(":")[0] for warning in caught] == (
            [] if isinstance(value, float) else ["x cannot be a lane"]  # what is not open splits nothing
        )
        expected = [tree["x"] + tree["b"] for tree in map(space.decode, dnas)]
        np.testing.assert_allclose(results.metrics, expected, rtol=1e-6)
        assert list(results.plan.demoted) == ["x"]
        assert "b" in results.plan.lanes

    def test_several_leaves_at_once(self):
        space = search.space({name: search.oneof([0.0, 1.0]) for name in "abcde"})

        def run(exp, key):
            return exp["b"] + (exp["c"] if exp["a"] > exp["d"] else exp["e"])

        dnas = space.sample(KEY, 16)
        with pytest.warns(search.PlanWarning, match=r"[ad] cannot be a lane") as caught:
            results = search.evaluate(run, space, dnas, KEY)
        assert len(caught) == 2
        assert sorted(results.plan.demoted) == ["a", "d"]
        assert results.plan.lanes == ("b", "c", "e")
        assert results.metrics.tolist() == [run(space.decode(dna), None) for dna in dnas]

    def test_only_where_it_matters(self):
        space = search.space(
            {"kind": search.oneof(["if", "free"]), "x": search.floatv(0, 1), "y": search.floatv(0, 1)}
        )

        def run(exp, key):
            return exp["y"] * (bool(exp["x"] > 0.5) if exp["kind"] == "if" else exp["x"])

        dnas = DNA.from_numbers(space.spec, [[i % 2, 0.1 * i, 0.5] for i in range(10)])
        with pytest.warns(search.PlanWarning, match=r"a constant of 5 programs, one for"):
            results = search.evaluate(run, space, dnas, KEY)
        assert len(results.plan.buckets) == 5 + 1
        np.testing.assert_allclose(results.metrics, [run(space.decode(dna), None) for dna in dnas], rtol=1e-6)

    def test_a_broadcast_float_is_structure_then_too(self):
        space = search.space({"x": search.floatv(0, 1)})

        def run(exp, key, sign):
            return exp["x"] if sign > 0 else -exp["x"]

        for sign in (1.0, -1.0):
            results = search.evaluate(run, space, space.sample(KEY, 2), KEY, sign)
            assert (np.sign(results.metrics) == sign).all()
            assert list(results.plan.demoted) == ["broadcast[0]"]


class TestFailures:
    def test_an_exception_in_tracing_stays_in_its_bucket(self):
        def run(exp, key):
            if exp["n"] == 2:
                raise ValueError("two is too many")
            return {"y": exp["x"] * exp["n"], "n": jnp.int32(exp["n"])}

        space = search.space({"n": search.oneof([1, 2, 3]), "x": search.floatv(1, 2)})
        dnas = DNA.from_numbers(space.spec, [[1, 1.5], [2, 1.5], [0, 2.0], [1, 1.25]])
        with pytest.warns(RuntimeWarning, match="2 of 4 configurations raised.*two is too many"):
            results = search.evaluate(run, space, dnas, KEY)
        assert results.metrics["y"][1:3].tolist() == [4.5, 2.0]
        assert np.isnan(results.metrics["y"][[0, 3]]).all()
        assert results.metrics["n"].tolist() == [None, 3, 1, None]
        assert [trial.index for trial in results.failed] == [0, 3]
        assert [type(trial.error) for trial in results.failed] == [ValueError, ValueError]
        assert results[0].metrics is None
        assert results.rank("y").tolist() == [1, 2, 0, 3]
        assert results.best("n").experiment == {"n": 3, "x": 1.5}

    def test_an_exception_at_run_time_stays_with_its_configuration(self, capfd):
        def check(x):
            if x > 0.75:
                raise ValueError("too large")
            return np.float32(x)

        def run(exp, key):
            shape = jax.ShapeDtypeStruct((), np.float32)
            return jax.pure_callback(check, shape, exp["x"], vmap_method="sequential")

        space = search.space({"x": search.floatv(0, 1)})
        dnas = space.sample(KEY, 24).host()
        bad = np.flatnonzero(dnas.floats[:, 0] > 0.75)
        assert 0 < len(bad) < 12
        with pytest.warns(RuntimeWarning, match=f"{len(bad)} of 24 configurations raised"):
            results = search.evaluate(run, space, dnas, KEY, lanes="vmap", width=8, devices=ONE)
        assert sorted(results.errors) == bad.tolist()
        good = np.setdiff1d(np.arange(24), bad)
        assert np.array_equal(results.metrics[good], dnas.floats[good, 0])

    def test_a_configuration_that_breaks_an_invariant_fails_alone(self):
        class Interval(sj.Object):
            low: float
            high: float

            def __check__(self):
                if not sj.contains(self, type=sj.Placeholder) and not self.low < self.high:
                    raise ValueError(f"low {self.low} is not below high {self.high}")

        space = search.space([Interval(search.floatv(0, 1), search.floatv(0, 1))])
        dnas = space.sample(KEY, 12).host()
        low, high = dnas.floats.T
        assert 0 < (low < high).sum() < 12
        with pytest.warns(RuntimeWarning, match=r"ValueError: low .* is not below high .*\(path="):
            results = search.evaluate(lambda exp, key: exp[0].high - exp[0].low, space, dnas, KEY)
        assert sorted(results.errors) == np.flatnonzero(low >= high).tolist()
        assert np.array_equal(results.metrics[low < high], (high - low)[low < high])
        assert results.plan.programs == 1

    def test_when_all_fail_the_first_error_is_raised_as_it_was(self):
        space = search.space({"x": search.floatv(0, 1)})

        def run(exp, key):
            raise KeyError("oops")

        with pytest.raises(KeyError, match="oops") as caught:
            search.evaluate(run, space, space.sample(KEY, 2), KEY, first_id=7)
        assert "raise KeyError" in str(caught.traceback[-1].statement)
        assert "all 2 configurations raised; this is the error of trial 7" in caught.value.__notes__
        results = caught.value.results
        assert (results.metrics, results.states.tolist()) == (None, ["failed", "failed"])

    def test_an_assertion_on_a_value_fails_for_the_values_that_it_is_about(self):
        def run(exp, key):
            assert exp["x"] < 0.5, "large"
            return exp["x"]

        space = search.space({"x": search.oneof([0.1, 0.9])})
        dnas = DNA.from_numbers(space.spec, [[0], [1], [0]])
        with (
            pytest.warns(search.PlanWarning, match="x cannot be a lane"),
            pytest.warns(RuntimeWarning, match=r"1 of 3 configurations raised.*large"),
        ):
            results = search.evaluate(run, space, dnas, KEY)
        assert results.metrics[[0, 2]].tolist() == [np.float32(0.1)] * 2
        assert list(results.errors) == [1]


class TestRepeats:
    def test_each_is_a_run_with_a_seed_of_its_own(self):
        results, run = train(repeats=3, first_id=5), jax.jit(Train.run)
        for trial in results:
            assert trial.id == trial.index + 5
            for repeat in range(3):
                key = jax.random.fold_in(jax.random.fold_in(KEY, trial.id), repeat)
                alone = run(trial.experiment, key, X, Y)
                for name, samples in results.samples.items():
                    assert np.array_equal(samples[trial.index, repeat], alone[name])
        np.testing.assert_allclose(results["loss"], results.samples["loss"].mean(1), rtol=1e-6)
        assert (results.repeats, results.deviations["loss"].shape) == (3, (13,))

    def test_they_need_no_programs_of_their_own(self):
        train()
        assert (train(repeats=2).compiled, train(repeats=3).compiled) == (0, 0)

    def test_permuted_and_in_any_company_they_are_the_same(self):
        whole = train(repeats=2)
        some = np.array([9, 0, 4])
        part = train(DNAS[some], ids=some, repeats=2)
        for name in ("loss", "losses", "noise"):
            assert np.array_equal(part.samples[name], whole.samples[name][some])


class TestWhatCounts:
    def test_is_said_once(self):
        results = train(objective="loss", mode="min", constraints={"noise": (-0.5, None)})
        feasible = results["noise"] >= -0.5
        assert 0 < feasible.sum() < 13
        assert np.array_equal(results.feasible, feasible)
        assert results.best().metrics["loss"] == results["loss"][feasible].min()

    @pytest.mark.parametrize(
        ("how", "error", "message"),
        [
            ({"objective": "los"}, KeyError, "the objective.*'los'.*loss, losses, noise"),
            ({"constraints": {"noize": 1.0}}, KeyError, "the constraint.*'noize'"),
            ({"objective": "losses", "mode": "min"}, ValueError, r"'losses' is float32\[5\]"),
        ],
    )
    def test_is_checked_at_the_first_trace(self, how, error, message):
        with pytest.raises(error, match=message):
            train(**how)
        assert len(traces) == 1
        assert train(progress=lambda progress: None).reused == 0
        assert len(traces) == 2


class TestWhatIsToldAtOnce:
    def test_each_configuration_comes_once_with_what_the_whole_has(self):
        told = []
        results = train(on_result=told.append)
        assert len(told) > 1
        assert sorted(int(id) for part in told for id in part.ids) == list(range(13))
        for part in told:
            for trial in part:
                whole = results[trial.id]
                assert (trial.dna, trial.state, trial.program) == (whole.dna, "ok", whole.program)
                assert trial.seconds == whole.seconds > 0
                assert all(np.array_equal(trial.metrics[name], whole.metrics[name]) for name in whole.metrics)

    def test_failures_come_too(self):
        def run(exp, key):
            if exp["n"] == 2:
                raise ValueError("two is too many")
            return exp["x"]

        space = search.space({"n": search.oneof([1, 2]), "x": search.floatv(1, 2)})
        dnas = DNA.from_numbers(space.spec, [[1, 1.5], [0, 1.5], [1, 2.0]])
        told = []
        with pytest.warns(RuntimeWarning, match="2 of 3"):
            search.evaluate(run, space, dnas, KEY, on_result=told.append)
        states = {int(trial.id): trial.state for part in told for trial in part}
        assert states == {0: "failed", 1: "ok", 2: "failed"}


class TestHowItIsAsked:
    def test_trees_and_one_device_do_as_well(self):
        trees = [SPACE.decode(dna) for dna in DNAS[:3]]
        assert bits(train(trees, devices=ONE[0])) == bits(train(DNAS[:3], devices=ONE))

    def test_ids_count_on_from_the_first(self):
        whole, rest = train(), train(DNAS[6:], first_id=6)
        assert rest.ids.tolist() == list(range(6, 13))
        assert np.array_equal(rest["noise"], whole["noise"][6:])


class TestProgress:
    def test_counts_the_configurations_that_are_done(self):
        seen = []
        train(progress=lambda done, total: seen.append((done, total)))
        assert seen[0] == (0, 13)
        assert seen[-1] == (13, 13)
        assert seen == sorted(seen)

    def test_tells_of_programs_and_of_the_time_that_is_left(self):
        seen = []
        train(progress=seen.append)
        assert (seen[0].programs, seen[0].done, seen[0].left) == (0, 0, None)
        assert (seen[-1].compiled, seen[-1].programs, seen[-1].done, seen[-1].left) == (2, 2, 13, 0.0)
        assert [now.left is None for now in seen] == [now.done == 0 for now in seen]
        for values in (
            [now.done for now in seen],
            [now.compiled for now in seen],
            [now.seconds for now in seen],
        ):
            assert values == sorted(values)

    def test_draws_a_bar_on_standard_error(self, capsys):
        train(progress=True)
        out, err = capsys.readouterr()
        assert out == ""
        assert "13/13 [##############################]" in err
        assert err.endswith("\n")


class TestBadInput:
    @pytest.mark.parametrize(
        ("how", "error", "message"),
        [
            ({"lanes": "vmap", "width": 3}, ValueError, "its rungs: 2, 8, 32"),
            ({"lanes": 32}, ValueError, "is width="),
            ({"ids": [1, 2]}, ValueError, "13 whole numbers"),
            ({"ids": np.arange(13.0)}, ValueError, "13 whole numbers"),
            ({"ids": np.arange(13) - 1}, ValueError, "trial ids must lie in"),
            ({"first_id": 2**32 - 12}, ValueError, "trial ids must lie in"),
            ({"first_id": 1.0}, TypeError, "a whole number; got 1.0"),
            ({"first_id": 1, "ids": range(13)}, ValueError, "either ids= or first_id="),
            ({"repeats": 0}, ValueError, "at least once"),
            ({"repeats": 2.0}, TypeError, "how many seeds"),
            ({"progress": lambda a, b, c: None}, TypeError, "progress"),
            ({"mode": "least"}, ValueError, "'max' or 'min'"),
            ({"resume": [1]}, TypeError, "resume takes the results"),
            ({"devices": []}, ValueError, "at least one device"),
        ],
    )
    def test_options(self, how, error, message):
        with pytest.raises(error, match=message):
            train(**how)

    def test_dnas(self):
        with pytest.raises(ValueError, match="not in the space") as caught:
            train([DNAS[0], 1])
        assert caught.value.__notes__ == ["This is number 1 of the list of configurations."]
        with pytest.raises(TypeError, match="batch of DNAs"):
            train(jax.vmap(lambda key: SPACE.sample(key, 2))(jax.random.split(KEY, 3)))
        with pytest.raises(ValueError, match="another space"):
            train(search.space([search.oneof([1, 2])]).sample(KEY, 2))
        with pytest.raises(ValueError, match="momentum has 3 candidates"):
            train(DNA(SPACE.spec, DNAS.choices + 5, DNAS.floats))
        with pytest.raises(ValueError, match="rate lies in"):
            train(DNA(SPACE.spec, DNAS.choices, DNAS.floats * jnp.nan))

    def test_keys(self):
        for key, error in (
            (3, TypeError),
            (jax.random.split(KEY, 3), ValueError),
            (jax.random.key(0, impl="rbg"), ValueError),
        ):
            with pytest.raises(error, match="key"):
                search.evaluate(Train.run, SPACE, DNAS, key, X, Y)

    def test_choices_that_are_still_open(self):
        space = search.space(SPACE.tree, where=lambda k, v, p: k != "width")
        with pytest.raises(ValueError, match=r"\(path=width\)"):
            search.evaluate(Train.run, space, space.sample(KEY, 2), KEY, X, Y)

    def test_metrics_that_differ_between_structures(self):
        space = search.space({"n": search.oneof(["a", "b"])})
        dnas = DNA.from_numbers(space.spec, [[0], [1]])
        with pytest.raises(ValueError, match="different metrics for different structures"):
            search.evaluate(lambda exp, key: {exp["n"]: 1.0}, space, dnas, KEY)

    def test_a_broadcast_shape_without_a_value(self):
        with pytest.raises(ValueError, match=r"\(path=broadcast\[0\]\)"):
            search.evaluate(Train.run, SPACE, DNAS, KEY, jax.ShapeDtypeStruct((2,), np.float32), Y)


def test_failures_that_are_kept_are_neither_raised_nor_warned_of():
    space = search.space({"bad": search.oneof([False, True])})
    dnas = search.DNA.from_numbers(space.spec, [[0], [1]])

    def run(exp, key):
        if exp["bad"]:
            raise ValueError("bad luck")
        return jax.random.uniform(key)

    key = jax.random.key(0)
    results = search.evaluate(run, space, dnas, key, failures="keep")
    assert results.states.tolist() == ["ok", "failed"]
    assert search.evaluate(run, space, dnas[1:], key, failures="keep").states.tolist() == ["failed"]
    with pytest.raises(ValueError, match="bad luck"):
        search.evaluate(run, space, dnas[1:], key)
    with pytest.raises(ValueError, match="'raise' or 'keep'"):
        search.evaluate(run, space, dnas, key, failures="ignore")
