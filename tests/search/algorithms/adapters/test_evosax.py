"""evosax's strategies behind the protocol."""

import math
import sys

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA
from symjax.search.algorithms import Algorithm, Evosax
from symjax.search.algorithms.adapters import evosax as adapter
from symjax.search.algorithms.adapters.unit_box import to_points

evosax = pytest.importorskip("evosax", reason="needs evosax: pip install symjax-flax[search]")

KEY = jax.random.key(0)
SPACE = search.space(
    {"x": sj.floatv(-5.0, 10.0), "y": sj.floatv(1e-3, 1.0, "log"), "n": sj.intv(1, 64, scale="log")}
)
CMA = Evosax(population=6)
ask = jax.jit(Algorithm.ask, static_argnums=3)
tell = jax.jit(Algorithm.tell)


def reward(dnas):
    """The best is x = 3, y = 0.001, n = 1."""
    return -((dnas.floats[:, 0] - 3) ** 2) - dnas.floats[:, 1] - dnas.choices[:, 0] / 8


@pytest.fixture(scope="module")
def begun():
    """A state, and its first generation."""
    dnas, state = ask(CMA, CMA.init(SPACE, KEY), KEY, 6)
    return state, dnas


def same(one, other):
    return all(map(np.array_equal, jax.tree.leaves(plain(one)), jax.tree.leaves(plain(other))))


def plain(tree):
    return jax.tree.map(
        lambda x: jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x, tree
    )


@pytest.mark.parametrize("strategy", ["CMA_ES", pytest.param("PSO", marks=pytest.mark.slow)])
def test_a_strategy_learns_under_scan_and_vmap(strategy):
    algorithm = Evosax(strategy, population=6)

    def best(key):
        def generation(state, each):
            dnas, state = algorithm.ask(state, each, 6)
            rewards = reward(dnas).at[1].set(jnp.nan)
            return algorithm.tell(state, dnas, rewards), jnp.nanmax(rewards)

        keys = jax.random.split(key, 20)
        return jax.lax.scan(generation, algorithm.init(SPACE, key), keys)[1]

    bests = jax.jit(jax.vmap(best))(jax.random.split(KEY, 4))
    assert jnp.median(bests[:, -5:].max(axis=1)) > -0.1


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["Open_ES", "DifferentialEvolution", "SimulatedAnnealing"])
def test_other_strategies_run(strategy):
    algorithm = Evosax(strategy, population=8)
    state = algorithm.init(SPACE, KEY)
    for turn in range(3):
        dnas, state = ask(algorithm, state, jax.random.fold_in(KEY, turn), 8)
        SPACE.spec.check(np.asarray(dnas.choices), np.asarray(dnas.floats))
        state = tell(algorithm, state, dnas, reward(dnas).at[turn].set(jnp.nan))
    assert state.own.number == 3


def test_a_generation_may_be_asked_for_in_pieces(begun):
    _, whole = begun
    state, pieces = CMA.init(SPACE, KEY), []
    for n in (3, 3):
        dnas, state = ask(CMA, state, jax.random.key(n), n)
        pieces.append(dnas)
    assert DNA.concat(pieces).host() == whole.host()


def test_rewards_wait_for_their_generation_in_any_order(begun):
    state, dnas = begun
    at_once = tell(CMA, state, dnas, reward(dnas))
    assert at_once.own.number == 1
    for places in (jnp.array([4, 0, 3]), jnp.array([5, 1, 2])):
        assert state.own.number == 0
        state = tell(CMA, state, dnas[places], reward(dnas)[places])
    assert same(state, at_once)


def test_what_is_asked_for_beyond_a_generation_is_drawn_anew(begun):
    _, whole = begun
    dnas, state = ask(CMA, CMA.init(SPACE, KEY), jax.random.key(7), 9)
    host = dnas.host()
    assert host[:6] == whole.host()
    assert len(set(host)) == 9
    later, _ = ask(CMA, state, jax.random.key(1), 6)
    assert not set(later.host()) & set(host)
    for generations, left in ((1, 3), (3, 0), (4, 3)):
        state = tell(CMA, state, dnas, reward(dnas))
        assert (state.own.number, state.own.generation.told.sum()) == (generations, left)
        dnas, state = ask(CMA, state, jax.random.key(generations), 9)


def test_a_point_that_nobody_asked_for_takes_a_place(begun):
    state, dnas = begun
    others = SPACE.sample(jax.random.key(5), 3)
    state = tell(CMA, state, others, reward(others))
    told = np.asarray(state.own.generation.told)
    assert told.sum() == 3
    expected = to_points(SPACE.spec, others.choices, others.floats)
    np.testing.assert_allclose(state.own.generation.points[told], expected, rtol=1e-4)
    state = tell(CMA, state, dnas[3:], reward(dnas)[3:])
    assert state.own.number == 1


def test_what_failed_is_the_worst_of_its_generation(begun):
    state, dnas = begun
    known = reward(dnas).at[jnp.array([1, 4])].set(jnp.nan)
    worst = jnp.nanmin(known)
    for failed in (worst - 1e-3, worst - 1e6):
        # By ranks alone, CMA-ES cannot tell a failure from a very bad result.
        assert same(
            tell(CMA, state, dnas, known).own.strategy.mean,
            tell(CMA, state, dnas, jnp.where(jnp.isnan(known), failed, known)).own.strategy.mean,
        )


def test_a_generation_that_failed_teaches_nothing(begun):
    state, dnas = begun
    after = tell(CMA, state, dnas, jnp.full(6, jnp.nan))
    assert after.own.number == 1
    assert same(after.own.strategy.mean, state.own.strategy.mean)
    assert after.own.strategy.std == state.own.strategy.std
    assert not set(after.own.generation.floats[:, 0].tolist()) & set(dnas.floats[:, 0].tolist())


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 3.0, math.inf], [1.0, 3.0, 5.0]),
        ([math.inf, 0.0, 0.0], [1e-6, 0.0, 0.0]),
        ([2e38, -2e38, math.inf], [2e38, -2e38, np.finfo(np.float32).max]),
    ],
)
def test_losses_of_failures_are_finite_and_the_greatest(losses, expected):
    np.testing.assert_allclose(adapter._finite(jnp.array(losses, jnp.float32)), expected, rtol=1e-6)


def test_a_parameter_is_traced():
    """Another value compiles nothing again, and changes what is proposed."""

    @jax.jit
    @chex.assert_max_traces(1)
    def spread(algorithm, key):
        dnas, _ = algorithm.ask(algorithm.init(SPACE, key), key, 6)
        return dnas.floats[:, 0].std()

    narrow, wide = (spread(CMA.rebind(params={"std_init": step}), KEY) for step in (0.01, 0.3))
    assert narrow < wide / 10


def test_the_middle_of_the_box_comes_first(begun):
    _, dnas = begun
    assert abs(dnas.floats[:, 0].mean() - 2.5) < 5


def test_a_search_runs_in_generations():
    results = search.run(CMA, lambda exp, key: -((exp["x"] - 3) ** 2), SPACE, 18, KEY)
    again = search.run(CMA, lambda exp, key: -((exp["x"] - 3) ** 2), SPACE, 18, KEY, batch=6)
    assert results.dnas == again.dnas


def test_a_constrained_space_goes_on():
    space = SPACE.constrain(lambda tree: tree["x"] < 4)
    results = search.run(CMA, lambda exp, key: -((exp["x"] - 3) ** 2), space, 18, KEY)
    assert (results.dnas.floats[:, 0] < 4).all()


def test_settings():
    assert sj.from_json(sj.to_json(CMA)) == CMA
    assert CMA.batch == 6
    with pytest.raises(ValueError, match="no strategy 'CMAES' for this; did you mean 'CMA_ES'"):
        Evosax("CMAES").init(SPACE, KEY)
    with pytest.raises(ValueError, match="no strategy 'SV_CMA_ES'"):  # it needs more than a population
        Evosax("SV_CMA_ES").init(SPACE, KEY)
    with pytest.raises(ValueError, match=r"no parameter 'sigma'; parameters: .*std_init"):
        Evosax(params={"sigma": 0.1}).init(SPACE, KEY)
    with pytest.raises(ValueError, match="population"):
        Evosax(population=1)


def test_choices_are_refused():
    space = search.space({"act": sj.oneof(["relu", "gelu"])})
    with pytest.raises(ValueError, match=r"evosax's CMA_ES moves points .* cannot decide act"):
        CMA.init(space, KEY)


def test_several_objectives_are_refused():
    with pytest.raises(ValueError, match="maximizes one number"):
        CMA.init(SPACE, KEY, objectives=2)


def test_without_evosax_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "evosax.algorithms", None)
    with pytest.raises(ImportError, match=r"pip install symjax-flax\[search\]"):
        Evosax(population=5).init(SPACE, KEY)
