"""`manyof` and `permutate`: several candidates, in four ways."""

import itertools

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA

WAYS = list(itertools.product([True, False], [True, False]))


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (search.manyof(2, ["a", "b", "c"]), "manyof(2, ['a', 'b', 'c'])"),
        (search.manyof(np.int64(1), [1, 2], sorted=True), "manyof(1, [1, 2], sorted=True)"),
        (search.manyof(3, [1, 2], False, True), "manyof(3, [1, 2], distinct=False, sorted=True)"),
        (search.manyof(1, {"a": 1, "b": 2}, name="n"), "manyof(1, {'a': 1, 'b': 2}, name='n')"),
        (search.permutate([1, 2, 3]), "permutate([1, 2, 3])"),
    ],
)
def test_prints_as_it_is_written(choice, text):
    assert repr(choice) == sj.format(choice) == text
    assert sj.from_json(sj.to_json(choice)) == choice


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: search.manyof(4, [1, 2, 3]),
            ValueError,
            "at most 3, the number of candidates, unless .* k=4",
        ),
        (lambda: search.manyof(-1, [1, 2], distinct=False), ValueError, "at least 0; got k=-1"),
        (lambda: search.manyof([1, 2], 1), TypeError, r"manyof\(2, \[a, b, c\]\)"),
        (lambda: search.manyof(2.0, [1, 2]), TypeError, "takes how many"),
        (lambda: search.manyof(True, [1, 2]), TypeError, "takes how many"),
    ],
)
def test_refuses_nonsense(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("distinct", "sorted", "rows"),
    [
        (True, True, ["ab", "ac", "bc"]),
        (True, False, ["ab", "ac", "ba", "bc", "ca", "cb"]),
        (False, True, ["aa", "ab", "ac", "bb", "bc", "cc"]),
        (False, False, ["aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc"]),
    ],
)
def test_what_there_is_to_take(distinct, sorted, rows):
    space = search.space(search.manyof(2, ["a", "b", "c"], distinct, sorted))
    assert ["".join(space.decode(dna)) for dna in space.enumerate()] == rows
    assert space.size == len(rows)


@pytest.mark.parametrize(("distinct", "sorted"), WAYS)
def test_candidates_with_decisions_are_decided_for_each_place(distinct, sorted):
    inner = ["a", ["b", search.oneof([1, 2])], ["c", search.oneof([3, 4, 5])]]
    space = search.space(search.manyof(2, inner, distinct, sorted))
    trees = [space.decode(dna) for dna in space.enumerate()]
    assert len(trees) == space.size == len({str(tree) for tree in trees})
    assert [space.decode(space.encode(tree)) for tree in trees] == trees
    assert space.spec.names[:3] == ("(root)", "[0][=1/3][1]", "[0][=2/3][1]")


@pytest.mark.parametrize(
    ("distinct", "sorted", "numbers", "message"),
    [
        (True, True, [1, 1], "m takes distinct candidates, got"),
        (True, True, [1, 0], r"m takes candidates in their order, got \[1, 0\], which is not sorted"),
        (True, False, [2, 2], "m takes distinct candidates"),
        (False, True, [2, 1], "not sorted"),
        (False, False, [0, 3], "m has 3 candidates, 0 to 2; got 3"),
        (True, True, [-1, 0], "m has 3 candidates"),
        (True, True, [0, 1, 2], "m takes 2 candidates, got 3"),
        (True, True, [0], "m takes 2 candidates, got 1"),
    ],
)
def test_numbers_that_are_no_selection_are_refused_by_name(distinct, sorted, numbers, message):
    space = search.space({"m": search.manyof(2, ["a", "b", "c"], distinct, sorted)})
    with pytest.raises(ValueError, match=message):
        DNA.from_dict(space.spec, {"m": numbers})


@pytest.mark.parametrize(
    ("sorted", "genes", "message"),
    [
        (False, [2, 2, 1, 0], "m takes distinct candidates"),
        (False, [0, 1, 3, 2], r"m takes 2 of 4 candidates, then the rest in order; got \[0, 1, 3, 2\]"),
        (False, [0, 1, 2, 4], "then the rest in order"),
        (False, [0, 7, 1, 2], "m has 4 candidates, 0 to 3; got 7"),
        (True, [1, 0, 2, 3], "m takes candidates in their order"),
    ],
)
def test_genes_that_are_no_selection_are_refused_by_name(sorted, genes, message):
    space = search.space({"m": search.manyof(2, ["a", "b", "c", "d"], sorted=sorted)})
    dna = DNA(space.spec, np.array(genes, np.int32), np.zeros(0, np.float32))
    with pytest.raises(ValueError, match=message):
        space.decode(dna)


def test_any_permutation_has_a_canonical_form():
    choice = search.manyof(2, ["a", "b", "c", "d"], sorted=True)
    for row in itertools.permutations(range(4)):
        genes = np.asarray(choice.canonical(jax.numpy.array(row)))
        choice.check(genes, "m")
        assert set(genes[:2].tolist()) == set(row[:2])


def test_a_selection_that_fits_is_found_whatever_was_tried_first():
    space = search.space([search.manyof(2, [search.intv(1, 3), search.intv(3, 5)])])
    assert space.decode(space.encode([[4, 3]])) == [[4, 3]]
    assert space.encode([[4, 3]]).nested() == [[(1, 4), (0, 3)]]
    with pytest.raises(ValueError, match=r"no selection of permutate.* \(path=\[0\]\)"):
        space.encode([[5, 4]])


def test_a_field_takes_the_list():
    class Layers(sj.Object):
        sizes: tuple[int, ...] = ()

    space = search.space(Layers(search.manyof(2, [1, 2])))
    assert [space.decode(dna).sizes for dna in space.enumerate()] == [(1, 2), (2, 1)]
    with pytest.raises(TypeError, match=r"expects tuple\[int, ...\], got 'a' .*\(path=sizes\[0\]\)"):
        Layers(search.manyof(2, [1, "a"]))


def test_labels_stand_in_a_list():
    space = search.space({"m": search.manyof(2, {"x": 1, "y": 2})})
    dna = space.from_values({"m": ["y", "x"]})
    assert (space.values(dna), space.decode(dna)) == ({"m": ["y", "x"]}, {"m": [2, 1]})
    assert space.from_values({"m": [2, 1]}) == dna
