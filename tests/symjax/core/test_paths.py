"""`Path`: text and keys, and the key paths of JAX."""

import copy
import pickle

import jax
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import symjax as sj
from symjax import Path, PathError

from .. import trees

KEY_LISTS = st.lists(trees.keys(), max_size=4)
PATHS = KEY_LISTS.map(Path)
# Texts that look like paths more often than not.
PATH_LIKE = st.text(alphabet="ab01_ .[]()'\"\\,-xé\n\x00", max_size=12)


@given(KEY_LISTS)
def test_parse_inverts_str(keys):
    path = Path(keys)
    read = Path.parse(str(path))
    assert read == path
    assert read.keys == tuple(keys)
    assert [type(key) for key in read] == [type(key) for key in keys]
    assert str(read) == str(path)


@given(KEY_LISTS, KEY_LISTS)
def test_other_keys_have_another_text(left, right):
    same = [(type(a), repr(a)) for a in left] == [(type(b), repr(b)) for b in right]
    assert (Path(left) == Path(right)) is same


@given(st.one_of(PATH_LIKE, st.text()))
@example("[" * 3000)
@example("[" + "(" * 3000 + "]")
@example("[" + "9" * 5000 + "]")
@example("[{}]")
@example("['a'")
@example("a['\ud800']")
@example("['\\d']")
@example("[1if]")
def test_any_text_is_a_path_or_a_path_error(text):
    try:
        path = Path.parse(text)
    except PathError:
        with pytest.raises(PathError, match=r"is no path: [\s\S]*, at character \d+$"):
            Path.parse(text)
    else:
        assert Path.parse(str(path)).keys == path.keys


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((), ""),
        (("model", "layers", 0, "features"), "model.layers[0].features"),
        ((0, "a"), "[0].a"),
        ((-1,), "[-1]"),
        (("config", "a.b"), "config['a.b']"),
        (("it's",), '["it\'s"]'),
        (('say "x"',), "['say \"x\"']"),
        (("0",), "['0']"),
        (("",), "['']"),
        (("a]b",), "['a]b']"),
        (("class",), "class"),
        ((None, True, b"x", (1, "]")), "[None][True][b'x'][(1, ']')]"),
        (("größe",), "größe"),
    ],
)
def test_text_of_a_path(keys, text):
    assert str(Path(keys)) == text
    assert Path.parse(text).keys == keys


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        (".a", 0, "does not start with a dot"),
        ("a..b", 2, "is no name"),
        ("a.", 2, "is no name"),
        ("a b", 0, "other keys stand in brackets, as in ['a b']"),
        ("a.0", 2, "other keys stand in brackets, as in [0]"),
        ("a[", 1, "an index or a quoted key"),
        ("a[]", 1, "an index or a quoted key"),
        ("a[x]", 1, "as in [0] or ['a.b']"),
        ("a[0]b", 4, "expected '.' or '['"),
        ("a[[0]]", 1, "an index or a quoted key"),
    ],
)
def test_a_syntax_error_says_what_and_where(text, position, hint):
    with pytest.raises(PathError, match=f"at character {position}$") as caught:
        Path.parse(text)
    assert repr(text) in str(caught.value)
    assert hint in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("value", [3, None, ["a"]])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(TypeError, match="Path"):
        Path.parse(value)


def test_parse_returns_a_path_as_it_is():
    path = Path(["a"])
    assert Path.parse(path) is path


@given(PATHS)
def test_a_path_equals_its_text_and_hashes_like_it(path):
    assert path == str(path)
    assert str(path) == path
    assert hash(path) == hash(str(path))
    assert {path: 1}[str(path)] == 1
    assert {str(path): 1}[path] == 1
    assert path != str(path) + "x"
    assert (path == 3) is False


@given(KEY_LISTS, trees.keys())
def test_parts(keys, key):
    path = Path(keys)
    below = path / key
    assert below.parent == path
    assert type(below.key) is type(key)
    assert below.key == key
    assert len(below) == len(keys) + 1
    assert list(below) == [*keys, key]
    assert below.keys == (*keys, key)
    assert bool(below)
    assert bool(path) is bool(keys)


@given(KEY_LISTS, KEY_LISTS)
def test_joining(left, right):
    assert (Path(left) / Path(right)).keys == (*left, *right)
    assert (Path(left) / Path(right)).startswith(Path(left))
    assert Path(left).startswith(Path(())) is True


def test_the_root():
    root = Path(())
    assert root == ""
    assert root.key is None
    assert root.parent == root
    assert not root
    assert len(root) == 0
    assert Path.parse("").keys == ()


def test_startswith_is_by_keys_for_paths_and_by_text_for_texts():
    path = Path.parse("model.layers[10].features")
    assert path.startswith(Path.parse("model.layers"))
    assert path.startswith(Path.parse("model.layers[10]"))
    assert not path.startswith(Path.parse("model.layers[1]"))
    assert not path.startswith(Path.parse("model.layer"))
    assert path.startswith("model.layer")
    assert not path.startswith("layers")


def test_the_forms_that_rules_use():
    path = Path.parse("model.layers[0].out_channels")
    assert path.key == "out_channels"
    assert path.endswith("channels")
    assert not path.endswith("layers")
    assert f"{path}" == "model.layers[0].out_channels"
    assert repr(path) == "Path('model.layers[0].out_channels')"


@given(st.lists(PATHS, max_size=5))
def test_paths_sort_as_their_texts(paths):
    assert [str(path) for path in sorted(paths)] == sorted(str(path) for path in paths)


@given(KEY_LISTS)
def test_copies(keys):
    path = Path(keys)
    for copied in (pickle.loads(pickle.dumps(path)), copy.copy(path), copy.deepcopy(path)):
        assert copied == path
        assert copied.keys == path.keys


def test_a_path_is_immutable():
    path = Path(["a"])
    for name in ("key", "parent", "keys", "anything"):
        with pytest.raises(AttributeError):
            setattr(path, name, "b")
        with pytest.raises(AttributeError):
            delattr(path, name)
    assert path == "a"


def test_a_very_long_path_prints():
    assert str(Path([0] * 20_000)) == "[0]" * 20_000


@given(trees.objects())
def test_jax_key_paths_agree(recipe):
    tree = recipe()
    held = trees.walked(tree)
    for key_path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        path = Path.from_jax(key_path)
        if path not in held:  # inside a pytree of another library
            above = next(p for p in [path.parent, path.parent.parent] if p in held)
            assert isinstance(held[above], trees.State)
            continue
        assert held[path] is leaf
        assert path.to_jax(tree) == key_path
        assert Path.parse(str(path)).to_jax(tree) == key_path


@given(trees.objects(foreign=False))
def test_every_leaf_outside_static_fields_is_found_by_jax(recipe):
    tree = recipe()
    inside_static = [path for path, value in trees.walked(tree).items() if isinstance(value, trees.Fixed)]
    leaves = [
        path
        for path, value in trees.walked(tree).items()
        if sj.is_leaf(value) and not any(path.startswith(outer) for outer in inside_static)
    ]
    found = [Path.from_jax(key_path) for key_path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
    assert found == leaves


def test_key_paths_by_kind():
    tree = trees.Box({"a": (1.0, trees.Pair(2.0, 3))}, trees.Plain(4.0, 5.0))
    found = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
    assert found == [
        ".content['a'][0]",
        ".content['a'][1].left",
        ".other.first",
        ".other.rest[0]",
        ".other.scale",
    ]
    symbolic = ["content.a[0]", "content.a[1].left", "other.first", "other.rest[0]", "other.scale"]
    assert [Path.parse(text).to_jax(tree) for text in symbolic] == [
        path for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]
    ]


def test_a_path_that_is_not_there_has_no_key_path():
    with pytest.raises(KeyError, match=r"did you mean 'content'\?.*\(path=contents\)"):
        Path.parse("contents").to_jax(trees.Box())
