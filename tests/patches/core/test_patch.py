"""The algebra of patches, and their text."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import patches


@patches.patcher(name="test_patch.add")
def add(tree, n: int = 1):
    return lambda k, v: v + n if isinstance(v, int) else v


@patches.patcher(name="test_patch.put")
def put(tree, value=None, items: tuple[str | int | float | bool | None, ...] = ()):
    return {"value": value}


# Lone surrogates and what looks like something else are in `test_uri.py`.
atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters())
values = st.recursive(atoms, lambda items: st.lists(items, max_size=3), max_leaves=6)
links = st.builds(add, st.integers()) | st.builds(put, values, st.lists(atoms, max_size=3).map(tuple))
counted = st.builds(lambda link, n: link.expects(n), links, st.integers(0, 9))
counted_twice = st.builds(lambda link, n: link.expects(n), counted, st.integers(0, 9))
chains = st.lists(links | counted, min_size=2, max_size=4).map(
    lambda c: functools.reduce(lambda a, b: a | b, c)
)
counted_chains = st.builds(lambda chain, n: chain.expects(n), chains, st.integers(0, 9))


@given(links | counted | counted_twice | chains | counted_chains)
def test_text_and_patch_invert_each_other(patch):
    assert patches.from_uri(str(patch)) == patch
    assert str(patches.from_uri(str(patch))) == str(patch)


@given(st.lists(links, min_size=3, max_size=3))
def test_then_is_associative(parts):
    a, b, c = parts
    assert (a | b) | c == a | (b | c)


def test_then_is_the_list():
    tree = {"a": 1, "b": 2}
    assert (add(1) | add(2))(tree) == patches.patch(tree, [add(1), add(2)]) == {"a": 4, "b": 5}


def test_then_takes_every_kind_of_rule_on_either_side():
    chain = "test_patch.add?2" | (add(1) | {"a": 5} | (lambda k, v: -v if k.key == "b" else v))
    assert chain({"a": 1, "b": 2}) == {"a": 5, "b": -5}
    assert ({"a": 5} | add(1))({"a": 1}) == {"a": 6}


def test_a_wrong_uri_in_a_chain_is_refused_when_it_is_made():
    with pytest.raises(ValueError, match="no patcher 'nobody'"):
        add(1) | "nobody"
    with pytest.raises(TypeError, match="is no rule"):
        add(1) | 3


def test_defaults_are_left_out_of_the_text():
    assert str(add()) == "test_patch.add"
    assert str(add(1)) == "test_patch.add"
    assert str(add(2)) == "test_patch.add?n=2"


def test_uri_is_the_text():
    patch = add(2) | add(3).expects(1)
    assert patch.uri == str(patch) == "test_patch.add?n=2|test_patch.add?n=3#1"
    assert add(3).expects(1).expects(2).uri == "(test_patch.add?n=3#1)#2"
    assert patch.expects(4).uri == "(test_patch.add?n=2|test_patch.add?n=3#1)#4"


def test_what_has_no_notation_is_described_and_cannot_be_parsed():
    text = str(put(len))
    assert text == "test_patch.put?value=<builtins.len>"
    with pytest.raises(ValueError, match="describes a value that has no notation"):
        patches.from_uri(text)


def test_expects_passes_when_the_number_of_places_is_right():
    assert add(1).expects(2)([1, 2]) == [2, 3]
    assert add(1).expects(0)(["a"]) == ["a"]  # and does not warn


@pytest.mark.parametrize(("tree", "message"), [([1], "changed 1: [0]"), ([], "changed 0: nothing")])
def test_expects_raises_when_it_is_not(tree, message):
    with pytest.raises(patches.PatchError) as caught:
        add(1).expects(2)(tree)
    assert str(caught.value) == f"the patch test_patch.add was to change 2 places, and {message}"


def test_expects_counts_the_places_of_a_chain():
    assert (add(1) | add(2)).expects(4)([1, 2]) == [4, 5]


def test_expectations_count_at_each_level():
    assert add(1).expects(1).expects(1)([1]) == [2]
    with pytest.raises(patches.PatchError, match="was to change 2 places"):
        add(1).expects(2).expects(1)([1])


def test_expects_refuses_a_negative_number():
    with pytest.raises(ValueError, match="places"):
        add(1).expects(-1)


def test_chains_and_expectations_are_symbolic():
    chain = (add(2) | {"a": 1}).expects(3)
    assert sj.from_json(sj.to_json(chain)) == chain
    assert chain.rebind({"patch.rules[0].n": 5}).uri == "(test_patch.add?n=5|<{'a': 1}>)#3"


def test_a_patch_written_by_hand():
    class Zero(patches.Patch):
        key: str

        def edit(self, tree):
            return {self.key: 0}

    assert Zero("a")({"a": 1}) == {"a": 0}
    assert str(Zero("a")) == "<Zero(key='a')>"
    assert (Zero("a") | add(1))({"a": 1, "b": 1}) == {"a": 1, "b": 2}


def test_the_base_class_edits_nothing():
    class Lazy(patches.Patch):
        pass

    with pytest.raises(NotImplementedError, match="Lazy defines no edit"):
        Lazy()({})
