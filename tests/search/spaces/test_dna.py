"""`DNA`: batches as arrays, and the ways to and from plain data."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax import search
from symjax.search import DNA

SPACE = search.space(
    {
        "d": search.oneof([0, {"f": [0, search.floatv(1e-4, 0.1, "log")]}]),
        "e": search.oneof([search.oneof([1, 2]), 3]),
        "g": search.floatv(-1.0, 1 / 3),
    }
)
SPEC = SPACE.spec
IDS = ["d", "d[=1/2].f[1]", "e", "e[=0/2]", "g"]

dnas = st.builds(
    lambda d, f, e, n, g: DNA.from_numbers(SPEC, [d, f, e, n, g]),
    st.integers(0, 1),
    st.floats(1e-4, 0.1),
    st.integers(0, 1),
    st.integers(0, 1),
    st.floats(-1.0, 1 / 3),
)


def test_ids_name_the_candidates_on_the_way():
    assert [point.id for point in SPEC.points] == IDS
    assert [str(point.path) for point in SPEC.points] == ["d", "d.f[1]", "e", "e", "g"]


@given(dnas)
def test_plain_data_leads_back_exactly(dna):
    assert DNA.from_numbers(SPEC, dna.numbers()) == dna
    assert DNA.from_dict(SPEC, dna.to_dict()) == dna
    assert DNA.from_json(SPEC, dna.to_json()) == dna
    assert DNA.from_string(SPEC, str(dna)) == dna
    assert list(dna.to_dict()) == IDS
    assert hash(DNA.from_json(SPEC, dna.to_json())) == hash(dna)


@given(dnas)
def test_paths_name_the_decisions_that_matter(dna):
    by_path = dna.to_dict(by="path")
    again = DNA.from_dict(SPEC, by_path)
    assert again.to_dict(by="path") == by_path
    assert SPACE.decode(again) == SPACE.decode(dna)
    assert ("d.f[1]" in by_path) == (dna.to_dict()["d"] == 1)
    assert ("e[=0/2]" in by_path) == (dna.to_dict()["e"] == 0)


@given(st.floats(1e-4, 0.1))
def test_a_float_gene_is_the_nearest_float32_and_reads_as_it_was_written(value):
    dna = DNA.from_numbers(SPEC, [1, value, 0, 0, 0.0])
    assert dna.floats[0] == np.float32(value)
    number = dna.numbers()[1]
    assert np.float32(number) == np.float32(value)
    assert 1e-4 <= number <= 0.1
    assert len(repr(number)) <= len(repr(float(np.float32(value))))


def test_bounds_that_float32_does_not_have_are_kept():
    dna = DNA.from_numbers(SPEC, [0, 0.1, 0, 0, 1 / 3])
    assert dna.numbers() == [0, 0.1, 0, 0, 1 / 3]


def test_batches_are_indexed_as_arrays_are():
    batch = SPACE.sample(jax.random.key(0), 7)
    assert len(batch) == 7
    assert batch.shape == (7,)
    assert batch[2].shape == ()
    assert batch[-1] == batch[6]
    assert batch[1:3] == DNA.concat([batch[1], batch[2]])
    assert batch[np.array([5, 0])] == DNA.concat([batch[5], batch[0]])
    assert batch[np.arange(7) > 4] == batch[5:]
    assert list(batch) == [batch[i] for i in range(7)]
    assert DNA.concat([batch[:3], batch[3], batch[4:]]) == batch
    assert DNA.from_numbers(SPEC, batch.numbers()) == batch
    assert DNA.from_json(SPEC, batch.to_json()) == batch
    assert DNA.from_json(SPEC, batch[:0].to_json()) == batch[:0]


def test_is_a_pytree_of_two_arrays():
    batch = SPACE.sample(jax.random.key(0), 3)
    choices, floats = jax.tree.leaves(batch)
    assert (choices.dtype, choices.shape) == (jnp.int32, (3, 3))
    assert (floats.dtype, floats.shape) == (jnp.float32, (3, 2))
    assert jax.jit(lambda dna: dna[1:])(batch) == batch[1:]
    assert jax.vmap(lambda dna: dna)(batch) == batch
    assert jax.tree.map(lambda x: x, batch) == batch
    assert repr(jax.tree.map(lambda x: None, batch)) == "DNA(None, None)"


def test_can_be_copied_and_pickled():
    batch = SPACE.sample(jax.random.key(0), 3)
    for again in (copy.copy(batch), copy.deepcopy(batch), pickle.loads(pickle.dumps(batch))):
        assert again == batch
        assert again.spec == batch.spec


def test_prints_what_was_decided():
    dna = DNA.from_numbers(SPEC, [1, 0.003, 0, 1, 0.25])
    assert repr(dna) == "DNA(d=1, d[=1/2].f[1]=0.003, e=0, e[=0/2]=1, g=0.25)"
    assert str(dna) == "1,0.003,0,1,0.25"
    assert repr(SPACE.sample(jax.random.key(0), 2)) == f"DNA[2] of {', '.join(IDS)}"


ONE = [0, 0.01, 0, 0, 0.0]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: DNA.from_numbers(SPEC, [0, 0.01]), ValueError, r"expected 5 numbers \(d, "),
        (lambda: DNA.from_numbers(SPEC, [2, *ONE[1:]]), ValueError, "d has 2 candidates"),
        (lambda: DNA.from_numbers(SPEC, [-1, *ONE[1:]]), ValueError, "d has 2 candidates"),
        (lambda: DNA.from_numbers(SPEC, [0.0, *ONE[1:]]), TypeError, "given by its index"),
        (lambda: DNA.from_numbers(SPEC, [True, *ONE[1:]]), TypeError, "given by its index"),
        (lambda: DNA.from_numbers(SPEC, [0, 0.2, *ONE[2:]]), ValueError, r"lies in \[0.0001, 0.1\]"),
        (lambda: DNA.from_numbers(SPEC, [0, float("nan"), *ONE[2:]]), ValueError, "lies in"),
        (lambda: DNA.from_numbers(SPEC, [0, "0.01", *ONE[2:]]), TypeError, "is a float"),
        (lambda: DNA.from_dict(SPEC, {"d": 0, "e": 1}), ValueError, "decision g is missing"),
        (lambda: DNA.from_dict(SPEC, {"d": 0, "e": 1, "g": 0.0, "dd": 1}), KeyError, "did you mean 'd'"),
        (lambda: DNA.from_dict(SPEC, {"d": 0, "d.f[1]": 0.1, "e": 1, "g": 0.0}), KeyError, "matter here"),
        (lambda: DNA.from_json(SPEC, "{"), ValueError, "is no JSON"),
        (lambda: DNA.from_json(SPEC, "[]"), ValueError, "JSON of a DNA"),
        (lambda: DNA.from_json(SPEC, '{"format": 2, "dna": {}}'), ValueError, "of format 1"),
        (lambda: DNA.from_string(SPEC, "1,x"), ValueError, "is no DNA"),
        (lambda: DNA(SPEC, np.zeros(3), np.zeros(2, np.float32)), TypeError, "array of int32"),
        (lambda: DNA(SPEC, np.zeros(2, np.int32), np.zeros(2, np.float32)), ValueError, "shape"),
        (
            lambda: DNA(SPEC, np.zeros((4, 3), np.int32), np.zeros((5, 2), np.float32)),
            ValueError,
            "one batch shape",
        ),
        (lambda: DNA.concat([]), ValueError, "at least one"),
        (lambda: SPACE.sample(jax.random.key(0), 2).to_dict(), TypeError, "single DNA"),
        (lambda: DNA.from_numbers(SPEC, ONE).to_dict(by="name"), ValueError, "'id' or 'path'"),
        (lambda: DNA.from_numbers(SPEC, ONE)[0], TypeError, "cannot be indexed"),
        (lambda: len(DNA.from_numbers(SPEC, ONE)), TypeError, "no length"),
        (lambda: SPACE.sample(jax.random.key(0), 2)[2], IndexError, "no DNA 2"),
        (lambda: SPACE.sample(jax.random.key(0), 2)[:, 0], IndexError, "reach into the batch"),
        (lambda: SPACE.sample(jax.random.key(0), -1), ValueError, "at least 0"),
    ],
)
def test_errors_say_what_is_wrong(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_is_immutable():
    dna = DNA.from_numbers(SPEC, ONE)
    with pytest.raises(AttributeError, match="immutable"):
        dna.choices = None


def test_dnas_of_different_spaces_do_not_mix():
    other = search.space([search.oneof([1, 2])])
    with pytest.raises(ValueError, match="another space"):
        DNA.concat([DNA.from_numbers(SPEC, ONE), DNA.from_numbers(other.spec, [0])])
