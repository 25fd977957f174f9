"""Fronts and crowding, against their definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.algorithms.evolution.fronts import crowding, front_numbers, order

_numbers = jax.jit(front_numbers)
_crowding = jax.jit(crowding)


def dominates(one, other):
    return all(a >= b for a, b in zip(one, other, strict=True)) and any(
        a > b for a, b in zip(one, other, strict=True)
    )


def fronts(rewards, valid):
    """Who is on which front, by peeling."""
    rest = [i for i in range(len(rewards)) if valid[i]]
    while rest:
        front = [i for i in rest if not any(dominates(rewards[j], rewards[i]) for j in rest)]
        yield front
        rest = [i for i in rest if i not in front]


def distances(front, rewards):
    """The crowding distance of each on a front (Deb et al. 2002, section III-B)."""
    total = dict.fromkeys(front, 0.0)
    for values in np.asarray(rewards).T:
        ordered = sorted(front, key=lambda i: values[i])
        width = values[ordered[-1]] - values[ordered[0]]
        total[ordered[0]] = total[ordered[-1]] = np.inf
        for before, i, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
            if width > 0 and np.isfinite(width):
                total[i] += (values[after] - values[before]) / width
    return total


@pytest.mark.parametrize("seed", range(6))
def test_they_are_as_defined(seed):
    rng = np.random.default_rng(seed)
    rewards = rng.random((12, 2 + seed % 2)).astype(np.float32)
    rewards[rng.random(12) < 0.2] = -np.inf
    valid = rng.random(12) < 0.8
    numbers = np.asarray(_numbers(jnp.asarray(rewards), jnp.asarray(valid)))
    expected = np.full(12, 12)
    crowds = np.asarray(_crowding(jnp.asarray(rewards), jnp.asarray(numbers)))
    for number, front in enumerate(fronts(rewards, valid)):
        expected[front] = number
        if np.isfinite(rewards[front]).all():
            for i, distance in distances(front, rewards).items():
                assert crowds[i] == pytest.approx(distance, rel=1e-5)
    assert numbers.tolist() == expected.tolist()
    assert not np.isnan(crowds).any()


def test_the_order_is_by_front_then_by_crowding():
    rewards = jnp.array(
        [[0.0, 4.0], [1.0, 3.0], [1.1, 2.9], [4.0, 0.0], [0.5, 0.5], [-jnp.inf] * 2, [9.0, 9.0]]
    )
    valid = jnp.array([True] * 6 + [False])
    assert order(rewards, valid).tolist() == [0, 3, 2, 1, 4, 5, 6]


def test_one_objective_is_ordered_by_reward():
    rewards = jnp.array([[1.0], [3.0], [-jnp.inf], [3.0], [9.0]])
    assert order(rewards, jnp.array([True] * 4 + [False])).tolist() == [1, 3, 0, 2, 4]
