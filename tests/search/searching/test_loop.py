"""`Loop`: rounds of asking, evaluating and telling, compiled into one program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.engines import Local
from symjax.search.results.objective import Objective
from symjax.search.searching.loop import Loop
from symjax.search.searching.rounds import Keys, Search
from symjax.search.searching.single_program import single_program

KEY = jax.random.key(0)
KEYS = (jax.random.key(1), jax.random.key(2))
SPACE = search.space({"x": search.oneof([1.0, 2.0, 3.0])})
TRACED = []


class Counting(search.algorithms.Algorithm):
    """Keeps the sum of what it was told, and of how often it was asked."""

    def start(self, space, key, objectives):
        return jnp.zeros((), "float32"), jnp.zeros((), "int32")

    def propose(self, spec, own, key, n):
        TRACED.append(n)
        choices = (own[1] + jnp.arange(n, dtype="int32")[:, None]) % 3
        return search.DNA(spec, choices, jnp.zeros((n, 0), "float32")), (own[0], own[1] + n)

    def learn(self, spec, own, dnas, rewards):
        return own[0] + rewards.sum(), own[1]


def fn(exp, key):
    return {"y": exp["x"] + jax.random.uniform(key), "both": jnp.stack([exp["x"], 0.0])}


def loop(most=None, batch=2):
    goal = Objective.of("y", "max")
    single = single_program(fn, SPACE, KEYS[1], (), Local(), goal)
    return Loop(Counting(), single, KEYS, goal, batch, most)


def test_rounds_are_those_that_are_wanted_and_what_a_call_has_room_for():
    mine = loop(most=4)
    state, sizes, first = Counting().init(SPACE, KEY), [], 0
    while first < 22:
        chunk = mine.run(state, first, (22 - first) // 2)
        state = chunk.state
        sizes.append(len(chunk.dnas))
        first += sizes[-1]
    assert sizes[0] == 2  # one round, to see how long it takes
    assert max(sizes) <= 8
    assert first == 22
    assert int(state.own[1]) == 22


def test_trials_have_the_keys_and_the_values_of_their_ids():
    chunk = loop(most=1).run(Counting().init(SPACE, KEY), 6, 1)
    keys = [jax.random.fold_in(KEYS[1], trial) for trial in (6, 7)]
    wanted = [np.float32(x) + jax.random.uniform(key) for x, key in zip((1, 2), keys, strict=True)]
    np.testing.assert_array_equal(chunk.metrics["y"], wanted)
    assert chunk.metrics["both"].tolist() == [[1.0, 0.0], [2.0, 0.0]]
    assert float(chunk.state.own[0]) == pytest.approx(sum(wanted))


def test_a_loop_compiles_once_for_any_number_of_rounds():
    mine, state = loop(), Counting().init(SPACE, KEY)
    state = mine.run(state, 0, 1).state
    TRACED.clear()
    for rounds in (1, 2, 5):
        chunk = mine.run(state, 2, rounds)
        assert (chunk.compiled, chunk.reused) == (0, 0)
    assert TRACED == []


def test_rewards_are_those_of_the_metrics_as_they_are_rounded():
    space = search.space({"x": search.oneof([0.1, 0.7, 1.3]), "w": search.floatv(0.0, 1.0)})

    class Told(Counting):
        """Keeps the sum of what it was told."""

        def start(self, space, key, objectives):
            return jnp.zeros((), "float32"), key

        def propose(self, spec, own, key, n):
            choices = jnp.arange(n, dtype="int32")[:, None] % 3
            return search.DNA(spec, choices, jax.random.uniform(key, (n, 1))), own

        def learn(self, spec, own, dnas, rewards):
            return own[0] + rewards[:, 0].sum(), own[1]

    options = {"objective": "y", "mode": "max", "constraints": {"z": (None, 1e-3)}}

    def product(exp, key):
        return {"y": exp["x"] * exp["w"], "z": exp["x"] * exp["w"] * 0.3}

    states = []
    for compiled in (True, False):
        loop = Search(Told(), product, space, Keys.of(KEY), Local(), (), options, compiled)
        *_, last = loop.rounds(loop.init(), 0, 30, 1)
        states.append(np.asarray(last.state.own[0]))
    np.testing.assert_array_equal(*states)
