"""JSON: what is written is read again, and nothing else is."""

import collections
import contextlib
import enum
import functools
import json
import subprocess
import sys
import textwrap
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.core import FrozenDict
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import symjax as sj
from symjax import LoadError, optax
from symjax import linen as nn

from .. import trees
from ..trees import Box, Color, Level, Pair, Plain, Rate, affine, ramp


class Experiment(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation
    seeds: tuple[int, ...] = (1, 2)
    scale: float = 0.5


EXPERIMENT = Experiment(nn.Sequential([nn.Dense(3), nn.relu]), optax.adam(1e-3))


def text_of(tree):
    """The text of a tree whose JSON is given."""
    return json.dumps({"format": 1, "tree": tree})


def imported():
    return set(sys.modules)


# from_json inverts to_json.


@given(trees.recipes(foreign=False))
def test_what_is_written_is_read_again(recipe):
    tree = recipe()
    before = trees.identities(tree)
    text = sj.to_json(tree)
    read = sj.from_json(text)
    assert sj.eq(read, tree)
    assert type(read) is type(tree)
    assert sj.hash(read) == sj.hash(tree)
    assert trees.identities(tree) == before
    assert sj.to_json(read) == text  # the text is a function of the tree
    assert sj.eq(sj.from_json(text.encode()), tree)


@given(trees.objects(foreign=False))
def test_the_structure_is_the_same_program(recipe):
    tree = recipe()
    read = sj.from_json(sj.to_json(tree))
    assert jax.tree.structure(read) == jax.tree.structure(tree)
    assert all(map(trees.same_bits, jax.tree.leaves(read), jax.tree.leaves(tree)))


@given(trees.recipes(foreign=False), st.sampled_from([None, 0, 2]))
def test_defaults_may_be_left_out(recipe, indent):
    tree = recipe()
    short = sj.to_json(tree, hide_defaults=True, indent=indent)
    assert sj.eq(sj.from_json(short), tree)
    assert len(sj.to_json(tree, hide_defaults=True)) <= len(sj.to_json(tree))


@given(trees.recipes(foreign=False))
def test_it_is_strict_json(recipe):
    def refuse(constant):
        raise AssertionError(constant)

    record = json.loads(sj.to_json(recipe()), parse_constant=refuse)
    assert record["format"] == 1
    assert set(record["versions"]) == {"symjax", "jax", "flax"}


class Nested(enum.Enum):
    A = (1, 2)


VALUES = [
    *trees.FLOATS,
    *trees.INTS,
    *trees.ODD_TEXTS,
    "\ud800",
    10**400,
    np.float32("nan"),
    np.float64(0.1),
    jnp.asarray(0.1),
    jnp.asarray([], jnp.bfloat16),
    np.zeros((0, 3), np.int8),
    np.asarray([1 + 2j]),
    jax.random.key(7),
    jax.random.split(jax.random.key(7, impl="rbg"), 2),
    jax.ShapeDtypeStruct((2, 3), jnp.bfloat16),
    jax.sharding.PartitionSpec("a", None, ("b", "c")),
    Color.RED,
    Level.ONE,
    Nested.A,
    jnp.float32,
    np.dtype("int8"),
    jnp.bfloat16,
    range(1, 9, 2),
    ...,
    NotImplemented,
    b"\x00\xff",
    1 + 2j,
    complex(float("nan"), -0.0),
    frozenset({1, "a", None, (1, 2)}),
    Pair([1], {"a": 2}),
    {"$type": "os.system", "$ref": "os:system"},
    FrozenDict({}),
    FrozenDict({"dense": {"kernel": np.ones(3, np.float32)}, "scale": 0.5}),
    {1: "a", "1": "b", None: "c"},
    {True: 1, (1, "x"): 2, b"k": 3, 1.5: 4, Color.RED: 5},
    [[], (), {}, [()]],
    int,
    dict,
    Color,
    nn.Dense,
    Box,
    trees.double,
    nn.relu,
    jnp.tanh,
    jax.nn.softmax,
    optax.losses.l2_loss,
    functools.partial(nn.gelu, approximate=False),
    functools.partial(trees.double, (1, ("a", 2))),
    Rate.partial(),
    Plain(1, 2, scale=3, extra=4),
    affine(1, 2, 3, 4, five=5),
    affine(),
    ramp(float("inf")),
    nn.Dense(3, name="head"),
    nn.Dense(3, kernel_init=nn.initializers.variance_scaling(1.0, "fan_in", "normal")),
    nn.MultiHeadDotProductAttention(2),
    optax.adamw(optax.cosine_decay_schedule(0.1, 10), mask=trees.double),
    optax.chain(optax.clip(1.0), optax.sgd(0.1)),
    EXPERIMENT,
]


@pytest.mark.parametrize("value", VALUES)
def test_kinds_of_values(value):
    for tree in (value, [value], Box(value), {"a": (value,)}):
        read = sj.from_json(sj.to_json(tree))
        assert sj.eq(read, tree)
        assert type(read) is type(tree) or isinstance(tree, np.dtype)  # all spellings of a dtype are one


def test_containers_keep_their_types_and_order():
    tree = {"b": [1, (2,)], "a": sj.Map({"z": 1, "y": 2})}
    read = sj.from_json(sj.to_json(tree))
    assert list(read) == ["b", "a"]
    assert type(read["b"]) is list
    assert type(read["b"][1]) is tuple
    assert type(read["a"]) is sj.Map
    assert list(read["a"]) == ["z", "y"]


def test_defaults_without_a_name_are_made_again_by_their_class():
    class Closure(sj.Object):
        make: Any = (lambda n: lambda x: x + n)(1)

    assert sj.from_json(sj.to_json(Closure())) == Closure()
    assert "kernel_init" not in sj.to_json(nn.Dense(3))


def test_a_default_of_a_foreign_module_is_read_as_that_default():
    class Pooling(sj.Object):
        pool: Any = textwrap.indent
        other: Any = None

    text = sj.to_json(Pooling())
    assert "textwrap:indent" in text
    assert sj.from_json(text) == Pooling()
    for changed in (Pooling(textwrap.dedent), Pooling(other=textwrap.indent)):
        with pytest.raises(LoadError, match="from which nothing is looked up"):
            sj.from_json(sj.to_json(changed))


@pytest.mark.parametrize("value", VALUES)
def test_save_and_load(value, tmp_path):
    file = tmp_path / "tree.json"
    sj.save(Box(value), file)
    assert sj.load(file) == Box(value)
    assert sj.load(str(file)) == Box(value)


def test_large_arrays_lie_beside_the_file(tmp_path):
    big = np.arange(10_000, dtype=np.float32)
    tree = Box({"big": big, "small": jnp.ones(3)}, (jnp.asarray(big, jnp.bfloat16), big[::-1]))
    sj.save(tree, tmp_path / "tree.json")
    assert sj.load(tmp_path / "tree.json") == tree
    assert (tmp_path / "tree.json").stat().st_size < 5_000
    (beside,) = [path for path in tmp_path.iterdir() if path.name != "tree.json"]
    beside.unlink()
    message = (
        rf"the arrays beside the saved file are missing: no file '{beside.name}' .*\(path=content\.big\)$"
    )
    with pytest.raises(FileNotFoundError, match=message):
        sj.load(tmp_path / "tree.json")


def test_a_file_that_is_no_json_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("width = 8")
    with pytest.raises(LoadError, match=r"notes\.txt is no JSON, or cut off: [^;]*$"):
        sj.load(tmp_path / "notes.txt")
    with pytest.raises(LoadError, match=r"^the text is no JSON, or cut off: .*; for a file use sj\.load$"):
        sj.from_json("notes.txt")


def test_saving_again_leaves_no_old_arrays_behind(tmp_path):
    file = tmp_path / "tree.json"
    sj.save(Box(np.zeros(10_000)), file)
    sj.save(Box(np.ones(10_000)), file)
    assert sj.load(file) == Box(np.ones(10_000))
    sj.save(Box(1), file)
    assert sj.load(file) == Box(1)


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "tree.json"
    for content in (b"\xff\xfe\x00", b"", b"PK\x03\x04", "{}".encode("utf-16")):
        file.write_bytes(content)
        with pytest.raises(LoadError):
            sj.load(file)


@given(trees.recipes(foreign=False), st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fuzz_damaged_files(tmp_path, recipe, data):
    file = tmp_path / "tree.json"
    sj.save([recipe(), np.arange(2000.0)], file)
    for path in tmp_path.iterdir():
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(0, 255))
        path.write_bytes(content)
    before = imported()
    with contextlib.suppress(LoadError, FileNotFoundError):  # the name of the arrays may have changed
        sj.load(file)
    assert imported() == before


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        sj.load(tmp_path / "nothing.json")


def test_what_cannot_be_saved_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "tree.json"
    sj.save(Box(1), file)
    with pytest.raises(TypeError, match=r"\(path=content\[1\]\)$"):
        sj.save(Box((np.ones(10_000), lambda: 1)), file)
    assert sj.load(file) == Box(1)
    assert [path.name for path in tmp_path.iterdir()] == ["tree.json"]


def test_lineage_is_kept(tmp_path):
    tree = sj.patch(Rate(0.1), {"rate": 0.2})
    assert sj.lineage(sj.from_json(sj.to_json(tree))) == sj.lineage(tree)


# Bad texts.


def bad(text, kind, message):
    before = imported()
    with pytest.raises(kind, match=message):
        sj.from_json(text)
    assert imported() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON, or cut off"),
        ("{", "no JSON, or cut off"),
        ("[1, 2]", 'expected an object with "format" and "tree"'),
        ("3", 'expected an object with "format" and "tree"'),
        ("{}", 'expected an object with "format" and "tree"'),
        ('{"format": 1}', 'expected an object with "format" and "tree"'),
        ('{"tree": 1}', 'expected an object with "format" and "tree"'),
        ('{"format": 2, "tree": 1}', "format 2 is not known; this version reads format 1"),
        ('{"format": "1", "tree": 1}', "format '1' is not known"),
        ('{"format": true, "tree": 1}', "format True is not known"),
        ('{"format": null, "tree": 1}', "format None is not known"),
        ('{"format": 1, "tree": 1, "lineage": 3}', "lineage must be a list of texts"),
        ('{"format": 1, "tree": 1, "lineage": [3]}', "lineage must be a list of texts"),
        ("[" * 100_000, "nested too deeply|no JSON"),
        ('{"format": 1, "tree": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"format": 1, "tree": ' + '{"$list": [' * 100_000 + "]}" * 100_000 + "}", "nested too deeply"),
        (
            '{"format": 1, "tree": ' + '{"$map": {"a": ' * 100_000 + "1" + "}}" * 100_000 + "}",
            "nested too deeply",
        ),
    ],
)
def test_texts_that_are_no_trees(text, message):
    bad(text, LoadError, message)


def test_bytes_that_are_no_text():
    bad(b"\xff\xfe\x00", LoadError, "no JSON, or cut off")


@pytest.mark.parametrize(
    ("tree", "kind", "message"),
    [
        (
            {"$type": "os.system"},
            LoadError,
            r"no symbolic class 'os.system';.*os is imported, and has no symbolic class.*\(path=<root>\)$",
        ),
        (
            [{"$type": "symjax.linen.Dens"}],
            LoadError,
            r"did you mean 'symjax.linen.Dense'\?.*\(path=\[0\]\)$",
        ),
        ({"$type": 3}, LoadError, r"\(path=<root>\)$"),
        (
            {"$type": "symjax.linen.Dense", "feature": 3},
            LoadError,
            r"did you mean 'features'\?.*\(path=feature\)$",
        ),
        ({"$type": "symjax.linen.Dense"}, LoadError, r"features.*\(path=features\)$"),
        (
            {"$type": "symjax.linen.Dense", "features": "3"},
            TypeError,
            r"expects int, got '3'.*\(path=features\)$",
        ),
        (
            [{"$type": "symjax.linen.Dense", "features": 1.5}],
            TypeError,
            r"expects int.*\(path=\[0\]\.features\)$",
        ),
        ({"a": 1}, LoadError, r"no kind of value 'a'; .*\(path=<root>\)$"),
        ([{"$foo": 1}], LoadError, r"no kind of value '\$foo'; did you mean '\$float'\?.*\(path=\[0\]\)$"),
        ({"$list": 3}, LoadError, r"\$list holds 3.*\(path=<root>\)$"),
        ({"$list": [1], "$map": {}}, LoadError, r"\(path=<root>\)$"),
        ({}, LoadError, r"\(path=<root>\)$"),
        ({"$float": "zz"}, LoadError, r"\$float holds 'zz'.*\(path=<root>\)$"),
        ({"$float": "00"}, LoadError, r"\$float holds '00'.*\(path=<root>\)$"),
        ({"$bytes": "!"}, LoadError, r"\$bytes holds '!'.*\(path=<root>\)$"),
        ({"$map": [[1]]}, LoadError, r"\$map holds.*\(path=<root>\)$"),
        ({"$map": [[{"$list": []}, 1]]}, LoadError, r"\(path="),
        ({"$frozenset": [{"$list": []}]}, LoadError, r"\$frozenset holds.*\(path=<root>\)$"),
        ({"$dtype": []}, LoadError, r"\$dtype holds.*\(path=<root>\)$"),
        ({"$dtype": "nothing"}, LoadError, r"\$dtype holds 'nothing'.*\(path=<root>\)$"),
        (
            {"$array": {"dtype": "float32", "shape": [2], "of": "jax", "data": ""}},
            LoadError,
            r"\$array.*\(path=<root>\)$",
        ),
        (
            {"$array": {"dtype": "object", "shape": [1], "of": "jax", "data": "AAAAAAAAAAA="}},
            LoadError,
            r"\$array.*\(path",
        ),
        (
            {"$array": {"dtype": "float32", "shape": [1], "of": "jax", "file": "a0"}},
            LoadError,
            r"sj.load \(path=<root>\)$",
        ),
        ({"$array": {}}, LoadError, r"\$array|dtype"),
        ({"$scalar": ["O", "AAAA"]}, LoadError, r"\$scalar.*\(path=<root>\)$"),
        ({"$key": ["none", {"$array": {}}]}, LoadError, r"\(path=<root>\)$"),
        ({"$range": [1, 2, 0]}, LoadError, r"\$range.*\(path=<root>\)$"),
        (
            {"$ref": "os:system"},
            LoadError,
            r"'os:system' is of a module from which nothing is looked up; .*modules=\['os'\]",
        ),
        ({"$ref": "subprocess:run"}, LoadError, r"'subprocess:run' is of a module"),
        ({"$ref": "builtins:eval"}, LoadError, r"'builtins:eval'"),
        ({"$ref": "builtins:exec"}, LoadError, r"'builtins:exec'"),
        ({"$ref": "builtins:__import__"}, LoadError, r"'builtins:__import__'"),
        ({"$ref": "jax:nothing"}, LoadError, r"'jax:nothing' cannot be found: jax has no such"),
        ({"$ref": "jax.not_imported:x"}, LoadError, r"jax.not_imported is not imported"),
        ({"$ref": "jax:numpy"}, LoadError, r"'jax:numpy'"),
        ({"$ref": "numpy:f2py"}, LoadError, r"'numpy:f2py'"),
        ({"$ref": "numpy:testing.suppress_warnings"}, LoadError, r"'numpy:testing"),
        ({"$ref": "numpy:__builtins__.eval"}, LoadError, r"'numpy:__builtins__"),
        ({"$ref": "jax:jit.__globals__.get"}, LoadError, r"'jax:jit.__globals__.get'"),
        ({"$ref": f"{trees.__name__}:Box.__init__"}, LoadError, r"Box.__init__"),
        ({"$ref": "jax:os.system"}, LoadError, r"'jax:os.system'"),
        ({"$ref": "flax.io:os.system"}, LoadError, r"'flax.io:os.system'"),
        ({"$ref": "flax.io:shutil.rmtree"}, LoadError, r"'flax.io:shutil.rmtree'"),
        (
            {"$ref": "symjax.text.files:importlib.import_module"},
            LoadError,
            r"'symjax.text.files:importlib",
        ),
        ({"$ref": "symjax.names.lookup:sys.exit"}, LoadError, r"'symjax.names.lookup:sys.exit'"),
        ({"$ref": 3}, LoadError, r"\(path=<root>\)$"),
        ({"$ref": ":"}, LoadError, r"\(path=<root>\)$"),
        ({"$ref": "jax"}, LoadError, r"\(path=<root>\)$"),
        ({"$enum": ["os:system", "x"]}, LoadError, r"'os:system'.*\(path=<root>\)$"),
        ({"$enum": ["jax:jit", "x"]}, LoadError, r"'jax:jit' is no enum.*\(path=<root>\)$"),
        ({"$enum": [f"{trees.__name__}:Color", "GREEN"]}, LoadError, r"GREEN.*\(path=<root>\)$"),
        ({"$namedtuple": ["jax:jit", []]}, LoadError, r"is no NamedTuple.*\(path=<root>\)$"),
        (
            {"$namedtuple": [f"{trees.__name__}:Pair", [1, 2, 3]]},
            LoadError,
            r"\$namedtuple.*\(path=<root>\)$",
        ),
        ({"$partial": ["os:system", [], {}]}, LoadError, r"\(path=<root>\)$"),
        ({"$partial": [{"$ref": "os:system"}, ["ls"], {}]}, LoadError, r"'os:system'.*\(path=<root>\)$"),
        ({"$partial": [3, [], {}]}, LoadError, r"\$partial.*\(path=<root>\)$"),
    ],
)
def test_trees_that_are_refused(tree, kind, message):
    bad(text_of(tree), kind, message)
    # Deeper down, the message names that place.
    with pytest.raises(kind, match=r"\(path=\['x\.y'\]"):
        sj.from_json(text_of({"$map": {"x.y": tree}}))


def test_a_class_of_a_module_that_is_not_its_own_makes_nothing_known():
    exec("import symjax as sj\nclass Homeless(sj.Object):\n    value: int", {})  # its module is `builtins`
    for name in ("builtins:eval", "builtins:exec", "builtins:open", "types:new_class", "os:system"):
        bad(text_of({"$ref": name}), LoadError, f"'{name}'")


def test_a_function_of_another_module_is_looked_up_when_it_is_allowed():
    text = text_of({"$ref": "json:dumps"})
    bad(text, LoadError, r"modules=\['json'\]")
    assert sj.from_json(text, modules=["json"]) is json.dumps
    with pytest.raises(LoadError):
        sj.from_json(text_of({"$ref": "json:codecs.open"}), modules=["json"])


def test_a_class_of_a_module_that_is_not_imported_is_not_imported(tmp_path):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')\n")
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import symjax as sj\n"
        "trees = {'$type': 'evil_module.X'}, {'$ref': 'evil_module:x'}, {'$enum': ['evil_module:x', 'a']}\n"
        "for tree in trees:\n"
        "    for modules in ((), ('evil_module',)):\n"
        "        try: sj.from_json(json.dumps({'format': 1, 'tree': tree}), modules=modules)\n"
        "        except sj.LoadError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * 6


class OfScript(sj.Object):
    content: Any = None


class LayerOfScript(nn.Module):
    size: int = 3


@sj.symbolize
class PlainOfScript:
    def __init__(self, content=None):
        self.content = content


@pytest.mark.parametrize("cls", [OfScript, LayerOfScript, PlainOfScript])
def test_what_a_script_has_saved_loads_under_an_alias(cls):
    saved = f"__main__.{cls.__name__}"
    text = text_of({"$type": saved})
    advice = (
        rf"{cls.__name__} was defined in the script .*sj\.symbolize\({cls.__name__}, aliases=\['{saved}'\]\)"
    )
    with pytest.raises(LoadError, match=rf"no symbolic class '{saved}'.*{advice}.*\(path=<root>\)$"):
        sj.from_json(text)
    assert sj.symbolize(cls, aliases=[saved]) is cls
    assert sj.from_json(text) == cls()
    assert sj.from_json(sj.to_json(cls())) == cls()


def test_an_alias_of_a_symbolic_class_is_taken_from_no_other():
    with pytest.raises(ValueError, match=f"the symbol '{trees.__name__}.Box' is .*Box already"):
        sj.symbolize(OfScript, aliases=[f"{trees.__name__}.Box"])


def test_a_function_of_a_script_says_where_to_define_it():
    with pytest.raises(
        LoadError, match="'__main__:no_such' cannot be found: no_such was defined in the script"
    ):
        sj.from_json(text_of({"$ref": "__main__:no_such"}))


def test_a_default_may_be_absent_but_a_hole_is_said():
    assert sj.from_json(text_of({"$type": "symjax.linen.Dense", "features": 3})) == nn.Dense(3)
    assert sj.from_json(sj.to_json(nn.Dense.partial())) == nn.Dense.partial()


def test_checks_of_a_class_hold_for_files_too():
    class Even(sj.Object):
        number: int

        def __check__(self):
            if self.number % 2:
                raise ValueError("odd")

    text = sj.to_json(Box(Even(2)))
    assert sj.from_json(text) == Box(Even(2))
    with pytest.raises(ValueError, match=r"odd.*\(path=content\)$"):
        sj.from_json(text.replace('"number": 2', '"number": 3'))


# Fuzz: whatever the text, only one kind of error; nothing imported, nothing executed.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TAGS = [
    "$type", "$float", "$complex", "$bytes", "$list", "$map", "$dict", "$frozenset", "$range", "$slice",
    "$ellipsis", "$missing", "$dtype", "$scalar", "$array", "$key", "$shape", "$pspec", "$ref", "$enum",
    "$namedtuple", "$partial", "$nothing",
]  # fmt: skip
WORDS = st.sampled_from(
    [
        "jax:jit", "jax.numpy:tanh", "numpy:f2py", "os:system", "builtins:int", "float32", "object", "jax",
        "symjax.linen.Dense", "symjax.optax.adam", "symjax.linen.nothing", "symjax.optax.contrib.nothing",
        f"{trees.__name__}.Box", f"{trees.__name__}.Plain", f"{trees.__name__}:Pair",
        f"{trees.__name__}:Color", "numpy",
        "features", "content", "RED", "AAAA", "3ff0000000000000", "threefry2x32",
    ]
)  # fmt: skip
TAGGED = st.recursive(
    JSON | WORDS,
    lambda inner: st.one_of(
        st.builds(lambda tag, value: {tag: value}, st.sampled_from(TAGS), inner),
        st.builds(
            lambda name, fields: {"$type": name, **fields}, WORDS, st.dictionaries(WORDS, inner, max_size=2)
        ),
        st.builds(
            lambda **record: {"$array": record},
            dtype=WORDS,
            shape=st.lists(st.integers(-1, 3), max_size=2) | inner,
            of=st.sampled_from(["jax", "numpy"]),
            data=WORDS,
        ),
        st.lists(inner, max_size=3),
        st.builds(lambda a, b: [a, b], WORDS, inner),
    ),
    max_leaves=8,
)


def read_or_refuse(text, **options):
    """Reads a text, or has it refused with one of the allowed errors; neither imports anything."""
    before = imported()
    try:
        return sj.from_json(text, **options)
    except LoadError:
        return None
    finally:
        assert imported() == before


@given(st.one_of(st.text(), st.binary(), JSON.map(json.dumps)))
@example("9" * 5000)
@example('{"format": 1, "tree": ' + "9" * 5000 + "}")
@example('{"format": 1, "tree": NaN}')
@example('{"format": 1, "tree": {"$float": "\\ud800"}}')
def test_fuzz_any_text(text):
    read_or_refuse(text)


@given(JSON | TAGGED)
@settings(max_examples=300)
def test_fuzz_any_tree(tree):
    read_or_refuse(text_of(tree))


@given(trees.recipes(foreign=False), st.floats(0, 1, exclude_max=True))
def test_fuzz_cut_off(recipe, share):
    text = sj.to_json(recipe())
    with pytest.raises(LoadError, match="cut off"):
        sj.from_json(text[: int(share * len(text))])


@given(trees.recipes(foreign=False), st.data())
@settings(max_examples=200)
def test_fuzz_mutated(recipe, data):
    """A valid text in which one value anywhere is exchanged, renamed or taken away."""
    record = json.loads(sj.to_json(recipe()))
    places = []

    def collect(value):
        if isinstance(value, dict | list):
            for key in value if isinstance(value, dict) else range(len(value)):
                places.append((value, key))
                collect(value[key])

    collect(record["tree"])
    assume(places)
    holder, key = data.draw(st.sampled_from(places))
    match data.draw(st.sampled_from(["exchange", "rename", "remove", "repeat"])):
        case "exchange":
            holder[key] = data.draw(JSON | TAGGED)
        case "rename" if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(TAGS) | st.text(max_size=3))] = holder.pop(key)
        case "remove":
            del holder[key]
        case _:
            holder[key] = [holder[key]]
    made = read_or_refuse(json.dumps(record))
    if made is not None:
        assert sj.eq(sj.from_json(sj.to_json(made)), made)


@given(trees.recipes(foreign=False), st.data())
def test_fuzz_characters(recipe, data):
    text = sj.to_json(recipe())
    at = data.draw(st.integers(0, len(text) - 1))
    read_or_refuse(text[:at] + data.draw(st.characters()) + text[at + data.draw(st.integers(0, 2)) :])


class Tripped(Exception):
    pass


def boom(*args, **kwargs):
    raise Tripped


@given(TAGGED)
def test_fuzz_never_calls_what_it_looks_up(tree):
    """Functions that a file names are found, and not called."""
    here = f"{__name__}:boom"
    for record in (
        {"$ref": here},
        {"$partial": [{"$ref": here}, [tree], {"x": tree}]},
        {"$type": f"{trees.__name__}.Box", "content": {"$ref": here}, "other": tree},
        {"$type": f"{trees.__name__}.affine", "x": {"$ref": here}, "more": {"$map": {"k": tree}}},
    ):
        read_or_refuse(text_of(record), modules=[__name__])


def test_ordered_and_default_dicts_are_read_as_dicts():
    for tree in (collections.OrderedDict(b=1, a=2), collections.defaultdict(int, b=1)):
        with pytest.raises(TypeError, match=r"\(path=<root>\)$"):
            sj.to_json(tree)
        assert sj.from_json(sj.to_json(Box(tree))) == Box(tree)
