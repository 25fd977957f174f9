"""Of many children, the one that promises most."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from symjax import search
from symjax.search.algorithms.guided.guided_evolution import log_improvement

KEY = jax.random.key(0)
SPACE = search.space(
    {
        "x": search.floatv(-1.0, 1.0),
        "kind": search.oneof(["flat", {"rate": search.floatv(1e-3, 1.0, "log")}]),
        "order": search.permutate(["a", "b", "c"]),
    }
)
SMALL = search.algorithms.GuidedEvolution(initial=6, parents=10, best=10, candidates=32)
ask, tell = (partial(jax.jit, static_argnums=n)(f) for f, n in ((SMALL.ask, 2), (SMALL.tell, ())))


def height(dnas):
    rate = jnp.where(dnas.choices[:, 0] == 1, -jnp.log10(dnas.floats[:, 1]) / 3, 0.0)
    return rate - (dnas.floats[:, 0] - 0.5) ** 2 - 0.3 * (dnas.choices[:, 1] != 2)


def searched(rounds, batch, reward=height, key=KEY):
    state, dnas = SMALL.init(SPACE, key), []
    for number in range(rounds):
        asked, state = ask(state, jax.random.fold_in(key, number), batch)
        state = tell(state, asked, reward(asked))
        dnas.append(asked.host())
    return search.DNA.concat(dnas)


def test_it_gets_where_random_draws_do_not():
    dnas = searched(12, 4)
    SPACE.spec.check(dnas.choices, dnas.floats)
    drawn = SPACE.sample(jax.random.key(1), 48)
    assert height(dnas).max() > 0.97
    assert height(dnas).max() > height(drawn).max()


def test_a_batch_looks_at_different_places():
    assert len(set(searched(6, 4))) == 24


def test_all_of_a_small_space_comes_before_anything_comes_again():
    algorithm = search.algorithms.GuidedEvolution()
    space = search.space([search.oneof([1, 2]), search.oneof([1, 2, 3])])
    state = algorithm.init(space, KEY)
    first, state = algorithm.ask(state, KEY, 4)
    state = algorithm.tell(state, first, first.choices.sum(1))
    second, state = algorithm.ask(state, jax.random.key(1), 2)
    assert len({*first, *second}) == 6


def test_it_is_the_same_for_the_same_key():
    assert searched(3, 4) == searched(3, 4)
    assert searched(3, 4) != searched(3, 4, key=jax.random.key(5))


def test_what_fails_is_no_parent_and_no_place_to_look():
    def reward(dnas):
        return jnp.where(dnas.choices[:, 0] == 1, jnp.nan, height(dnas))

    dnas = searched(12, 4, reward)
    assert (dnas.choices[8:16, 0] == 1).mean() < 0.2  # until there is little to gain elsewhere
    assert jnp.nanmax(reward(dnas)) > -0.05


def test_if_everything_fails_it_draws_on():
    dnas = searched(4, 4, lambda dnas: jnp.full(len(dnas), jnp.nan))
    SPACE.spec.check(dnas.choices, dnas.floats)
    assert len(set(dnas)) == 16


def test_it_begins_anew_where_nothing_more_is_gained():
    state = SMALL.init(SPACE, KEY)
    told = []
    for number in range(30):
        dnas = SPACE.sample(jax.random.key(number), 10)
        state = tell(state, dnas, jnp.full(10, min(number, 12.0)))
        told.append(int(state.own.told))
    # The last gain is number 12's, at 130; twice that many later it begins anew, and then every 200.
    assert told == [*range(10, 260, 10), 0, 10, 20, 30, 40]
    assert int(state.own.latest.count) == 10


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="candidates is at least 8, got 4"):
        search.algorithms.GuidedEvolution(candidates=4)


def test_the_improvement_is_that_of_a_normal_distribution():
    above = np.array([-4.0, -1.0, 0.0, 2.0])
    expected = np.log(0.5 * (above * stats.norm.cdf(above) + stats.norm.pdf(above)))
    np.testing.assert_allclose(log_improvement(above * 0.5, 0.5, 0.0), expected, rtol=1e-3)
    far = log_improvement(jnp.array([-40.0, -20.0, -5.1, -4.9]), jnp.ones(4), 0.0)
    assert (np.diff(far) > 0).all()
