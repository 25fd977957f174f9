"""Going on with a search that was interrupted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(-1.0, 1.0), "k": search.oneof([1.0, 2.0])})
KINDS = search.space({"x": search.floatv(-1.0, 1.0), "k": search.oneof([1, 2])})  # a program for each k


class Climb(search.algorithms.Algorithm):
    """Steps from the best so far."""

    step: float = 0.3

    def start(self, space, key, objectives):
        return jnp.zeros((), "float32"), jnp.full((), -jnp.inf, "float32")

    def propose(self, spec, own, key, n):
        floats = jnp.clip(own[0] + self.step * jax.random.normal(key, (n, 1)), -1.0, 1.0)
        return search.DNA(spec, jnp.arange(n, dtype="int32")[:, None] % 2, floats), own

    def learn(self, spec, own, dnas, rewards):
        best = jnp.argmax(rewards[:, 0])
        better = rewards[best, 0] > own[1]
        return jnp.where(better, dnas.floats[best, 0], own[0]), jnp.maximum(rewards[best, 0], own[1])


def height(exp, key):
    return {"y": -(exp["x"] ** 2) * exp["k"] + 0.1 * jax.random.normal(key), "z": exp["x"]}


def searched(trials=10, algorithm=None, fn=height, space=SPACE, key=KEY, batch=4, **how):
    how = {"objective": "y", "mode": "max", "compiled": False, **how}
    return search.run(algorithm or Climb(), fn, space, trials, key, batch=batch, **how)


@pytest.fixture(scope="module")
def whole():
    return searched(10)


@pytest.fixture(scope="module")
def kinds():
    return searched(10, space=KINDS)


@pytest.fixture(scope="module")
def interrupted(kinds):
    """As Ctrl-C leaves it while the second bucket of the second batch runs."""
    return search.Results(**{**kinds[:8].arguments(), "pending": np.isin(np.arange(8), [5, 7])})


def same(mine, theirs):
    assert mine.dnas == theirs.dnas
    for name in ("y", "z"):
        np.testing.assert_array_equal(mine[name], theirs[name])
    assert mine.ids.tolist() == theirs.ids.tolist()


def test_an_interrupted_search_goes_on_as_if_it_had_not_stopped(kinds, interrupted, tmp_path):
    assert interrupted.ids[interrupted.pending].tolist() == [5, 7]
    search.save_results(interrupted, tmp_path / "results.json")
    told = []
    loaded = search.load_results(tmp_path / "results.json")
    resumed = searched(10, space=KINDS, resume=loaded, on_result=told.append)
    same(resumed, kinds)
    fresh = np.concatenate([each.ids for each in told]).tolist()
    assert sorted(fresh) == [*interrupted.ids[interrupted.pending].tolist(), 8, 9]


def test_a_search_may_get_more_trials(whole):
    longer = searched(14, resume=whole)
    same(longer[:10], whole)
    assert longer.ids.tolist() == list(range(14))
    for compiled in (False, True):  # nothing is left to do
        same(searched(10, resume=whole, compiled=compiled), whole)


def test_a_search_goes_on_compiled(whole):
    compiled = searched(10, compiled=True)
    mine = searched(16, compiled=True, resume=compiled[:8])
    np.testing.assert_allclose(mine[:10].dnas.floats, whole.dnas.floats, rtol=1e-5)
    same(mine, searched(16, compiled=True))


def test_what_is_not_told_again_is_not_lost(interrupted):
    def stop(results):
        raise KeyboardInterrupt

    with pytest.raises(search.Interrupted) as caught:
        searched(10, space=KINDS, resume=interrupted, on_result=stop)
    assert caught.value.results.ids.tolist() == list(range(8))
    with pytest.raises(ValueError, match="another search") as caught:
        searched(10, space=KINDS, resume=interrupted, algorithm=Climb(step=0.9))
    same(caught.value.results, interrupted)


def other(exp, key):
    return height(exp, key)


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"key": jax.random.key(1)}, "the key differs"),
        ({"algorithm": Climb(step=0.9)}, "trial 0 was another one"),
        ({"fn": other}, r"they are of .*height\(exp, key\), this is .*other"),
        ({"space": search.space({"x": search.floatv(-1.0, 2.0)})}, "the space differs"),
        ({"repeats": 2}, "repeats=1"),
    ],
)
def test_results_of_another_search_are_refused(whole, how, text):
    with pytest.raises(ValueError, match=f"these results are of another search: .*{text}"):
        searched(12, resume=whole, **how)


def test_what_is_left_out_is_refused(whole):
    with pytest.raises(ValueError, match="not those from 0 on"):
        searched(12, resume=whole[1:])
    with pytest.raises(TypeError, match="resume takes the results"):
        searched(12, resume=whole.metrics)
