"""Groups of parents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.evolution import recombinators
from symjax.search.algorithms.evolution.grouping import Grouped, by_rank
from symjax.search.algorithms.evolution.population import Population

SPACE = search.space({"x": search.intv(0, 99)})


class Total(Grouped):
    """Each child is the sum of all parents of its group."""

    def words(self, spec, size):
        return 1

    def cross(self, groups, rows):
        assert rows.shape == (groups.valid.shape[0], 1)
        total = jnp.where(groups.valid[..., None], groups.dnas.choices, 0).sum(1, keepdims=True)
        children = jnp.broadcast_to(total, groups.dnas.choices.shape)
        return search.DNA(groups.spec, children.astype(jnp.int32), groups.dnas.floats)


def population(n, missing=()):
    dnas = search.DNA.from_numbers(SPACE.spec, [[i + 1] for i in range(n)])
    whole = Population.told(dnas, jnp.arange(n, dtype=jnp.float32)[:, None])
    return whole.where(jnp.array([i not in missing for i in range(n)]))


compiled = jax.jit(lambda operation, before: operation(before, jax.random.key(0)))


def values(after):
    return np.asarray(after.dnas.choices)[np.asarray(after.valid), 0].tolist()


@pytest.mark.parametrize(
    ("group", "missing", "expected"),
    [
        (2, (), [3, 3, 7, 7, 5]),
        (3, (), [6, 6, 6, 4, 5]),
        (None, (), [15] * 5),
        (2, (0, 3), [5, 5, 5]),  # those that there are stand next to each other: 2 and 3, then 5
        (None, (0, 3), [10, 10, 10]),
        (1, (), [1, 2, 3, 4, 5]),
    ],
)
def test_groups_stand_next_to_each_other(group, missing, expected):
    after = compiled(Total(group=group), population(5, missing))
    assert values(after) == expected


def test_children_are_new_and_those_left_over_are_not():
    after = compiled(Total(), population(3))
    assert after.ages.tolist()[:3] == [-1, -1, 2]
    assert after.rewards[:3, 0].tolist() == [-np.inf, -np.inf, 2.0]
    nobody = compiled(Total(), population(3, (0, 1, 2)))
    assert values(nobody) == []


def test_without_jit_as_well():
    assert values(Total()(population(5, (1,)), jax.random.key(0))) == [4, 4, 9, 9]


def test_weights_by_rank():
    assert by_rank(jnp.array([[0.5], [-jnp.inf], [2.0]])).tolist() == [2, 1, 3]


def test_refused_groups():
    with pytest.raises(ValueError, match="at least one parent, got group=0"):
        recombinators.Uniform(group=0)
    with pytest.raises(ValueError, match="KPoint recombines two parents, got group=3"):
        recombinators.KPoint(group=3)
    with pytest.raises(ValueError, match="at least one cut, got k=0"):
        recombinators.KPoint(0)
