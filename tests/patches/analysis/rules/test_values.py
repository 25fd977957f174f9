"""The extents of arrays."""

import pytest

from symjax.patches.analysis.extents import Extents
from symjax.patches.analysis.rules.values import join, pinned, without


def test_arrays_are_joined_axis_by_axis():
    extents = Extents()
    a, b = ((extents.fresh(2), extents.fresh(3)) for _ in range(2))
    join(extents, a, b)
    assert [extents.flat(extent) for extent in a] == [extents.flat(extent) for extent in b]
    with pytest.raises(ValueError, match="zip"):
        join(extents, a, b[:1])


def test_an_axis_that_is_pinned_says_why():
    extents = Extents()
    (number,) = pinned(extents, 3, "because")
    assert extents.pins(lightly=False) == {number: "because"}


def test_axes_are_left_out_by_position():
    assert without(((1,), (2,), (3,)), [1]) == ((1,), (3,))
