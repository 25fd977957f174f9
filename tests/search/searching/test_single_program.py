"""Whether all points of a space run through one program, and what its leaves are, by their genes."""

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.engines import Local
from symjax.search.planning.arguments import flatten
from symjax.search.results.objective import Objective
from symjax.search.searching.single_program import SeveralPrograms, single_program

KEY = jax.random.key(0)


class Line(sj.Object):
    slope: float
    offset: float = 0.5

    def run(self, key):
        return self.slope + 10 * self.offset


@sj.patcher
def _put_offset(line, value: float):
    return {"offset": value}


@sj.patcher
def _steepen(line, factor: float):
    return {"slope": line.slope * factor}


def single(space, fn=Line.run, **how):
    return single_program(fn, space, KEY, (), Local(), Objective.of(**how))


LOG = search.floatv(1e-3, 1.0, "log")
SPACES = [
    search.space(Line(search.oneof([1.0, 2.0, 4.0]))),
    search.space(Line(search.oneof([1.0, 2.0]), LOG)),
    search.space({"line": Line(search.floatv(0.0, 1.0), search.oneof([0.25, 3.0]))}),
    search.space(Line(search.oneof([1.0, 2.0])), patches=[_put_offset(value=LOG)]),
]


@pytest.mark.parametrize("space", SPACES)
def test_leaves_are_those_of_the_decoded_trees(space):
    program = single(space, lambda exp, key: 0.0)
    dnas = space.sample(KEY, 9)
    columns = [np.asarray(leaf.of(dnas, leaf.table)) for leaf in program.leaves]
    assert len(columns) == len(space)
    for row, decoded in enumerate(space.decode(dnas)):
        leaves = flatten(decoded).leaves
        for index, column in zip(program.bucket.program.varying, columns, strict=True):
            assert column[row] == np.float32(leaves[index])


def test_arrays_are_candidates_too():
    arrays = [np.arange(3.0, dtype=np.float32), np.ones(3, np.float32)]
    space = search.space({"bias": search.oneof(arrays)})
    program = single(space, lambda exp, key: exp["bias"].sum())
    [leaf] = program.leaves
    dnas = search.DNA.from_numbers(space.spec, [[1], [0]])
    np.testing.assert_array_equal(leaf.of(dnas, leaf.table), [arrays[1], arrays[0]])


def test_leaves_that_patches_compute_are_refused():
    space = search.space(Line(search.oneof([1.0, 2.0])), patches=[_steepen(factor=search.oneof([0.5, 3.0]))])
    with pytest.raises(SeveralPrograms, match=r"patches compute leaves of what is decided: .*slope"):
        single(space)


def test_a_reason_names_the_decisions():
    class Kinds(sj.Object):
        kind: str
        slope: float

        def run(self, key):
            return self.slope

    space = search.space(Kinds(search.oneof(["a", "b"]), search.oneof([1.0, 2.0])))
    with pytest.raises(SeveralPrograms, match=r"^kind decides on the structure$"):
        single(space, Kinds.run)


def test_an_objective_that_there_is_not_is_refused():
    with pytest.raises(KeyError, match="accuracy"):
        single(search.space(Line(search.oneof([1.0, 2.0]))), objective="accuracy")
