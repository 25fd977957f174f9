"""Laws that hold in every space: what is decoded is encoded again, each form leads back, all points are there."""

import json

import jax
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import symjax as sj
from symjax import search
from symjax.search import DNA

from . import generated


def canonical(space, dna):
    """The same point, with the least genes where decisions do not matter."""
    return DNA.from_nested(space.spec, dna.nested())


@given(generated.points())
@settings(max_examples=50)
def test_what_is_decoded_is_encoded_again(point):
    space, dna = point
    tree = space.decode(dna)
    assert not sj.contains(tree, type=sj.Placeholder)
    assert space.encode(tree) == canonical(space, dna)
    assert sj.eq(space.decode(space.encode(tree)), tree)
    assert sj.eq(space.decode(canonical(space, dna)), tree)


@given(generated.points())
@settings(max_examples=50)
def test_every_form_leads_back(point):
    space, dna = point
    spec = space.spec
    for again in (
        DNA.from_numbers(spec, dna.numbers()),
        DNA.from_dict(spec, dna.to_dict()),
        DNA.from_dict(spec, dna.to_dict(as_="label")),
        DNA.from_json(spec, dna.to_json()),
        DNA.from_string(spec, str(dna)),
    ):
        assert again == dna
    least = canonical(space, dna)
    for again in (
        DNA.from_nested(spec, least.nested()),
        DNA.from_dict(spec, dna.to_dict(by="path")),
        DNA.from_dict(spec, dna.to_dict(by="path", as_="label")),
        space.from_values(space.values(dna)),
    ):
        assert again == least


@given(generated.points())
@settings(max_examples=50)
def test_values_are_data_that_text_holds(point):
    space, dna = point
    written = json.loads(json.dumps(dna.to_dict()))
    assert DNA.from_dict(space.spec, written) == dna


@given(generated.points(), st.integers(1, 3))
@settings(max_examples=20)
def test_arrays_of_numbers_are_read(point, n):
    space, dna = point
    rows = np.array([dna.numbers()] * n, object)
    assert DNA.from_numbers(space.spec, rows) == DNA.concat([dna] * n)
    assert DNA.from_numbers(space.spec, rows[:0]).shape == (0,)


@given(generated.points())
@settings(max_examples=50)
def test_a_float_is_inside_its_bounds_however_it_was_rounded(point):
    space, dna = point
    space.spec.check(dna.choices, dna.floats)
    for choice, number in zip(space.choices, _by_point(dna), strict=True):
        if isinstance(choice, search.FloatV):
            assert choice.lo <= number <= choice.hi


def _by_point(dna):
    return list(dna.to_dict().values())


@given(generated.finite_spaces)
@settings(max_examples=50)
def test_enumeration_is_complete_and_each_point_there_once(space):
    dnas = list(space.enumerate())
    assert len(dnas) == space.size
    assert len(set(dnas)) == len(dnas)
    assert len({repr(space.decode(dna)) for dna in dnas}) == len(dnas)
    for dna in dnas:
        space.spec.check(dna.choices, dna.floats)
        assert canonical(space, dna) == dna


@given(st.lists(generated.points(), min_size=30, max_size=30))
@settings(max_examples=1)
def test_lanes_that_are_filled_under_jit_are_those_outside_bit_for_bit(points):
    """Thirty spaces as one, for they compile long."""
    space = search.space([space.tree for space, _ in points] + [search.floatv(0.0, 1.0)])
    like = space.of(
        [
            genes
            for part, dna in points
            for genes in (
                list(getattr(dna, point.array)[columns])
                for point, columns in zip(part.spec.points, part.spec.columns, strict=True)
            )
        ]
        + [[np.float32(0.3)]]
    )
    expected = [np.float32(leaf) for leaf in jax.tree.leaves(space.decode(like)) if isinstance(leaf, float)]

    @jax.jit
    def lanes(dna):
        return [leaf for leaf in jax.tree.leaves(space.decode(dna, like=like)) if isinstance(leaf, jax.Array)]

    assert len(expected) > 10
    assert [np.asarray(leaf).tobytes() for leaf in lanes(like)] == [leaf.tobytes() for leaf in expected]
    batch = jax.tree.map(lambda genes: np.stack([genes] * 3), like)
    for leaf, value in zip(jax.vmap(lanes)(batch), expected, strict=True):
        assert np.asarray(leaf).tobytes() == value.tobytes() * 3
