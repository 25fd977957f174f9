"""The grammar: what is printed can be parsed, and what cannot be parsed is said where."""

import contextlib
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax import patches
from symjax.patches.uri.grammar import Call, Step, excerpt, is_name, parse, print_call
from symjax.patches.uri.literals import NESTING_LIMIT, Text, read, write

identifiers = st.text(min_size=1, max_size=8).filter(str.isidentifier) | st.sampled_from(
    ["factor", "to", "é"]
)
names = st.lists(identifiers, min_size=1, max_size=3).map(".".join)
# Every code point, lone surrogates too; and texts that look like something else.
anything = st.text(st.characters())
look_alikes = st.sampled_from(
    ["", "None", "True", "1", "-0", "1e3", "inf", "nan", "'", '"', "[]", "<x>", "a:b", "a=b"]
)
numbers = st.integers() | st.floats(allow_nan=False)
atoms = st.none() | st.booleans() | numbers | anything | look_alikes
values = st.recursive(atoms, lambda items: st.lists(items, max_size=4).map(tuple), max_leaves=8)


@given(names, st.dictionaries(identifiers, values, max_size=4))
def test_printing_and_parsing_invert_each_other(name, arguments):
    (step,) = parse(print_call(name, {key: write(value) for key, value in arguments.items()}))
    assert step.places is None
    assert step.target.name == name
    read_back = {key: read(token) for key, token in step.target.kwargs}
    assert repr(read_back) == repr(arguments)  # repr tells -0.0 from 0.0, 1 from True, 'a' from b


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_any_text_is_a_uri_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert parse(text)


def test_a_nan_survives():
    (step,) = parse(print_call("f", {"x": write(float("nan"))}))
    assert repr(read(step.target.kwargs[0][1])) == "nan"


def test_a_call_is_read():
    (step,) = parse("vision.crop?8:16&mode='a b'&area=[1:2]:[3]")
    assert step == Step(
        Call(
            "vision.crop",
            ((Text("8"), Text("16")),),
            (("mode", Text("a b", quoted=True)), ("area", ((Text("1"), Text("2")), (Text("3"),)))),
            "vision.crop?8:16&mode='a b'&area=[1:2]:[3]",
        )
    )


def test_quoted_text_may_hold_what_ends_other_text():
    (step,) = parse("""f?'a&b|c:d#e'&x="it's" """)
    assert step.target.args == (Text("a&b|c:d#e", quoted=True),)
    assert step.target.kwargs == (("x", Text("it's", quoted=True)),)


def test_brackets_and_parentheses_inside_bare_text_are_text():
    (step,) = parse("on_path?model.layers[0].(a)&3")
    assert step.target.args == (Text("model.layers[0].(a)"), Text("3"))


def test_chains_groups_and_counts_are_read():
    first, second = parse("(a?1|b)#3|c#0")
    assert [step.target.name for step in first.target] == ["a", "b"]
    assert (first.places, second.places) == (3, 0)


@pytest.mark.parametrize("text", ["f", "f?", " f "])
def test_no_arguments(text):
    (step,) = parse(text)
    assert (step.target.name, step.target.args, step.target.kwargs) == ("f", (), ())


@pytest.mark.parametrize(
    ("text", "why", "where"),
    [
        ("", "'' is no name of a patcher", 0),
        ("scale width?2", "'scale width' is no name", 0),
        ("f=0.1", "'f=0.1' is no name of a patcher; arguments stand behind a '?', as in name?value", 0),
        ("f 0.1", "'f 0.1' is no name of a patcher; arguments stand behind a '?'", 0),
        ("a.?2", "'a.' is no name", 0),
        ("f?a=1&2", "a positional argument stands after one given by name", 6),
        ("f?a=1&a=2", "'a' is given twice", 6),
        ("f?'abc", "expected the closing '", 6),
        ("f?[1:2", "expected ']'", 6),
        ("(f|g", "expected ')'", 4),
        ("f)", "')' is not expected here", 1),
        ("f#", "expected the number of places", 2),
        ("f#x", "expected the number of places", 2),
        ("f#1#2", "'#' is not expected here", 3),
        ("f#" + "1" * 19, "expected the number of places", 21),
        ("f?" + "[" * (NESTING_LIMIT + 1), "nest 100 deep at most", NESTING_LIMIT + 3),
        ("(" * (NESTING_LIMIT + 1), "nest 100 deep at most", NESTING_LIMIT + 1),
        ("f|", "'' is no name", 2),
        ("f?x=<OneOf([1, 2])>", "describes a value that has no notation", 4),
        ("f?%ff", "is not UTF-8", 5),
        ("f?[1]2", "'2' is not expected here", 5),
    ],
)
def test_a_text_that_is_no_uri_says_why_and_where(text, why, where):
    with pytest.raises(ValueError, match="is no patch URI") as caught:
        patches.from_uri(text)
    assert why in str(caught.value)
    assert str(caught.value).endswith(f"at character {where}")


def nested(depth):
    value = ()
    for _ in range(depth - 1):
        value = (value,)
    return value


def test_lists_nest_as_deep_as_they_can_be_read():
    (step,) = parse(print_call("f", {"x": write(nested(NESTING_LIMIT))}))
    assert read(step.target.kwargs[0][1]) == nested(NESTING_LIMIT)
    assert write(nested(NESTING_LIMIT + 1)).startswith("<")


@given(st.text(max_size=30), st.integers(0, 30), st.integers(1, 40))
def test_an_excerpt_holds_the_place(text, at, limit):
    part = excerpt(text, at, limit)
    assert part.strip("…") in text or "…" in text
    assert len(part) <= limit + 2
    assert at >= len(text) or text[at] in part


def test_names_are_dotted_identifiers():
    assert is_name("scale_width")
    assert is_name("vision.größe")
    assert not any(map(is_name, ["", ".", "a.", ".a", "a-b", "a b", "1a", "a?b"]))
    assert all(map(is_name, keyword.kwlist))
