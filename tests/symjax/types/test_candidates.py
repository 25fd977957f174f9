"""What the open choices in a field's value may become."""

import symjax as sj
from symjax import linen as nn
from symjax.core.containers import freeze
from symjax.types.candidates import candidates


def listed(value):
    return [(str(where), option) for where, option, _ in candidates(freeze(value))]


def test_each_candidate_while_the_others_are_at_their_first():
    value = [sj.oneof([1, 2]), 3, sj.oneof(["a", sj.oneof(["b", "c"])])]
    assert listed(value) == [
        ("[0]", (1, 3, "a")),
        ("[0]", (2, 3, "a")),
        ("[2]", (1, 3, "a")),
        ("[2]", (1, 3, sj.oneof(["b", "c"]))),
    ]
    assert listed({"a": {"b": sj.floatv(0.0, 1.0)}, "c": 1}) == [
        ("a.b", {"a": {"b": 0.0}, "c": 1}),
        ("a.b", {"a": {"b": 1.0}, "c": 1}),
    ]


def test_a_choice_is_a_value_by_itself_and_nodes_are_not_entered():
    assert listed(sj.oneof([1, 2])) == [("", 1), ("", 2)]
    assert listed(sj.manyof(2, list("ab"))) == [("", ["a", "a"]), ("", ["b", "b"])]
    assert listed([nn.Dense(sj.oneof([1, 2])), 3]) == []
    assert listed([sj.ref("a")]) == []


def test_labels_are_named():
    (_, _, which), _ = candidates(sj.oneof({"small": 8, "big": 16}))
    assert which == "candidate 0 (small), 8, of oneof({'small': 8, 'big': 16})"
