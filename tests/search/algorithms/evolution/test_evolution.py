"""Evolution by operations."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms import Evolution
from symjax.search.algorithms.evolution import Identity, Lambda, mutators, selectors
from symjax.search.algorithms.variation.digests import digest

KEY = jax.random.key(0)
SPACE = search.space([search.oneof([0, 1, 2]) for _ in range(6)] + [search.floatv(0.0, 1.0)])
AGEING = Evolution(
    selectors.Tournament(size=4) >> mutators.Uniform(), population_init=8, population_update=selectors.Last(8)
)
ask = jax.jit(AGEING.ask, static_argnums=2)
tell = jax.jit(AGEING.tell)


def earned(dnas):
    return -(dnas.choices**2).sum(axis=1).astype(jnp.float32)


@partial(jax.jit, static_argnums=3)
def step(algorithm, state, key, n):
    """Asks for some, and tells what they earned."""
    dnas, state = algorithm.ask(state, key, n)
    return algorithm.tell(state, dnas, earned(dnas))


def evolved(algorithm, told=8, n=4):
    """A state after so many were told."""

    state = algorithm.init(SPACE, KEY)
    for turn in range(0, told, n):
        state = step(algorithm, state, jax.random.key(turn), n)
    return state


def distance(one, other):
    """In how many genes each of one differs from the nearest of the other."""
    one, other = one.host(), other.host()
    differ = (one.choices[:, None] != other.choices[None]).sum(-1)
    return (differ + (one.floats[:, None] != other.floats[None]).sum(-1)).min(axis=1)


def test_first_points_are_drawn_until_enough_are_told():
    state = AGEING.init(SPACE, KEY)
    drawn, state = ask(state, KEY, 7)
    state = tell(state, drawn, earned(drawn))
    more, state = ask(state, jax.random.key(1), 7)
    assert (distance(more, drawn) > 1).any()
    state = tell(state, more[:1], earned(more[:1]))
    children, _ = ask(state, jax.random.key(2), 7)
    assert (distance(children, search.DNA.concat([drawn, more[:1]])) == 1).all()


def test_the_population_is_the_youngest():
    state = AGEING.init(SPACE, KEY)
    dnas = SPACE.sample(KEY, 21)
    for part in (dnas[:5], dnas[5:18], dnas[18:]):
        state = tell(state, part, earned(part))
    population = state.own.population
    assert population.ages.tolist() == list(range(13, 21))
    assert (population.dnas.choices == dnas[13:].choices).all()
    assert population.rewards[:, 0].tolist() == earned(dnas[13:]).tolist()
    assert population.valid.all()


def test_it_is_the_same_under_jit_and_told_in_other_pieces():
    dnas = SPACE.sample(KEY, 12)
    whole = AGEING.tell(AGEING.init(SPACE, KEY), dnas, earned(dnas))
    state = AGEING.init(SPACE, KEY)
    for part in (dnas[:3], dnas[3:4], dnas[4:]):
        state = tell(state, part, earned(part))
    assert ask(state, KEY, 7)[0] == AGEING.ask(whole, KEY, 7)[0]


def test_failures_are_no_parents():
    dnas = SPACE.sample(KEY, 8)
    for good in (0, 7):
        rewards = np.full(8, np.nan, np.float32)
        rewards[good] = -5.0
        state = tell(AGEING.init(SPACE, KEY), dnas, rewards)
        children, _ = ask(state, KEY, 32)
        assert (distance(children, dnas[good : good + 1]) == 1).all()


def test_after_failures_alone_points_are_drawn():
    state = tell(AGEING.init(SPACE, KEY), SPACE.sample(KEY, 8), np.full(8, np.nan, np.float32))
    drawn, _ = ask(state, KEY, 64)
    SPACE.spec.check(drawn.choices, drawn.floats)
    assert len(np.unique(drawn.floats)) == 64


def test_where_an_operation_leaves_nobody_points_are_drawn():
    algorithm = AGEING.rebind(reproduction=Identity() >> (lambda people: people.where(people.ages < 3)))
    state = evolved(algorithm)
    children, _ = jax.jit(algorithm.ask, static_argnums=2)(state, jax.random.key(9), 6)
    SPACE.spec.check(children.choices, children.floats)
    assert (distance(children, state.own.population.dnas) > 0).tolist() == [False] * 3 + [True] * 3


def test_it_reproduces_until_there_are_enough():
    algorithm = AGEING.rebind(reproduction=selectors.Random(2) >> mutators.Uniform() * 2)
    state = evolved(algorithm)
    children, _ = jax.jit(algorithm.ask, static_argnums=2)(state, KEY, 7)
    assert len(np.unique(digest(children), axis=0)) > 4
    assert (distance(children, state.own.population.dnas) == 1).all()


def test_a_reproduction_must_give_children():
    algorithm = AGEING.rebind(reproduction=selectors.First(0))
    with pytest.raises(ValueError, match=r"must give children, and this one does not: First\(n=0\)"):
        algorithm.ask(algorithm.init(SPACE, KEY), KEY, 1)


@pytest.mark.parametrize(
    ("update", "capacity", "expected"),
    [
        (None, None, 1000),
        (None, 5, 5),
        (selectors.Last(6), None, 6),
        (selectors.Top(0.5), None, 1000),
        (selectors.Top(3) | selectors.Last(3), None, 6),
    ],
)
def test_how_many_there_can_be(update, capacity, expected):
    algorithm = Evolution(mutators.Uniform(), population_update=update, capacity=capacity)
    assert algorithm.init(SPACE, KEY).own.population.capacity == expected


def test_beyond_the_capacity_the_youngest_stay():
    algorithm = Evolution(mutators.Uniform(), population_update=selectors.Top(), capacity=5)
    dnas = SPACE.sample(KEY, 9)
    rewards = jnp.arange(9.0) % 4
    state = jax.jit(algorithm.tell)(algorithm.init(SPACE, KEY), dnas, rewards)
    population = state.own.population
    assert population.ages.tolist() == [7, 6, 5, 4, 8]  # rewards 3, 2, 1, 0, 0
    assert population.rewards[:, 0].tolist() == [3, 2, 1, 0, 0]


def test_an_update_may_draw():
    algorithm = AGEING.rebind(population_update=selectors.Random(4))
    state = evolved(algorithm, 24, 8)
    again = evolved(algorithm, 24, 8)
    assert state.own.population.ages.tolist() == again.own.population.ages.tolist()
    assert state.own.population.ages.tolist() != [20, 21, 22, 23]


@pytest.mark.parametrize("again", [None, mutators.Uniform()])
def test_what_was_proposed_is_not_proposed_again(again):
    space = search.space([search.oneof([0, 1]) for _ in range(5)])  # 32 points
    algorithm = AGEING.rebind(dedup=64, again=again, population_update=None)

    @jax.jit
    def step(state, key):
        dnas, state = algorithm.ask(state, key, 4)
        return dnas, algorithm.tell(state, dnas, earned(dnas))

    state, seen = algorithm.init(space, KEY), []
    for turn in range(4):
        dnas, state = step(state, jax.random.key(turn))
        seen += [str(dna) for dna in dnas]
    fresh = seen[8:]  # the first eight are drawn
    assert len(set(fresh)) == len(fresh)
    assert not set(fresh) & set(seen[:8])


def test_what_others_told_is_remembered_too():
    algorithm = AGEING.rebind(dedup=64)
    dnas = SPACE.sample(KEY, 8)
    state = jax.jit(algorithm.tell)(algorithm.init(SPACE, KEY), dnas, earned(dnas))
    assert state.own.memory.known(digest(dnas)).all()


def test_several_batches_may_be_on_their_way():
    state, batches = AGEING.init(SPACE, KEY), []
    for turn in range(4):
        dnas, state = ask(state, jax.random.key(turn), 3)
        batches.append(dnas)
    for dnas in reversed(batches):
        state = tell(state, dnas, earned(dnas))
    assert state.own.told == 12
    population = state.own.population
    assert population.rewards[:, 0].tolist() == earned(search.DNA.concat(batches[::-1]))[-8:].tolist()


def test_it_scans_and_gets_better():
    @jax.jit
    def run(algorithm, state, keys):
        def step(state, key):
            dnas, state = algorithm.ask(state, key, 1)
            rewards = earned(dnas)
            return algorithm.tell(state, dnas, rewards), rewards[0]

        return jax.lax.scan(step, state, keys)[1]

    rewards = run(AGEING, AGEING.init(SPACE, KEY), jax.random.split(KEY, 300))
    assert rewards[:8].max() < 0
    assert rewards.max() == 0
    assert rewards[8:].mean() > -7  # the mean of the law is -10


def test_several_objectives():
    state = AGEING.init(SPACE, KEY, 2)
    dnas = SPACE.sample(KEY, 8)
    state = tell(state, dnas, jnp.stack([earned(dnas), -earned(dnas)], axis=1))
    children, _ = ask(state, KEY, 4)
    assert (distance(children, dnas) == 1).all()


@pytest.mark.parametrize("setting", [{"population_init": 0}, {"capacity": 0}, {"dedup": -1}])
def test_settings_are_checked(setting):
    with pytest.raises(ValueError, match=f"{next(iter(setting))} is at least"):
        Evolution(mutators.Uniform(), **setting)


def test_it_is_saved_with_its_operations():
    algorithm = AGEING.rebind(
        reproduction=(selectors.Random(8) >> selectors.Top(1) >> mutators.Uniform()).with_prob(0.5)
    )
    assert sj.from_json(sj.to_json(algorithm)) == algorithm


def test_functions_are_operations():
    algorithm = AGEING.rebind(reproduction=lambda people: people[:2])
    children, _ = jax.jit(algorithm.ask, static_argnums=2)(evolved(algorithm), KEY, 2)
    assert len(children) == 2
    assert isinstance(Lambda(lambda people: people), search.evolution.Operation)


def test_algorithms_are_searched_over():
    algorithm = AGEING.rebind(
        reproduction=selectors.Tournament(size=4) >> mutators.Uniform().with_prob(search.floatv(0.1, 1.0))
    )
    algorithms = search.space(algorithm)

    def run(algorithm, key):
        state = algorithm.init(SPACE, key)
        dnas, state = algorithm.ask(state, key, 8)
        state = algorithm.tell(state, dnas, earned(dnas))
        return earned(algorithm.ask(state, key, 8)[0]).max()

    results = search.evaluate(run, algorithms, algorithms.sample(KEY, 2), KEY, mode="max")
    assert not results.failed
