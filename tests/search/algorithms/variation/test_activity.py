"""Which decisions matter, and which could be decided otherwise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.variation.activity import (
    activity,
    canonical,
    chosen,
    indices,
    is_conditional,
    merged,
    running,
)
from symjax.search.spaces.points import Spec

from .laws import DNAS, SPACE, active_of


def test_activity_is_that_of_the_spec_on_the_host_and_under_jit():
    expected = active_of(DNAS)
    np.testing.assert_array_equal(activity(SPACE.spec, DNAS.choices), expected)
    compiled = jax.jit(lambda choices: activity(SPACE.spec, choices))
    np.testing.assert_array_equal(compiled(DNAS.choices), expected)
    np.testing.assert_array_equal(activity(SPACE.spec, DNAS.choices.reshape(2, 128, -1))[1], expected[128:])
    assert not expected.all()
    assert expected.any(0).all()


def test_a_space_without_conditions():
    spec = search.space([search.oneof([1, 2]), search.floatv(0.0, 1.0)]).spec
    assert not is_conditional(spec)
    assert is_conditional(SPACE.spec)
    np.testing.assert_array_equal(activity(spec, np.zeros((3, 1), np.int32)), np.ones((3, 2)))
    empty = Spec(())
    assert activity(empty, np.zeros((3, 0), np.int32)).shape == (3, 0)


def test_what_has_one_value_cannot_change():
    choices = [
        (search.oneof([1]), False),
        (search.oneof([search.oneof([1, 2])]), False),  # what is in it can
        (search.oneof([1, 2]), True),
        (search.manyof(2, [1, 2], sorted=True), False),
        (search.manyof(0, [1, 2]), False),
        (search.manyof(2, [1], distinct=False), False),
        (search.manyof(1, [1, 2]), True),
        (search.permutate([1]), False),
        (search.permutate([1, 2]), True),
        (search.floatv(0.0, 1.0), True),
    ]
    for choice, expected in choices:
        assert chosen(search.space([choice]).spec)[0] == expected
    names = [point.name for point, flag in zip(SPACE.spec.points, chosen(SPACE.spec), strict=True) if flag]
    assert "f" not in names
    assert set(SPACE.spec.names) - set(names) == {"f"}
    assert chosen(SPACE.spec, lambda point: point.name == "d").sum() == 1


def test_canonical_dnas_stand_for_the_same_trees():
    plain = canonical(DNAS)
    assert SPACE.decode(plain) == SPACE.decode(DNAS)
    for dna, tree in list(zip(plain, SPACE.decode(DNAS), strict=True))[:20]:
        assert SPACE.encode(tree) == dna
    compiled = jax.jit(canonical)(DNAS)
    np.testing.assert_array_equal(compiled.choices, plain.choices)
    np.testing.assert_array_equal(compiled.floats, plain.floats)
    assert (plain.choices != DNAS.choices).any()


def test_merged_takes_whole_decisions():
    others = SPACE.sample(jax.random.key(1), 256)
    pick = np.array([point.name in ("c", "e") for point in SPACE.spec.points])
    both = merged(pick, DNAS, others).host()
    for point, columns in zip(SPACE.spec.points, SPACE.spec.columns, strict=True):
        source = DNAS if point.name in ("c", "e") else others
        own, theirs = (getattr(dnas, point.array)[:, columns] for dnas in (both, source))
        np.testing.assert_array_equal(own, theirs)


@pytest.mark.parametrize("size", [0, 5, 200])
def test_running_counts(size):
    flags = jax.random.bernoulli(jax.random.key(0), 0.5, (3, size))
    np.testing.assert_array_equal(running(flags), jnp.cumsum(flags, axis=-1))


def test_indices_by_name():
    spec = search.space({"x": search.oneof([1, 2]), "y": search.floatv(0.0, 1.0, name="rate")}).spec
    assert indices(spec, ["rate", "y", 0]) == [1, 1, 0]
    with pytest.raises(ValueError, match="no decision 'z' among x, rate"):
        indices(spec, ["z"])
