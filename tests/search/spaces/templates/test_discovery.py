"""Finding decisions: where they stand, what they are called, what stays closed."""

from typing import Any

import symjax as sj
from symjax import search
from symjax.search.spaces.templates.discovery import Discovery


class Box(sj.Object):
    x: Any
    y: Any = None


INNER = search.oneof([1, Box(x=search.floatv(0, 1))])
TREE = {"a": Box(x=INNER, y=[0, search.oneof(["s", "t"])]), "b": 3}


def discover(tree, where=lambda k, v, p: True):
    discovery = Discovery(where)
    return discovery, discovery.template(tree)


def test_parents_come_before_their_children():
    discovery, root = discover(TREE)
    assert [point.id for point in discovery.points] == ["a.x", "a.x[=1/2].x", "a.y[1]"]
    assert [str(point.path) for point in discovery.points] == ["a.x", "a.x.x", "a.y[1]"]
    assert [(point.parent, point.branch) for point in discovery.points] == [(-1, -1), (0, 1), (-1, -1)]
    assert [(str(path), index) for path, index in root.slots] == [("a.x", 0), ("a.y[1]", 2)]
    assert discovery.choices[0] is INNER


def test_each_candidate_is_a_template():
    discovery, root = discover(TREE)
    assert root.value is TREE
    ((first, second),) = discovery.branches[0]
    assert (first.value, first.slots) == (1, ())
    assert second.value is INNER.candidates[1]
    assert [(str(path), index) for path, index in second.slots] == [("x", 1)]
    assert discovery.branches[1] == ()


def test_where_is_asked_by_path_choice_and_what_holds_it():
    asked = []
    discovery, root = discover(TREE, lambda k, v, p: asked.append((str(k), v, p)))
    assert root.slots == ()
    assert discovery.points == []
    assert [str(path) for path in discovery.closed] == ["a.x", "a.y[1]"]
    assert asked == [("a.x", INNER, TREE["a"]), ("a.y[1]", TREE["a"].y[1], TREE["a"].y)]


def test_a_closed_choice_is_not_entered():
    discovery, _ = discover(TREE, lambda k, v, p: isinstance(v, search.FloatV))
    assert [str(path) for path in discovery.closed] == ["a.x", "a.y[1]"]
