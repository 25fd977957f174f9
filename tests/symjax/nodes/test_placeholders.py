"""`Placeholder`: what may stand for a value that is not decided yet."""

import operator

import pytest

import symjax as sj
from symjax.nodes.placeholders import undecided

from .. import trees

BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lt", "le", "gt", "ge"]


class Any3(sj.Placeholder):
    """A placeholder of a user's own."""

    size: int = 3

    def options(self):
        return range(self.size)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("swapped", [False, True])
def test_it_is_not_computed_with(name, swapped):
    pair = (1, Any3()) if swapped else (Any3(), 1)
    with pytest.raises(TypeError, match=r"Any3\(\) is not decided yet and cannot be computed with"):
        getattr(operator, name)(*pair)


@pytest.mark.parametrize("operation", [operator.neg, abs])
def test_nor_alone(operation):
    with pytest.raises(TypeError, match="space"):
        operation(Any3())


def test_it_stands_where_each_of_its_options_may():
    assert trees.Rate(0.5, Any3()).steps == Any3()
    with pytest.raises(TypeError, match=r"Rate\.steps expects int"):
        trees.Rate(0.5, sj.oneof([1, "many"]))
    assert list(sj.Placeholder().options()) == []
    assert trees.Rate(sj.Placeholder()).rate == sj.Placeholder()  # nothing is known of it


def test_a_check_waits_for_it():
    class Positive(sj.Object):
        size: int

        def __check__(self):
            if self.size <= 0:
                raise ValueError("too small")

    assert Positive(Any3()).size == Any3()
    with pytest.raises(ValueError, match="too small"):
        Positive(Any3()).rebind(size=0)


def test_the_message_says_how_to_decide_it():
    assert "decode(dna)" in undecided(Any3())
