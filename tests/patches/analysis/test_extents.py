"""Extents: joined, split, added up and cut, in any order."""

from hypothesis import given
from hypothesis import strategies as st

from symjax.patches.analysis.extents import Extents

SIZES = st.lists(st.integers(2, 5), min_size=1, max_size=4)


def test_what_is_joined_is_one_class():
    extents = Extents()
    a, b, c = (extents.fresh(4) for _ in range(3))
    extents.join(a, b)
    extents.join(b, c)
    assert extents.flat(a) == extents.flat(c)
    assert extents.flat(a) != extents.flat(extents.fresh(4))


def test_an_extent_of_one_is_no_class():
    assert Extents().fresh(1) == ()


@given(SIZES)
def test_a_merged_axis_consists_of_what_was_merged(sizes):
    extents = Extents()
    axes = [extents.fresh(size) for size in sizes]
    (merged,) = extents.regroup(axes, [extents.size(sum(axes, ()))])
    assert extents.flat(merged) == sum(axes, ())
    assert extents.regroup([merged], sizes) == axes


@given(SIZES)
def test_a_split_axis_is_joined_with_its_parts_wherever_it_stands(sizes):
    extents = Extents()
    whole, other = extents.fresh(_product(sizes)), extents.fresh(_product(sizes))
    extents.join(whole, other)
    parts = extents.regroup([whole], sizes)
    assert extents.flat(other) == extents.flat(sum(parts, ()))
    assert [extents.size(part) for part in parts] == sizes


def test_the_parts_before_the_last_are_counts():
    extents = Extents()
    heads, size = extents.regroup([extents.fresh(12)], [3, 4])
    assert extents.counts() == set(heads)
    assert extents.counts().isdisjoint(size)


def test_two_splits_of_one_axis_that_do_not_line_up_pin_it():
    extents = Extents()
    axis = extents.fresh(6)
    extents.regroup([axis], [2, 3])
    extents.regroup([axis], [3, 2])
    assert set(extents.flat(axis)) <= extents.pins(lightly=False).keys()


@given(SIZES, SIZES)
def test_a_sum_is_cut_where_it_was_joined_or_anywhere_else(before, after):
    extents = Extents()
    terms = [extents.fresh(size) for size in (*before, *after)]
    total = extents.total(terms)
    first, rest = extents.cut(total, sum(before))
    assert extents.terms(first) == tuple(terms[: len(before)])
    assert extents.terms(rest) == tuple(terms[len(before) :])
    start, end = extents.cut(total, 1)
    assert extents.size(start) == 1
    assert extents.size(end) == sum(before) + sum(after) - 1


def test_sums_that_are_joined_are_joined_term_by_term():
    extents = Extents()
    a, b, c = extents.fresh(2), extents.fresh(3), extents.fresh(5)
    d = extents.fresh(5)
    extents.join(extents.total([a, b, c]), extents.total([d, c]))
    assert extents.terms(d) == (extents.flat(a), extents.flat(b))


def test_a_sum_of_equal_terms_is_a_product_where_it_is_split():
    extents = Extents()
    term = extents.fresh(4)
    doubled = extents.total([term, term])
    parts = extents.regroup([doubled], [2, 4])
    assert extents.flat(parts[1]) == extents.flat(term)


def test_what_is_left_of_a_slice_is_pinned_unless_it_is_used():
    extents = Extents()
    kept, cut_off = extents.cut(extents.fresh(6), 4)
    extents.use(kept)
    extents.leave(cut_off, "unused")
    assert extents.pins(lightly=False) == {cut_off[0]: "unused"}
    extents.use(cut_off)
    assert extents.pins(lightly=False) == {}


def test_a_pin_reaches_the_parts_that_are_found_later():
    extents = Extents()
    whole = extents.fresh(8)
    extents.pin(whole, "because")
    (half, _) = extents.cut(whole, 4)
    extents.regroup([half], [2, 2])
    assert set(extents.flat(half)) <= extents.pins(lightly=False).keys()


def _product(sizes):
    result = 1
    for size in sizes:
        result *= size
    return result
