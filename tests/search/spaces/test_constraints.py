"""`Space.constrain`: what is drawn, enumerated and encoded is as demanded."""

import jax
import pytest

from symjax import search
from symjax.search import DNA

SPACE = search.space({"heads": search.intv(1, 4), "width": search.oneof([6, 8])})


def divides(tree):
    return tree["width"] % tree["heads"] == 0


SOME = SPACE.constrain(divides)
KEY = jax.random.key(0)


def test_every_sample_is_as_demanded():
    dnas = SOME.sample(KEY, 64)
    assert all(map(divides, SOME.decode(dnas)))
    free = SPACE.sample(KEY, 64)
    assert [a == b for a, b in zip(dnas, free, strict=True)] == list(map(divides, SPACE.decode(free)))


def test_only_what_holds_is_enumerated_and_counted():
    trees = [SOME.decode(dna) for dna in SOME.enumerate()]
    assert trees == [tree for tree in map(SPACE.decode, SPACE.enumerate()) if divides(tree)]
    assert (SOME.size, len(SOME.grid(1)), SPACE.size) == (6, 6, 8)


def test_constraints_add_up():
    both = SOME.constrain(lambda tree: tree["heads"] > 1)
    assert (both.size, SOME.size) == (4, 6)
    assert both != SOME != SPACE


def test_what_does_not_hold_is_refused_by_the_name_of_the_constraint():
    dna = DNA.from_dict(SPACE.spec, {"heads": 4, "width": 0})
    with pytest.raises(ValueError, match="not in the space: the constraint divides does not hold"):
        SOME.decode(dna)
    with pytest.raises(ValueError, match="constraint divides"):
        SOME.encode({"heads": 4, "width": 6})
    assert SOME.decode(SOME.encode({"heads": 4, "width": 8})) == {"heads": 4, "width": 8}


def test_what_holds_nearly_nowhere_is_an_error():
    none = SPACE.constrain(lambda tree: False)
    with pytest.raises(ValueError, match=r"refuse nearly everything: .* 2 of 2 points"):
        none.sample(KEY, 2)
    with pytest.raises(ValueError, match="no point of the grid"):
        none.grid(1)
    assert none.size == 0


def test_a_constraint_is_a_function():
    with pytest.raises(TypeError, match="constrain takes a function of a decoded tree, got 3"):
        SPACE.constrain(3)


def test_constraints_see_values_and_so_no_tracers():
    with pytest.raises(TypeError, match="cannot be sampled inside jit"):
        jax.jit(lambda key: SOME.sample(key, 2))(KEY)


def test_says_that_it_is_constrained():
    assert repr(SOME).startswith("Space of 8 trees at most, 2 decisions, constrained by divides")
