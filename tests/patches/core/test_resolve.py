"""URIs become patches, or errors that name the URI and what would have been right."""

import contextlib
import enum
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Gt, Interval
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import patches
from symjax.patches import from_uri
from symjax.patches.core.registry import add_patcher
from symjax.patches.uri.literals import write


@patches.patcher(name="test_resolve.make")
def make(
    tree,
    rate: Annotated[float, Interval(gt=0, lt=1)],
    name: str = "x",
    sizes: Sequence[int] = (),
    *,
    mode: Literal["same", "valid"] = "same",
    bias: bool | None = None,
):
    return None


@pytest.mark.parametrize(
    ("uri", "patch"),
    [
        ("test_resolve.make?0.5", make(0.5)),
        ("test_resolve.make?rate=5e-1", make(0.5)),
        ("test_resolve.make?0.5&10", make(0.5, "10")),
        ("test_resolve.make?0.5&a%20b&1:2:3", make(0.5, "a b", (1, 2, 3))),
        ("test_resolve.make?0.5&sizes=64", make(0.5, sizes=(64,))),
        ("test_resolve.make?0.5&sizes=[]", make(0.5)),
        ("test_resolve.make?0.5&mode=valid&bias=true", make(0.5, mode="valid", bias=True)),
        ("test_resolve.make?0.5&bias=None&name=None", make(0.5, "None")),
        ("test_resolve.make?0.5&bias=yes", make(0.5, bias=True)),
        ("test_resolve.make?0.5&bias=no&name=yes", make(0.5, "yes", bias=False)),
        ("test_resolve.make?0.5#3", make(0.5).expects(3)),
        ("test_resolve.make?0.5|test_resolve.make?0.1", make(0.5) | make(0.1)),
    ],
)
def test_a_uri_is_a_patch(uri, patch):
    assert from_uri(uri) == patch


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        ("", TypeError, "misses rate; test_resolve.make takes rate: "),
        ("?raet=0.5", TypeError, "'raet'; did you mean 'rate'? its arguments: rate, "),
        ("?0.5&rate=0.5", TypeError, "two values for 'rate'"),
        ("?0.5&x&1&same", TypeError, "takes 3 positional arguments, got 4"),
        ("?half", TypeError, "rate"),
        ("?2", ValueError, "rate"),
        ("?nan", ValueError, "rate"),
        ("?'0.5'", TypeError, "rate"),
        ("?0.5&sizes=1:x", TypeError, "sizes"),
        ("?0.5&sizes=1.5:2", TypeError, "sizes"),
        ("?0.5&mode=smae", (TypeError, ValueError), "mode"),
        ("?0.5&bias=1", TypeError, "bias"),
    ],
)
def test_a_wrong_argument_names_the_uri(query, kind, message):
    uri = f"test_resolve.make{query}"
    with pytest.raises(kind) as caught:
        from_uri(uri)
    assert message in str(caught.value)
    assert "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())]).endswith(f"(uri={uri})")


class TwoArguments(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)


def test_what_a_check_raises_comes_out_as_itself_with_the_uri():
    class Odd(patches.Patch):
        n: int

        def __check__(self):
            raise TwoArguments(1, "never")

    add_patcher(Odd, ["test_resolve.odd"])
    with pytest.raises(TwoArguments) as caught:
        from_uri("test_resolve.odd?3")
    assert caught.value.args == (1, "never")
    assert caught.value.__notes__[-1] == "while reading the patch (uri=test_resolve.odd?3)"


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Access(enum.IntFlag):
    READ = 4
    WRITE = 2
    RUN = 1


NOTHING = Access(0)


@patches.patcher(name="test_resolve.paint")
def paint(tree, color: Color = Color.RED, access: Access = NOTHING, palette: Sequence[Color | None] = ()):
    return None


@pytest.mark.parametrize(
    ("uri", "patch"),
    [
        ("test_resolve.paint?color=GREEN", paint(Color.GREEN)),
        ("test_resolve.paint?access=READ", paint(access=Access.READ)),
        ("test_resolve.paint?access=WRITE:READ", paint(access=Access.READ | Access.WRITE)),
        ("test_resolve.paint?palette=RED:None:GREEN", paint(palette=(Color.RED, None, Color.GREEN))),
    ],
)
def test_enums_are_read_by_name(uri, patch):
    assert from_uri(uri) == patch
    assert from_uri(str(patch)) == patch


@given(
    st.sampled_from(Color),
    st.integers(0, 7).map(Access),
    st.lists(st.none() | st.sampled_from(Color), max_size=3),
)
def test_patches_with_enums_survive_their_text(color, access, palette):
    patch = paint(color, access, palette)
    assert from_uri(str(patch)) == patch


def test_the_names_of_an_enum_are_listed_nearest_first():
    with pytest.raises(TypeError, match=r"color") as caught:
        from_uri("test_resolve.paint?GREN")
    assert "did you mean 'GREEN'? its members: GREEN, RED" in caught.value.__notes__[0]
    with pytest.raises(TypeError, match=r"access") as caught:
        from_uri("test_resolve.paint?RED&access=READ:RNU")
    note, _ = caught.value.__notes__
    assert note.startswith("no member for access 'RNU'; did you mean 'RUN'?")


BAD = "x" * 10**6


@pytest.mark.parametrize(
    "uri",
    [
        "test_resolve.make?" + "[" * 10**5,
        "(" * 10**5,
        "test_resolve.make?" + BAD,
        "test_resolve.make?rate=" + "1" * 10**6 + "x",
        "test_resolve.make?rate=" + "1" * 10**6,
        f"test_resolve.make?rate={10**400}",
        "test_resolve.make?rate=1e999",
        "test_resolve.make?0.5&sizes=" + "1" * 10**6,
        "test_resolve.make?0.5&sizes=" + "1:" * 10**4 + "x",
        "test_resolve.make?0.5&mode=" + BAD,
        f"test_resolve.make?0.5&{BAD}=1",
        "test_resolve.make?0.5&" + "&".join([f"a{i}=1" for i in range(10**4)]),
        "test_resolve.make?" + "1&" * 10**4,
        "test_resolve.make?0.5&" + "%ff" * 10**5,
        "test_resolve.make?0.5#" + "1" * 10**6,
        BAD,
        "null",
        "a." * 10**5,
        "-" * 10**6,
        "?" * 10**6,
        "",
    ],
    ids=lambda uri: uri[:24] or "empty",
)
def test_what_attacks_a_reader_gets_its_own_errors_in_short(uri):
    with pytest.raises((ValueError, TypeError)) as caught:
        from_uri(uri)
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert "(uri=" in text or "is no patch URI" in text
    assert len(text) < 3000


def test_what_is_no_text_is_a_type_error():
    with pytest.raises(TypeError, match="expected the text of a patch URI, got NoneType"):
        from_uri(None)


def test_the_link_of_a_chain_at_fault_is_named():
    with pytest.raises(TypeError, match=r"\(uri=test_resolve.make\?half\)$"):
        from_uri("test_resolve.make?0.5|test_resolve.make?half")


def test_a_hint_that_no_text_can_satisfy_is_a_type_error():
    @patches.patcher(name="test_resolve.strange")
    def strange(tree, kind: type, n: Annotated[int, Gt(0)] = 1):
        return None

    with pytest.raises(TypeError, match="kind"):
        from_uri("test_resolve.strange?int")


# Fuzzing: whatever a text is, it is a patch or it is refused; and a patch that has a text is read back.


class Shade(enum.Flag):
    DARK = 1
    WARM = 2


@patches.patcher(name="test_resolve.everything")
def everything(
    tree,
    anything: Any = None,
    number: float = 0.0,
    count: int = 0,
    switch: bool = False,
    text: str = "",
    choice: Literal["a", "b", 1, None] = None,
    color: Color | None = None,
    shade: Shade = Shade.DARK,
    sizes: Sequence[int] | None = None,
    pairs: Sequence[tuple[str, float]] = (),
    either: int | str | bool | None = None,
):
    return None


texts = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["", "None", "1", "yes", "a,b", "x=1\n", "RED", "<"]
)
floats = st.floats(allow_nan=False)
scalars = st.none() | st.booleans() | st.integers() | floats | texts
free = st.recursive(scalars, lambda items: st.lists(items, max_size=3).map(tuple), max_leaves=6)
patches_of_all_kinds = st.builds(
    everything,
    anything=free,
    number=floats,
    count=st.integers(),
    switch=st.booleans(),
    text=texts,
    choice=st.sampled_from(["a", "b", 1, None]),
    color=st.none() | st.sampled_from(Color),
    shade=st.integers(0, 3).map(Shade),
    sizes=st.none() | st.lists(st.integers(), max_size=3).map(tuple),
    pairs=st.lists(st.tuples(texts, floats), max_size=2).map(tuple),
    either=st.integers() | texts | st.booleans() | st.none(),
)
keys = st.sampled_from(["a", "rate", "größe"]) | st.integers() | st.text(max_size=5)
paths = st.lists(keys, min_size=1, max_size=3).map(lambda keys: str(sj.Path(keys)))
assigned = st.dictionaries(paths, free.map(write), min_size=1, max_size=3)


def assigned_together(texts):
    try:
        return patches.Assignments(texts)
    except ValueError:  # one of the paths holds another
        return patches.Assignments(dict(list(texts.items())[:1]))


links = patches_of_all_kinds | assigned.map(assigned_together)
counted = links | st.builds(lambda link, n: link.expects(n), links, st.integers(0, 99))
chains = st.lists(counted, min_size=2, max_size=3).map(lambda links: links[0] | links[1:])


@given(counted | chains | st.builds(lambda chain, n: chain.expects(n), chains, st.integers(0, 9)))
def test_a_patch_with_any_arguments_is_read_back(patch):
    again = from_uri(str(patch))
    assert again == patch
    assert str(again) == str(patch)
    assert repr(again) == repr(patch)  # 1, 1.0 and True are three


MARKS = "?&=:|,#()[]'\"%<> \n\\"
WORDS = [
    "test_resolve.make",
    "test_resolve.everything",
    "everything",
    "rate",
    "0.5",
    "1e999",
    "%41",
    "%ff",
    "None",
    "yes",
    "a.b[0]",
    "['",
    "scale_width\n",
    "",
    "",
    "",
    "number",
    "color",
    "GREEN",
    "é",
    "\x00",
]
CUTTINGS = st.sampled_from([*MARKS, *WORDS, "9" * 5000])


@given(st.lists(CUTTINGS, max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_is_a_patch_or_refused_by_a_value_or_type_error(text):
    with contextlib.suppress(ValueError, TypeError):
        patch = from_uri(text)
        assert from_uri(str(patch)) == patch


@given(counted | chains, st.data())
def test_a_text_with_an_error_in_it_is_a_patch_or_refused(patch, data):
    text = str(patch)
    at = data.draw(st.integers(0, len(text)))
    for wrong in (text[:at], text[:at] + data.draw(CUTTINGS) + text[at:], text[:at] + text[at + 1 :]):
        with contextlib.suppress(ValueError, TypeError):
            again = from_uri(wrong)
            assert from_uri(str(again)) == again


@pytest.mark.parametrize(
    "rules",
    [
        "lr=0.5",
        "(lr=0.5)#1",
        "change_lr?0.1, lr=0.5",
        "lr=0.5 | change_lr?0.5#0",
        "\n change_lr?0.1\n\n lr=0.5\n",
        ["change_lr?0.1", ["lr=0.5"]],
        patches.change_lr(0.1) | "lr=0.5",
        "lr=0.25" | patches.on_value(0.25, 0.5),
    ],
)
def test_paths_and_values_are_read_wherever_a_uri_is(rules):
    assert patches.patch({"lr": 1.0}, rules) == {"lr": 0.5}


def test_malformed_percent_encoding_is_refused():
    with pytest.raises(ValueError, match="is not UTF-8 after percent-decoding, at character"):
        from_uri("test_resolve.make?0.5&a%c3")
    for text in ("100%", "%zz", "%4"):
        with pytest.raises(ValueError, match="is no percent-encoded byte; a percent sign itself is '%25'"):
            from_uri(f"test_resolve.make?0.5&{text}")
    assert from_uri("test_resolve.make?0.5&100%25").name == "100%"
