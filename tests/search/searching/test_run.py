"""`run`: a search, from its first trial to its last."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(-1.0, 1.0)})
RANDOM = search.algorithms.Random()


def height(exp, key):
    return {"y": -(exp["x"] ** 2) + 0.1 * jax.random.normal(key)}


class Climb(search.algorithms.Algorithm):
    """Steps from the best so far: what it proposes hangs on all that it was told."""

    def start(self, space, key, objectives):
        return jnp.zeros((), "float32"), jnp.full((), -jnp.inf, "float32")

    def propose(self, spec, own, key, n):
        steps = 0.3 * jax.random.normal(key, (n, 1))
        floats = jnp.clip(own[0] + steps, -1.0, 1.0)
        return search.DNA(spec, jnp.zeros((n, 0), "int32"), floats), own

    def learn(self, spec, own, dnas, rewards):
        best = jnp.argmax(rewards[:, 0])
        better = rewards[best, 0] > own[1]
        return jnp.where(better, dnas.floats[best, 0], own[0]), jnp.maximum(rewards[best, 0], own[1])


class Steps(search.algorithms.Algorithm):
    """Proposes three points, and then is at its end; not traceable."""

    is_traceable = False
    learns = False

    def start(self, space, key, objectives):
        return np.zeros((), np.int32)

    def propose(self, spec, own, key, n):
        n = min(n, 3 - int(own))
        if not n:
            raise search.algorithms.Exhausted("three are all")
        return search.DNA(spec, np.zeros((n, 0), np.int32), np.full((n, 1), 0.5, np.float32)), own + np.int32(
            n
        )

    def learn(self, spec, own, dnas, rewards):
        raise AssertionError("it learns nothing")


def same(mine, theirs):
    assert mine.dnas == theirs.dnas
    np.testing.assert_array_equal(mine.ids, theirs.ids)
    for name in mine.names:
        np.testing.assert_array_equal(mine[name], theirs[name])


def test_the_last_batch_may_be_smaller():
    results = search.run(RANDOM, lambda exp, key: exp["x"], SPACE, 5, KEY, batch=2)
    assert results.ids.tolist() == [0, 1, 2, 3, 4]


def test_an_algorithm_at_its_end_ends_the_search():
    results = search.run(Steps(), height, SPACE, 9, KEY, batch=2)
    assert results.ids.tolist() == [0, 1, 2]


def test_what_learns_nothing_need_not_know_what_counts():
    def two(exp, key):
        return {"a": exp["x"], "b": exp["x"]}

    assert len(search.run(RANDOM, two, SPACE, 3, KEY)) == 3
    assert search.run(RANDOM, two, SPACE, 3, KEY, objective=["a", "b"], mode="max").pareto()
    with pytest.raises(ValueError, match="say which metric"):
        search.run(Climb(), two, SPACE, 3, KEY)
    with pytest.raises(ValueError, match="say which metric") as caught:
        search.run(Climb(), two, SPACE, 3, KEY, compiled=False)
    assert len(caught.value.results) == 3  # what ran is not lost


def test_what_is_no_engine_and_no_key_is_refused():
    with pytest.raises(TypeError, match=r"engine is one of search\.engines, .*Local\(\); got 'local'"):
        search.run(RANDOM, height, SPACE, 4, KEY, engine="local")
    with pytest.raises(TypeError, match=r"as jax\.random\.key\(0\) gives one; got 0"):
        search.run(RANDOM, height, SPACE, 4, 0)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_further_batch_compiles_nothing_and_a_smaller_one_once(compiled):
    traced = []

    class Counting(Climb):
        def propose(self, spec, own, key, n):
            traced.append(n)
            return super().propose(spec, own, key, n)

        def learn(self, spec, own, dnas, rewards):
            traced.append(-len(dnas))
            return super().learn(spec, own, dnas, rewards)

    search.run(Counting(), height, SPACE, 11, KEY, batch=4, compiled=compiled)
    assert traced == [4, -4, 3, -3]


@pytest.mark.parametrize("name", ["trials", "batch"])
def test_numbers_are_at_least_one(name):
    with pytest.raises(ValueError, match=f"{name} of at least 1, got {name}=0"):
        search.run(RANDOM, height, SPACE, **{"trials": 4, "batch": 2, "key": KEY, name: 0})
    with pytest.raises(TypeError, match=f"{name} is a whole number"):
        search.run(RANDOM, height, SPACE, **{"trials": 4, "batch": 2, "key": KEY, name: 2.5})


def test_what_is_no_algorithm_is_refused():
    with pytest.raises(TypeError, match="takes an algorithm first"):
        search.run(height, SPACE, 4, KEY, 2)
    with pytest.raises(TypeError, match="takes an algorithm first"):
        search.run(search.algorithms.Random, height, SPACE, 4, KEY)


@pytest.mark.parametrize("compiled", [False, True])
def test_ctrl_c_loses_nothing_that_is_finished(compiled):
    seen = []

    def stop(results):
        seen.append(results)
        if len(seen) == 2:
            raise KeyboardInterrupt

    whole = search.run(Climb(), height, SPACE, 30, KEY, batch=2, compiled=compiled)
    with pytest.raises(
        search.Interrupted, match=r"30 were asked for\. To go on: search\.run\(…, resume=results\)"
    ) as caught:
        search.run(Climb(), height, SPACE, 30, KEY, batch=2, compiled=compiled, on_result=stop)
    finished = sum(map(len, seen))
    assert 4 <= finished < 30
    assert (finished == 4) or compiled
    same(caught.value.results, whole[:finished])


def test_an_exception_of_on_result_has_what_is_finished():
    def stop(results):
        if 2 in results.ids:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full") as caught:
        search.run(Climb(), height, SPACE, 6, KEY, batch=2, compiled=False, on_result=stop)
    assert len(caught.value.results) == 4


@pytest.mark.parametrize("compiled", [False, True])
def test_progress_is_of_the_whole_search(compiled):
    seen = []
    results = search.run(
        Climb(),
        height,
        SPACE,
        5,
        KEY,
        batch=2,
        objective="y",
        mode="max",
        compiled=compiled,
        progress=seen.append,
    )
    assert [each.done for each in seen] == sorted(each.done for each in seen)
    assert {each.total for each in seen} == {5}
    assert (seen[0].done, seen[0].best) == (0, None)
    assert (seen[-1].done, seen[-1].best) == (5, results.best().metrics["y"])


def test_what_a_space_does_not_allow_is_never_run():
    space = SPACE.constrain(lambda tree: tree["x"] > 0.2)
    for algorithm in (RANDOM, Climb(), Steps()):
        results = search.run(algorithm, height, space, 12, KEY, batch=3)
        assert (results.dnas.floats > 0.2).all()
        assert set(results.states) == {"ok"}


def test_in_a_constrained_space_the_algorithm_is_asked_before_the_space():
    space = SPACE.constrain(lambda tree: tree["x"] > 0.2)
    floats = search.run(RANDOM, height, space, 12, KEY).dnas.floats
    free = search.run(RANDOM, height, SPACE, 96, KEY).dnas.floats
    assert set(floats.ravel().tolist()) <= set(free.ravel().tolist())


def test_a_search_is_a_function_of_its_key():
    same(*(search.run(Climb(), height, SPACE, 6, KEY, batch=2) for _ in range(2)))
    other = search.run(Climb(), height, SPACE, 6, jax.random.key(1), batch=2)
    assert (other["y"] != search.run(Climb(), height, SPACE, 6, KEY, batch=2)["y"]).all()
    chex.assert_tree_all_finite(other["y"])
