"""A subclass may only narrow the type of a field that it inherits."""

from typing import Any

import pytest

import symjax as sj

from ..trees import Box, Rate


def test_a_subclass_may_only_narrow_a_type():
    class Wide(sj.Object):
        model: sj.Object
        size: float = 1.0

    class Narrow(Wide):
        model: Rate
        size: int = 1

    assert Narrow(Rate(0.1)).size == 1
    with pytest.raises(TypeError, match=r"\(path=model\)$"):
        Narrow(Box())
    with pytest.raises(TypeError, match=r"Wider.model: object is no subclass of Rate.*\(path=model\)$"):

        class Wider(Narrow):
            model: object

    with pytest.raises(TypeError, match=r"Other.size: str is no subclass of float.*\(path=size\)$"):

        class Other(Wide):
            size: str = ""


def test_hints_that_are_no_plain_classes_are_let_be():
    class Wide(sj.Object):
        sizes: tuple[int, ...] | None = None
        content: Any = 1

    class Other(Wide):
        sizes: int | str = 3
        content: str = "x"

    assert Other(content="y").sizes == 3
