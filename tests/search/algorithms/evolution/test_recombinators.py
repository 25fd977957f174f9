"""Recombinators: children of several parents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.evolution import recombinators
from symjax.search.algorithms.evolution.population import Population

from ..variation.laws import DNAS, SPACE

KEY = jax.random.key(5)
REWARDS = jax.random.normal(jax.random.key(1), (256, 1))
PARENTS = Population.told(DNAS, REWARDS)
call = jax.jit(lambda recombinator, parents, key: recombinator(parents, key).dnas)
ALL = [
    recombinators.Uniform(),
    recombinators.Uniform(group=4),
    recombinators.Sample(group=4),
    recombinators.Average(),
    recombinators.WeightedAverage(group=4),
    recombinators.KPoint(2),
    recombinators.Segmented(("b", "e")),
    recombinators.SimulatedBinary(2.0),
    recombinators.PartiallyMapped(),
    recombinators.Order(),
    recombinators.Cycle(),
]


def genes_of(dnas, index):
    point, columns = SPACE.spec.points[index], SPACE.spec.columns[index]
    return np.asarray(getattr(dnas, point.array))[..., columns]


@pytest.mark.parametrize("recombinator", ALL, ids=lambda each: type(each).__name__ + str(each.group))
def test_children_are_points_whose_decisions_are_those_of_their_group(recombinator):
    children = call(recombinator, PARENTS, KEY).host()
    SPACE.spec.check(children.choices, children.floats)
    assert len(SPACE.decode(children)) == 256
    assert (children.choices != DNAS.choices).any() or (children.floats != DNAS.floats).any()
    size = recombinator.group
    for index, point in enumerate(SPACE.spec.points):
        genes = genes_of(children, index).reshape(256 // size, size, -1)
        own = genes_of(DNAS, index).reshape(256 // size, size, -1)
        is_of_group = (genes[:, :, None] == own[:, None]).all(-1).any(-1)
        if point.array == "floats":
            continue
        if type(recombinator) in ALL_OF_LISTS and point.name in ("a[=2/3]", "h"):
            continue
        assert is_of_group.all(), point.name


ALL_OF_LISTS = (recombinators.PartiallyMapped, recombinators.Order, recombinators.Cycle)


def test_equal_parents_have_equal_children():
    twins = jax.tree.map(lambda each: np.repeat(np.asarray(each)[::4], 4, axis=0), DNAS)
    for recombinator in ALL:
        children = call(recombinator, Population.told(twins, REWARDS), KEY).host()
        np.testing.assert_array_equal(children.choices, twins.choices)
        np.testing.assert_allclose(children.floats, twins.floats, rtol=1e-5, atol=1e-6)


def test_where_says_which():
    only = recombinators.Uniform(where=lambda point: point.name == "d")
    children = call(only, PARENTS, KEY).host()
    for index, point in enumerate(SPACE.spec.points):
        is_same = (genes_of(children, index) == genes_of(DNAS, index)).all()
        assert is_same == (point.name != "d")


def test_sample_prefers_the_better_parent():
    space = search.space([search.oneof([0, 1]) for _ in range(64)])
    pair = search.DNA.from_numbers(space.spec, [[0] * 64, [1] * 64] * 16)
    parents = Population.told(pair, jnp.array([[0.0], [1.0]] * 16))
    share = np.asarray(call(recombinators.Sample(), parents, KEY).choices).mean()
    assert abs(share - 2 / 3) < 0.05
    sure = recombinators.Sample(lambda rewards: (rewards[:, 0] == rewards.max()).astype(jnp.float32))
    assert np.asarray(call(sure, parents, KEY).choices).all()


def test_weighted_averages_lie_nearer_to_the_better():
    space = search.space([search.floatv(0.0, 1.0)])
    parents = Population.told(space.sample(KEY, 2), jnp.array([[1.0], [0.0]]))
    low, high = parents.dnas.floats[:, 0]
    children = call(recombinators.WeightedAverage(), parents, KEY).floats[:, 0]
    np.testing.assert_allclose(children, (2 * low + high) / 3, rtol=1e-5)


def test_segments_begin_where_one_says():
    space = search.space({name: search.oneof([0, 1]) for name in "abcdef"})
    pair = search.DNA.from_numbers(space.spec, [[0] * 6, [1] * 6])
    parents = Population.told(pair, jnp.zeros((2, 1)))
    for cuts in (("c", 4), lambda point: point.name in ("c", "e")):
        children = recombinators.Segmented(cuts)(parents, KEY).dnas.choices
        assert children.tolist() == [[0, 0, 1, 1, 0, 0], [1, 1, 0, 0, 1, 1]]
    with pytest.raises(ValueError, match="no decision 'z'"):
        recombinators.Segmented(("z",))(parents, KEY)


def test_pairs_are_crossed_with_a_probability():
    share = []
    for probability in (0.0, 0.5):
        children = call(recombinators.SimulatedBinary(probability=probability), PARENTS, KEY).host()
        same = (children.choices == DNAS.choices).all(1) & (children.floats == DNAS.floats).all(1)
        share.append(same.reshape(128, 2).all(1).mean())
    assert share[0] == 1
    assert 0.35 < share[1] < 0.65


def test_permutations_of_both_parents_meet():
    space = search.space([search.permutate(list(range(8)))])
    dnas = space.sample(KEY, 64)
    parents = Population.told(dnas, jnp.zeros((64, 1)))
    for recombinator in (recombinators.PartiallyMapped(), recombinators.Order(), recombinators.Cycle()):
        children = call(recombinator, parents, KEY).host()
        own = np.asarray(dnas.choices).reshape(32, 2, 8)
        new = children.choices.reshape(32, 2, 8)
        assert (new != own).any(-1).mean() > 0.4
        # From the other parent a child has a section, or cycles, in their places.
        assert ((new == own[:, ::-1]).any(-1) | (new == own).all(-1)).all()
