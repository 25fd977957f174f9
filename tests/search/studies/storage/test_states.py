"""What an algorithm has learnt, as bytes."""

from collections import namedtuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.algorithm import State
from symjax.search.studies.storage.states import read_state, write_state

SPEC = search.space({"x": search.floatv(0.0, 1.0)}).spec
Own = namedtuple("Own", ["key", "old_key", "genes", "count", "number", "wide"])


def state(seed=0):
    key = jax.random.key(seed)
    genes = jax.random.normal(key, (3, 2))
    return State(
        Own(key, jax.random.PRNGKey(1), genes, jnp.uint32(3), 0.5, np.array([1e300, np.nan])), SPEC, 1
    )


def test_a_state_comes_back_to_the_last_bit():
    one = state(1)
    again = read_state(*write_state(one), state(0))
    assert again.objectives == 1
    assert isinstance(again.own, Own)
    assert (jax.random.key_data(again.own.key) == jax.random.key_data(one.own.key)).all()
    assert jnp.issubdtype(again.own.key.dtype, jax.dtypes.prng_key)
    assert again.own.wide.tobytes() == one.own.wide.tobytes()
    assert type(again.own.number) is float
    assert again.own.count.dtype == jnp.uint32
    np.testing.assert_array_equal(again.own.genes, one.own.genes)


def test_an_array_may_have_grown():
    grown = State({"told": np.arange(5.0)}, SPEC, 1)
    again = read_state(*write_state(grown), State({"told": np.zeros(0)}, SPEC, 1))
    assert again.own["told"].tolist() == [0, 1, 2, 3, 4]


def test_a_state_of_another_structure_is_refused():
    with pytest.raises(search.StudyError, match=r"it kept \['told'\], and keeps \['seen'\] now"):
        read_state(*write_state(State({"told": np.zeros(1)}, SPEC, 1)), State({"seen": np.zeros(1)}, SPEC, 1))


def test_what_is_no_array_is_refused():
    with pytest.raises(TypeError, match=r"\['name'\] is of type str"):
        write_state(State({"name": "x"}, SPEC, 1))
