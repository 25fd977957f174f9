"""`Space.constrain`: what is drawn, enumerated and encoded is as demanded."""

import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA

SPACE = search.space({"heads": search.intv(1, 4), "width": search.oneof([6, 8])})


class Heads(sj.Object):
    """Cannot be made of some numbers of heads."""

    heads: int

    def __check__(self):
        assert 8 % self.heads == 0, f"8 % {self.heads}"


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


def test_a_tree_that_cannot_be_made_is_refused():
    space = search.space(Heads(search.oneof([2, 4, 3])))
    some = space.constrain(lambda tree: True)
    assert {tree.heads for tree in some.decode(some.sample(KEY, 16))} == {2, 4}
    assert some.size == 2
    with pytest.raises(AssertionError, match="8 % 3"):
        some.decode(space.from_values({"heads": 3}))


def test_why_nothing_is_allowed_is_the_cause():
    none = search.space(Heads(search.oneof([3, 5]))).constrain(lambda tree: True)
    with pytest.raises(ValueError, match="refuse nearly everything") as caught:
        none.sample(KEY, 1)
    assert isinstance(caught.value.__cause__, AssertionError)


@pytest.mark.parametrize(
    "use", [lambda space: space.sample(KEY, 1), lambda space: space.encode({"heads": 1})]
)
def test_what_a_constraint_raises_is_said_to_be_its(use):
    def looks_elsewhere(tree):
        return tree["m"]

    space = search.space({"heads": search.oneof([1, 2])}).constrain(looks_elsewhere)
    with pytest.raises(KeyError) as caught:
        use(space)
    assert caught.value.__notes__ == ["raised by the constraint looks_elsewhere of the space"]


@pytest.mark.parametrize("to", [lambda genes: genes, jnp.asarray])
def test_the_dna_of_a_batch_that_cannot_be_made_is_named(to):
    space = search.space(Heads(search.oneof([2, 3])))
    with pytest.raises(AssertionError) as caught:
        space.decode(jax.tree.map(to, space.grid(1)))
    assert caught.value.__notes__[-1] == "raised for number 1 of the batch, DNA(heads=1)"


def test_a_batch_is_not_taken_for_one():
    with pytest.raises(TypeError, match=r"allows takes a single DNA, this is a batch of \[3\]"):
        SOME.allows(SOME.sample(KEY, 3))
