"""Decisions whose leaves lie behind patches."""

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.planning.patched_leaves import patched_leaves, possible_leaves

KEY = jax.random.key(0)


class Exp(sj.Object):
    lr: float = 0.1
    other: float = 1.0
    n: int = 1

    def __check__(self):
        if not sj.contains(self, type=sj.Placeholder) and self.lr > 4:
            raise ValueError("too fast")

    def run(self, key):
        return {"lr": self.lr * self.n, "other": self.other}


@sj.patcher
def _set_lr(exp, value: float):
    return {"lr": value}


@sj.patcher
def _scale(exp, factor: float):
    return lambda k, v: v * factor if isinstance(v, float) else v


@sj.patcher
def _repeat(exp, n: int):
    return {"n": n}


X = search.floatv(0.0, 1.0)


@pytest.mark.parametrize(
    ("fields", "ideas", "buckets", "lanes"),
    [
        ({}, [_set_lr(value=X)], 1, ["_set_lr.value"]),
        ({}, [_set_lr(value=search.oneof([0.2, 0.3]))], 1, ["_set_lr.value"]),
        ({}, [_scale(factor=X)], 1, ["_scale.factor"]),
        ({}, [_repeat(n=search.oneof([2, 3]))], 2, []),
        ({}, [sj.maybe(_set_lr(value=X))], 2, ["_set_lr.value"]),
        ({"lr": X}, [sj.maybe(_scale(factor=X))], 2, ["lr", "_scale.factor"]),
        ({"lr": X, "other": X}, [sj.maybe(_scale(factor=2.0))], 2, ["lr", "other"]),
        ({"lr": X}, [sj.maybe(_set_lr(value=0.5))], 2, ["lr"]),
        ({"lr": X, "n": search.oneof([1, 2])}, [_set_lr(value=X)], 2, ["lr", "_set_lr.value"]),
    ],
)
def test_run_in_lanes_of_the_right_values(fields, ideas, buckets, lanes):
    space = search.space(Exp(**fields), patches=ideas)
    dnas = space.sample(KEY, 12)
    results = search.evaluate(Exp.run, space, dnas, KEY)
    for row, tree in enumerate(space.decode(dnas)):
        assert results["lr"][row] == np.float32(tree.lr) * np.float32(tree.n)
        assert results["other"][row] == np.float32(tree.other)
    assert len(results.plan.buckets) == buckets
    assert list(results.plan.lanes) == lanes


def test_a_tree_that_a_patch_makes_invalid_fails_alone():
    space = search.space(Exp(lr=1.0), patches=[_scale(factor=search.floatv(0.0, 8.0))])
    dnas = search.DNA.from_numbers(space.spec, [[1.5], [7.0], [2.0]])
    with pytest.warns(RuntimeWarning, match="1 of 3 configurations raised.*too fast"):
        results = search.evaluate(Exp.run, space, dnas, KEY)
    assert results.states.tolist() == ["ok", "failed", "ok"]
    assert results["lr"][[0, 2]].tolist() == [1.5, 2.0]


def test_so_does_one_of_candidates_whatever_its_constructor_raises():
    class Careful(sj.Object):
        lr: float = 1.0

        def __check__(self):
            assert self.lr < 4

        def run(self, key):
            return self.lr

    space = search.space(Careful(), patches=[_scale(factor=search.oneof([0.5, 8.0]))])
    with pytest.warns(RuntimeWarning, match="1 of 2"):
        results = search.evaluate(Careful.run, space, space.grid(1), KEY)
    assert results.states.tolist() == ["ok", "failed"]


def test_says_which_decisions_move_a_leaf():
    space = search.space(Exp(lr=X), patches=[_scale(factor=X), _repeat(n=search.oneof([2, 3]))])
    tried = patched_leaves(space, space.sample(KEY).host(), range(3))
    assert [decision.index for decision in tried.decided.values()] == [1]  # `other` is 1 times the factor
    assert [tried.movers[place] for place in tried.computed] == [{0, 1}]
    assert tried.structural == {2}


def test_is_asked_of_spaces_with_patches_alone():
    assert possible_leaves(search.space(Exp(lr=X)), []) == frozenset()
    assert possible_leaves(search.space(Exp(lr=X), patches=[_scale(factor=X)]), [0]) == {1}
