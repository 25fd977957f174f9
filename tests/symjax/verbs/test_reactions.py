"""`on_rebind`: what a node is told, and what becomes of its answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax.core.paths import Path
from symjax.verbs.reactions import Changes, reaction

AT = Path.parse("model.layer")


class Answers(sj.Object):
    """Reacts with what it holds, or overrides with it."""

    answer: Any = None
    overrides: bool = False

    def on_rebind(self, changes):
        return changes.overriding(self.answer) if self.overrides else self.answer


def change(path, value=1, explicit=True):
    return AT / Path.parse(path), value, explicit


@given(st.dictionaries(st.sampled_from(["a", "b.c", "d[0]"]), st.booleans()))
def test_changes_are_seen_from_the_node(explicit):
    changes = Changes([change(path, path, asked) for path, asked in explicit.items()], len(AT))
    assert changes == {Path.parse(path): path for path in explicit}
    assert changes.explicit == {Path.parse(path) for path, asked in explicit.items() if asked}


def test_what_was_asked_for_stays_and_what_is_above_or_below_it():
    node = Answers({"a": 1, "a.x": 2, "b": 3, "c.y": 4})
    assert reaction(node, [change("a"), change("c.y.z")], AT) == {Path("b"): 3}
    assert reaction(node, [change("a", explicit=False)], AT) == {
        Path.parse(path): value for path, value in {"a": 1, "a.x": 2, "b": 3, "c.y": 4}.items()
    }


def test_unless_it_is_overridden_on_purpose():
    assert reaction(Answers({"a": 1}, True), [change("a")], AT) == {Path("a"): 1}


def test_no_answer_is_no_update():
    assert reaction(Answers(), [change("a")], AT) == {}


@pytest.mark.parametrize("answer", [1, "a", (("a", 1),)])
def test_an_answer_that_is_no_updates_is_refused_with_the_place(answer):
    with pytest.raises(
        TypeError, match=r"Answers\.on_rebind returns follow-up updates .*\(path=model\.layer\)$"
    ):
        reaction(Answers(answer), [change("a")], AT)


def test_a_reaction_that_rebinds_the_node_itself_is_explained():
    class Endless(sj.Object):
        size: int = 0

        def on_rebind(self, changes):
            self.rebind(size=self.size + 1)

    with pytest.raises(RecursionError) as caught:
        Endless().rebind(size=1)
    assert any("return the updates" in note for note in caught.value.__notes__)
