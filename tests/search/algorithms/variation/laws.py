"""A space of all kinds of decisions, in each other too, and what holds of all that varies its points."""

import jax
import numpy as np

from symjax import search
from symjax.search.algorithms.variation.activity import chosen
from symjax.search.algorithms.variation.digests import digest

SPACE = search.space(
    {
        "a": search.oneof(
            [
                1,
                search.oneof([2, search.floatv(0.0, 1.0), [search.oneof([3, 4])]]),
                search.permutate(["w", "x", "y"]),
            ],
            name="a",
        ),
        "b": search.manyof(2, [1, 2, search.intv(3, 5), 6], sorted=True),
        "c": search.manyof(2, [1, 2, 3], distinct=False),
        "d": search.intv(1, 9),
        "e": search.floatv(1e-3, 1.0, "log"),
        "f": search.oneof([1]),
        "g": search.manyof(2, [1, 2, 3], distinct=False, sorted=True),
        "h": search.manyof(2, ["p", "q", search.floatv(-1.0, 1.0), "r"]),
        "i": search.intv(1, 1000, scale="log"),
    }
)
DNAS = SPACE.sample(jax.random.key(0), 256)


def active_of(dnas):
    return np.stack(dnas.spec.active(np.asarray(dnas.choices)), -1)


def decisions_that_differ(before, after):
    """bool[n, P]: whose genes are others."""
    pairs = {"choices": (before.choices, after.choices), "floats": (before.floats, after.floats)}
    columns = []
    for point, own in zip(before.spec.points, before.spec.columns, strict=True):
        first, second = (np.asarray(genes)[..., own] for genes in pairs[point.array])
        columns.append((first != second).any(-1))
    return np.stack(columns, -1)


def check_children(parents, children, space=SPACE, where=None):
    """Children are points of the space, other ones, and what matters in neither is as it was."""
    children = children.host()
    space.spec.check(children.choices, children.floats)
    assert len(space.decode(children[:4])) == 4
    can_change = (active_of(parents) & chosen(space.spec, where)).any(-1)
    is_same = (digest(parents) == digest(children)).all(-1)
    np.testing.assert_array_equal(is_same, ~can_change)
    matters = active_of(parents) | active_of(children)
    assert not (decisions_that_differ(parents, children) & ~matters).any()
    return children
