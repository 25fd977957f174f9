"""Going on with results that are not complete, and what is refused."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search

KEY = jax.random.key(5)
SPACE = search.space({"n": search.oneof([1, 2]), "x": search.floatv(0, 1)})
DNAS = SPACE.sample(jax.random.key(1), 6).host()


def run(exp, key, fails=()):
    if exp["n"] in fails:
        raise ValueError("not today")
    return {"y": exp["x"] * exp["n"] + jax.random.normal(key), "n": jnp.int32(exp["n"])}


def interrupted(fn=run, dnas=DNAS, key=KEY, **how):
    """Results of the first chunk alone."""

    def on_result(results):
        if not results.errors:
            raise KeyboardInterrupt

    with pytest.raises(search.Interrupted) as caught:
        search.evaluate(fn, SPACE, dnas, key, on_result=on_result, **how)
    return caught.value.results


@pytest.fixture(scope="module")
def partial():
    return interrupted()


def bits(results):
    return [np.asarray(column).tobytes() for column in jax.tree.leaves(results.metrics)]


def test_in_another_process_it_goes_on(partial):
    revived = pickle.loads(pickle.dumps(partial))
    resumed = search.evaluate(run, SPACE, DNAS, KEY, resume=revived)
    whole = search.evaluate(run, SPACE, DNAS, KEY)
    assert bits(resumed) == bits(whole)
    assert resumed.programs.tolist() == whole.programs.tolist()
    done = ~partial.pending
    assert np.array_equal(resumed.seconds[done], partial.seconds[done])


def test_vectorized_lanes_are_as_many_as_they_were():
    """Those that are left would run in fewer, whose results differ in the last bits."""
    space = search.space({"x": search.floatv(0, 1)})
    dnas = space.sample(KEY, 50)

    def attention(exp, key):
        x = jax.random.normal(key, (4, 8)) * exp["x"]
        return {"y": (jax.nn.softmax(x @ x.T) @ x).std()}

    def evaluate(dnas=dnas, **how):
        return search.evaluate(attention, space, dnas, KEY, lanes="vmap", **how)

    whole, pending = evaluate(), np.arange(50) >= 48
    partial = search.Results(space, dnas, whole.ids, KEY, whole.metrics, pending=pending)
    resumed = evaluate(resume=partial)
    assert partial.states.tolist() == ["ok"] * 48 + ["pending"] * 2
    assert resumed.plan.widths == whole.plan.widths != evaluate(dnas[pending]).plan.widths
    assert bits(resumed) == bits(whole)


def test_with_repeats():
    search.clear_programs()  # so that the second program is still to be compiled when the first is through
    partial = interrupted(repeats=3)
    assert partial.pending.any()
    whole = search.evaluate(run, SPACE, DNAS, KEY, repeats=3)
    resumed = search.evaluate(run, SPACE, DNAS, KEY, repeats=3, resume=partial)
    assert bits(resumed) == bits(whole)
    assert all(np.array_equal(resumed.samples[name], whole.samples[name]) for name in whole.samples)
    done = ~partial.pending
    np.testing.assert_allclose(resumed.seconds[done], partial.seconds[done])


def test_arrays_whose_shape_depends_on_the_structure():
    def ragged(exp, key):
        return jnp.arange(exp["n"]) + exp["x"]

    for repeats in (1, 2):
        partial = interrupted(ragged, repeats=repeats)
        resumed = search.evaluate(ragged, SPACE, DNAS, KEY, repeats=repeats, resume=partial)
        whole = search.evaluate(ragged, SPACE, DNAS, KEY, repeats=repeats)
        for mine, other in zip(resumed.metrics, whole.metrics, strict=True):
            assert np.array_equal(mine, other)


def test_what_raised_stays_as_it_is_unless_it_is_asked_for():
    calls = []

    def moody(exp, key):
        calls.append(exp["n"])
        return run(exp, key, (1,) if not moody.healed else ())

    moody.healed = False
    partial = interrupted(moody)
    assert "failed" in partial.states
    failed = partial.states == "failed"
    moody.healed = True
    search.clear_programs()
    with pytest.warns(RuntimeWarning, match="not today"):
        kept = search.evaluate(moody, SPACE, DNAS, KEY, resume=partial)
    assert np.array_equal(kept.states == "failed", failed)
    assert "raise ValueError" in kept[int(np.flatnonzero(failed)[0])].traceback
    again = search.evaluate(moody, SPACE, DNAS, KEY, resume=partial, retry_failed=True)
    assert bits(again) == bits(search.evaluate(run, SPACE, DNAS, KEY))


def test_what_is_complete_compiles_nothing(partial):
    whole = search.evaluate(run, SPACE, DNAS, KEY, resume=partial)
    search.clear_programs()
    again = search.evaluate(run, SPACE, DNAS, KEY, resume=whole, objective="y", mode="min")
    assert (again.compiled, again.reused) == (0, 0)
    assert bits(again) == bits(whole)
    assert again.best().index == int(np.argmin(whole["y"]))


def other(exp, key):
    return run(exp, key)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"space": search.space({"n": search.oneof([1, 3]), "x": search.floatv(0, 1)})}, "the space differs"),
        ({"dnas": DNAS[::-1]}, "the batch of DNAs differs; give `results.dnas`"),
        ({"dnas": DNAS[:3]}, "the batch of DNAs differs"),
        ({"key": jax.random.key(6)}, "the key differs"),
        ({"key": 6}, "the key differs"),
        ({"first_id": 1}, "the trial ids differ; give ids=results.ids"),
        ({"repeats": 2}, "the number of repeats differs; give repeats=1"),
        (
            {"fn": other},
            r"the function differs; they are of .*run\(exp, key, fails\), this is .*other\(exp, key\)",
        ),
    ],
)
def test_results_of_another_evaluation_are_refused(partial, changed, message):
    space = changed.get("space", SPACE)
    dnas = changed.get("dnas", space.sample(jax.random.key(1), 6) if space is not SPACE else DNAS)
    how = {name: value for name, value in changed.items() if name in ("first_id", "repeats")}
    with pytest.raises(ValueError, match=f"of another evaluation: {message}"):
        search.evaluate(changed.get("fn", run), space, dnas, changed.get("key", KEY), resume=partial, **how)
