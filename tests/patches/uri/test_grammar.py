"""The grammar: what is printed can be parsed, and what cannot be parsed is said where."""

import contextlib
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax import Path, patches
from symjax.patches.uri.grammar import (
    Assignment,
    Call,
    Step,
    is_name,
    parse,
    parse_value,
    print_assignments,
    print_call,
)
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
        ("f:0.1", "'f:0.1' is no name of a patcher; arguments stand behind a '?', as in name?value", 0),
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
        ("f?a%ZZ", "'%ZZ' is no percent-encoded byte; a percent sign itself is '%25'", 6),
        ("f?50%", "'%' is no percent-encoded byte", 5),
        ("f?[1]2", "'2' is not expected here", 5),
        ("=3", "expected a path of up to 1000 characters before '='", 0),
        ("a-b=3", "'a-b' is no path: 'a-b' is no name; other keys stand in brackets, as in ['a-b']", 0),
        ("a[0=3", "'a[0' is no path: expected an index or a quoted key in brackets", 0),
        ("a[x]=3", "'a[x]' is no path: expected an index or a quoted key in brackets", 0),
        ("f?1, a..b=3", "'a..b' is no path", 5),
        ("a=1,b=2,a=3", "'a' is set twice", 8),
        ("a=1&b=2", "'&' is not expected here", 3),
        ("a=1,", "'' is no name", 4),
        ("a=1,,b=2", "'' is no name", 4),
        ("a='1", "expected the closing '", 4),
        ("a=%ff", "is not UTF-8", 5),
        ("a=<3>", "describes a value that has no notation", 2),
        ("(a=1", "expected ')'", 4),
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


def test_names_are_dotted_identifiers():
    assert is_name("scale_width")
    assert is_name("vision.größe")
    assert not any(map(is_name, ["", ".", "a.", ".a", "a-b", "a b", "1a", "a?b"]))
    assert all(map(is_name, keyword.kwlist))


# path=value


def values_of(step):
    return {str(path): token for path, token in step.target.values.items()}


@pytest.mark.parametrize(
    "text",
    [
        "model.width=32, layers[0].rate=0.1",
        "model.width=32,layers[0].rate=0.1",
        " model.width = 32 ,\n  layers[0].rate = 0.1 ",
        "model.width=32\nlayers[0].rate=0.1",
        "model.width=32\r\n\r\n  layers[0].rate=0.1\n",
    ],
)
def test_assignments_that_stand_side_by_side_are_one_step(text):
    (step,) = parse(text)
    assert values_of(step) == {"model.width": Text("32"), "layers[0].rate": Text("0.1")}


@pytest.mark.parametrize("text", ["a=1|b=2", "a=1 | b=2", "(a=1),b=2", "a=1\n|\nb=2", "a=1#1,b=2"])
def test_those_that_do_not_are_steps_of_their_own(text):
    first, second = parse(text)
    first = first if isinstance(first.target, Assignment) else first.target[0]
    assert (values_of(first), values_of(second)) == ({"a": Text("1")}, {"b": Text("2")})


def test_assignments_and_calls_mix():
    steps = parse("""
        scale_width?2 & x=1
        model.width=32, rate=0.1 #2
        (a=1, f) | vision.crop?8:16,
        b='x, y=z'
    """)
    assert [type(step.target).__name__ for step in steps] == [
        "Call",
        "Assignment",
        "tuple",
        "Call",
        "Assignment",
    ]
    assert steps[0].target.kwargs == (("x", Text("1")),)
    assert (values_of(steps[1]), steps[1].places) == ({"model.width": Text("32"), "rate": Text("0.1")}, 2)
    assert [type(step.target).__name__ for step in steps[2].target] == ["Assignment", "Call"]
    assert values_of(steps[4]) == {"b": Text("x, y=z", quoted=True)}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("[-1]", (-1,)),
        ("t['a=b,c|d?e#f(g)']", ("t", "a=b,c|d?e#f(g)")),
        ("""t['it\\'s]"']""", ("t", "it's]\"")),
        ("t[(1, 'x=2')]", ("t", (1, "x=2"))),
        ("t['\\n']", ("t", "\n")),
    ],
)
def test_a_key_may_hold_what_ends_a_path(path, keys):
    (step,) = parse(f"{path}=1, z=2")
    assert [p.keys for p in step.target.values] == [keys, ("z",)]


keys = (
    identifiers
    | st.integers()
    | st.text(max_size=6)
    | st.booleans()
    | st.tuples(st.integers(), st.text(max_size=2))
)
paths = st.lists(keys, min_size=1, max_size=4).map(Path)


@given(st.dictionaries(paths.map(str), values, min_size=1, max_size=4))
def test_printing_and_parsing_assignments_invert_each_other(assigned):
    text = print_assignments({path: write(value) for path, value in assigned.items()})
    (step,) = parse(text)
    assert repr({str(path): read(token) for path, token in step.target.values.items()}) == repr(assigned)


@given(values)
def test_a_value_alone_is_read(value):
    assert repr(read(parse_value(write(value)))) == repr(value)


@pytest.mark.parametrize("text", ["1&2", "1,2", "1|2", "1\n2", "1#2"])
def test_more_than_a_value_is_none(text):
    with pytest.raises(ValueError, match="is not expected here, at character 1"):
        parse_value(text)


@pytest.mark.parametrize(
    ("text", "tight"),
    [
        ("f? a b ", "f?a%20b"),
        ("f?x= a b & y = 'c' ", "f?x=a%20b&y='c'"),
        ("f?[ 1 : 2 ]", "f?[1:2]"),
        (" x = a b , y=2", "x=a%20b,y=2"),
        ("f ?1 | g #2", "f?1|g#2"),
    ],
)
def test_white_space_around_items_means_nothing(text, tight):
    def shown(steps):
        return [
            repr(getattr(s.target, "values", None) or (s.target.name, s.target.args, s.target.kwargs))
            for s in steps
        ]

    assert shown(parse(text)) == shown(parse(tight))


SYMBOLS = st.sampled_from([*"ab01?=&|,#()[]:'\"<>% .\n\\", "%41", "None", "scale_width?2", "x[0]=1", "['"])


@given(st.lists(SYMBOLS, max_size=14).map("".join))
def test_any_text_of_the_symbols_is_a_uri_or_a_value_error_that_says_where(text):
    refusal = None
    try:
        assert parse(text)
    except ValueError as error:
        refusal = str(error)
    assert refusal is None or ("is no patch URI" in refusal and "at character" in refusal)


@pytest.mark.parametrize(
    "text",
    [
        "a=" * 10**5,
        "a=1," * 10**4,
        "\n" * 10**6 + "a=1" + " \n" * 10**5,
        "a[" * 10**5 + "=1",
        "['" * 10**5 + "=1",
        "a['" + "]" * 10**5 + "']=1",
        "a" + "[0]" * 10**5 + "=1",
        "a['" + "x" * 10**6 + "=1",
        "[" + "(" * 900 + "=1",
        "(\n" * 90 + "a=1" + "\n)" * 90,
    ],
    ids=lambda text: text[:8],
)
def test_long_texts_take_no_time(text):
    with contextlib.suppress(ValueError):
        assert parse(text)
