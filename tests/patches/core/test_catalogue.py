"""The catalogue: all there is to know of patchers, as data that JSON can hold."""

import enum
import json
import linecache
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import jax
import numpy as np
import pydantic
import pytest
from annotated_types import Ge, Gt, Interval, Len, Lt, Predicate

import symjax as sj
from symjax import patches
from symjax.patches.core.catalogue import references


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


def is_even(n):
    return n % 2 == 0


@patches.patcher(name="test_catalogue.everything", aliases=["test_catalogue.all", "test_catalogue.whole"])
def everything(
    tree: Any,
    factor: Annotated[float, Gt(0), Lt(math.inf)],
    share: Annotated[float, Interval(ge=0, le=1)] = 0.5,
    count: Annotated[int | None, Ge(2)] = None,
    even: Annotated[int, Predicate(is_even)] = 2,
    switch: bool = False,
    name: Annotated[str, Len(1, 9)] = "x",
    sizes: Annotated[Sequence[int], Len(1)] = (1, 2),
    pair: tuple[int, str] = (1, "a"),
    table: Mapping[str, float] = sj.Map({}),
    mode: Literal["same", "valid", 3] = "same",
    color: Color = Color.RED,
    access: Access = Access.READ,
    activation: Callable[..., Any] = jax.nn.gelu,
    to: str | Callable[..., Any] = "gelu",
    dtype: np.dtype | None = None,
    limit: float = math.inf,
    anything: Any = None,
    *,
    only_by_name: int = 1,
):
    """Does everything, in two
    lines of summary.

    As Ada & Lovelace, "Notes on the
    Engine", 1943, had it; later work (Turing, "On Computable Numbers", 1936) went on.

    Args:
        tree: The tree.
        factor: How much of it,
            in several lines.
        share (float): Of all.
    """
    return {"a": factor}


ENTRY = patches.catalogue()["test_catalogue.everything"]
PROPERTIES = ENTRY["schema"]["properties"]


def test_every_patcher_has_an_entry_by_its_own_name():
    entries = patches.catalogue()
    assert list(entries) == sorted(entries)
    assert {name for entry in entries.values() for name in (entry["name"], *entry["aliases"])} == set(
        patches.names()
    )
    assert {"scale_width", "on_key"} <= set(entries)


def test_it_is_json():
    assert json.loads(json.dumps(patches.catalogue(), allow_nan=False)) == patches.catalogue()


def test_an_entry_says_where_a_patcher_is_from():
    assert ENTRY["aliases"] == ["test_catalogue.all", "test_catalogue.whole"]
    assert ENTRY["module"] == __name__
    assert ENTRY["file"] == __file__
    assert linecache.getline(ENTRY["file"], ENTRY["line"]).startswith(
        '@patches.patcher(name="test_catalogue.every'
    )


def test_an_entry_says_what_a_patcher_does():
    assert ENTRY["summary"] == "Does everything, in two lines of summary."
    assert ENTRY["docstring"].startswith("Does everything, in two\nlines of summary.\n\nAs Ada")
    assert ENTRY["references"] == [
        'Ada & Lovelace, "Notes on the Engine", 1943',
        'Turing, "On Computable Numbers", 1936',
    ]


@pytest.mark.parametrize(
    ("name", "type", "default", "description"),
    [
        ("factor", "float (> 0, < inf)", None, "How much of it, in several lines."),
        ("share", None, "0.5", "Of all."),
        ("count", "int | None (≥ 2)", "None", ""),
        ("sizes", None, "(1, 2)", ""),
        ("color", "Color", "RED", ""),
        ("activation", None, "jax.nn.gelu", ""),
        ("only_by_name", "int", "1", ""),
    ],
)
def test_an_entry_lists_the_arguments(name, type, default, description):
    (argument,) = [argument for argument in ENTRY["arguments"] if argument["name"] == name]
    assert type in (None, argument["type"])
    assert argument["required"] == (default is None)
    assert argument["default"] == (default or "")
    assert argument["description"] == description


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        (
            "factor",
            {"type": "number", "exclusiveMinimum": 0, "description": "How much of it, in several lines."},
        ),
        ("share", {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5, "description": "Of all."}),
        ("count", {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}], "default": None}),
        ("even", {"type": "integer", "default": 2}),
        ("switch", {"type": "boolean", "default": False}),
        ("name", {"type": "string", "minLength": 1, "maxLength": 9, "default": "x"}),
        ("sizes", {"type": "array", "items": {"type": "integer"}, "minItems": 1, "default": [1, 2]}),
        ("mode", {"enum": ["same", "valid", 3], "default": "same"}),
        ("color", {"enum": ["RED", "GREEN"], "type": "string", "default": "RED"}),
        ("activation", {"type": "string", "description": "the name of a function", "default": "jax.nn.gelu"}),
        ("limit", {"type": "number"}),
        ("anything", {"default": None}),
        ("only_by_name", {"type": "integer", "default": 1}),
    ],
)
def test_the_schema_has_types_ranges_and_defaults(name, schema):
    assert PROPERTIES[name] == schema


def test_flags_unions_pairs_and_mappings_have_schemas_too():
    assert {"enum": ["READ", "WRITE"], "type": "string"} in PROPERTIES["access"]["anyOf"]
    assert {"type": "string"} in PROPERTIES["to"]["anyOf"]
    assert PROPERTIES["pair"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert PROPERTIES["table"]["additionalProperties"] == {"type": "number"}
    assert {"type": "string", "description": "the name of a dtype"} in PROPERTIES["dtype"]["anyOf"]


def test_the_schema_is_one_of_an_object():
    schema = patches.json_schema("test_catalogue.all")
    assert schema == ENTRY["schema"]
    assert schema["title"] == "test_catalogue.everything"
    assert schema["required"] == ["factor"]
    assert schema["additionalProperties"] is False
    with pytest.raises(ValueError, match="no patcher 'nobody'"):
        patches.json_schema("nobody")


LIBRARY = [name for name, entry in patches.catalogue().items() if entry["module"].startswith("symjax.")]


@pytest.mark.parametrize("name", LIBRARY)
def test_what_a_schema_admits_is_a_uri_of_the_patch(name):
    schema = patches.json_schema(name)
    required = {key: least(schema["properties"][key]) for key in schema["required"]}
    uri = f"{name}?" + "&".join([f"{key}={value}" for key, value in required.items()])
    try:
        patch = patches.from_uri(uri)
    except ValueError:  # a check of the patch's own: there is no activation `x`
        return
    assert type(patch).patcher_name == name
    assert patches.from_uri(str(patch)) == patch


def least(schema):
    """A value that a schema admits, as a URI has it."""
    return next(filter(None, map(_least, [schema, *schema.get("anyOf", ())])), "1")


def _least(kind):
    if "enum" in kind:
        return str(kind["enum"][0])
    if kind.get("type") in ("number", "integer"):
        return str(next(n for n in (1, 0.5, 2, 3) if _within(n, kind)))
    names = {
        "the name of a function": "jax.nn.gelu",
        "the name of a class": "Dense",
        "the name of a dtype": "int8",
    }
    texts = {"string": names.get(kind.get("description"), "x"), "boolean": "yes", "array": "[]"}
    return texts.get(kind.get("type"))


def _within(number, schema):
    return (
        number >= schema.get("minimum", -math.inf)
        and number <= schema.get("maximum", math.inf)
        and number > schema.get("exclusiveMinimum", -math.inf)
        and number < schema.get("exclusiveMaximum", math.inf)
        and (schema["type"] == "number" or isinstance(number, int))
    )


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Nothing here, not even in 2017.", []),
        (
            'By He et al., "Deep Residual Learning", 2016, section 3.',
            ['He et al., "Deep Residual Learning", 2016'],
        ),
        ('(Wu and He, "Group Normalization" (GN), 2018)', ['Wu and He, "Group Normalization", 2018']),
        ('"Untitled Authors", 1999; again "Untitled Authors", 1999', ['"Untitled Authors", 1999']),
    ],
)
def test_publications_are_read_off_a_docstring(text, cited):
    assert references(text) == cited


def test_a_patcher_without_a_file_or_a_docstring_has_an_entry():
    scope = {"__name__": "nowhere"}
    exec(
        "from symjax import patches\n@patches.patcher(name='test_catalogue.bare')\ndef bare(tree): pass",
        scope,
    )
    entry = patches.catalogue()["test_catalogue.bare"]
    assert (entry["file"], entry["line"], entry["summary"], entry["arguments"]) == ("", 0, "", [])


def test_pydantic_reads_what_the_schema_is_made_of():
    assert pydantic.TypeAdapter(Annotated[float, Gt(0)]).json_schema() == {
        "exclusiveMinimum": 0,
        "type": "number",
    }
