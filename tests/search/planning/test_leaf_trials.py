"""Trying many decisions at once."""

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.planning.leaf_decisions import leaf_decisions
from symjax.search.planning.leaf_trials import LeafTrials


class Cell(sj.Object):
    x: float
    copy: float = 0.0
    n: int = 1
    forced: int = sj.field(default=1, static=False)

    def on_rebind(self, changes):
        return {"copy": 2 * self.x} if "x" in changes and self.n == 2 else {}


class Heads(sj.Object):
    """Cannot be made of some numbers of heads."""

    scale: float
    heads: int

    def __check__(self):
        assert 8 % self.heads == 0, f"8 % {self.heads}"

    def run(self, key):
        return self.scale * self.heads


def lanes_of(tree):
    space = search.space(tree)
    return [space.spec.names[index] for index in leaf_decisions(space)]


def test_decodes_as_many_trees_as_there_are_values(monkeypatch):
    space = search.space([Cell(search.floatv(0, 1), copy=search.oneof([0.1, 0.2, 0.3])) for _ in range(40)])
    decoded = []
    decode = search.Space.decode
    monkeypatch.setattr(search.Space, "decode", lambda *args: decoded.append(1) or decode(*args))
    assert len(LeafTrials(space, range(80)).leaves) == 80
    assert len(decoded) == 3


@pytest.mark.parametrize("culprits", [(0,), (3, 17), range(20)])
def test_what_moves_more_than_its_leaf_is_found_among_many(culprits):
    cells = [Cell(search.floatv(0, 1), n=2 if i in culprits else 1) for i in range(20)]
    assert lanes_of(cells) == [f"[{i}].x" for i in range(20) if i not in culprits]


def test_decisions_in_candidates_that_exclude_each_other():
    tree = {
        "a": search.oneof([Cell(search.floatv(0, 1)), Cell(search.oneof([0.1, 0.2])), 3]),
        "b": search.manyof(2, [Cell(search.floatv(0, 1), n=2), Cell(search.floatv(0, 1))]),
    }
    assert lanes_of(tree) == ["a[=0/3].x", "a[=1/3].x", "b[0][=1/2].x", "b[1][=1/2].x"]


def test_whole_numbers_that_are_leaves():
    space = search.space([Cell(0.5, forced=search.intv(2, 2000, step=2)), Cell(0.5, n=search.intv(1, 3))])
    decisions = leaf_decisions(space)
    assert [space.spec.names[index] for index in decisions] == ["[0].forced"]
    assert decisions[0].leaves[[0, 1, 999]].tolist() == [2, 4, 2000]
    dnas = search.DNA.from_numbers(space.spec, [[2, 1], [10, 1]])
    assert search.evaluate(
        lambda exp, key: exp[0].forced, space, dnas, jax.random.key(0)
    ).metrics.tolist() == [2, 10]
    assert lanes_of([Cell(0.5, forced=search.intv(0, 10**6))]) == []  # too many for a table


def test_a_leaf_that_another_decision_writes_is_none():
    class Tied(sj.Object):
        x: float
        y: float

        def on_rebind(self, changes):
            return changes.overriding({"y": self.x})

    assert lanes_of(Tied(search.floatv(0, 1), search.floatv(0, 1))) == []


def test_candidates_that_a_field_converts_are_taken_as_they_come_out():
    space = search.space([Cell(search.oneof([1, 2])), np.float32(0)])
    [decision] = leaf_decisions(space).values()
    assert decision.leaves.tolist() == [1.0, 2.0]


def test_a_constraint_is_no_obstacle():
    space = search.space([Cell(search.floatv(0, 1)), Cell(search.floatv(0, 1))]).constrain(
        lambda tree: tree[0].x < tree[1].x
    )
    assert len(leaf_decisions(space)) == 2
    dnas = search.DNA(space.spec, np.zeros((2, 0), np.int32), np.array([[0.1, 0.2], [0.2, 0.1]], np.float32))
    with pytest.warns(RuntimeWarning, match="1 of 2"):
        results = search.evaluate(lambda exp, key: exp[0].x, space, dnas, jax.random.key(0))
    assert results.states.tolist() == ["ok", "failed"]


@pytest.mark.parametrize("heads", [[2, 3], [2, 4, 3, 6], [3, 2]])
def test_trees_that_cannot_be_made_are_no_obstacle(heads):
    space = search.space(Heads(search.floatv(0, 1), search.oneof(heads)))
    assert [space.spec.names[index] for index in leaf_decisions(space)] == ["scale"]
    dna = space.from_values({"heads": 2, "scale": 0.5})
    assert search.evaluate(Heads.run, space, [dna], jax.random.key(0)).metrics.tolist() == [1.0]


def test_a_value_of_which_no_tree_can_be_made_fails_alone():
    class Careful(sj.Object):
        scale: float

        def __check__(self):
            assert self.scale < 1

        def run(self, key):
            return self.scale

    space = search.space(Careful(search.oneof([0.5, 2.0])))
    with pytest.warns(RuntimeWarning, match="1 of 2"):
        results = search.evaluate(Careful.run, space, space.grid(1), jax.random.key(0))
    assert results.states.tolist() == ["ok", "failed"]


def test_where_no_tree_can_be_made_nothing_is_a_lane():
    assert lanes_of(Heads(search.floatv(0, 1), search.oneof([3, 5, 7]))) == []
