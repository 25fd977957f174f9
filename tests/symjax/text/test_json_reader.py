"""The reader of JSON: nothing but `LoadError` comes out of a bad text, in linear time."""

import json
import sys
import types

import flax.linen
import flax.linen.dtypes
import jax
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn

from .. import trees
from ..trees import Box

PRIME = 2**61 - 1  # Python's integers are hashed modulo this


def text_of(tree):
    return json.dumps({"format": 1, "tree": tree})


@pytest.mark.parametrize(
    "tree",
    [
        {"$list": "abc"},
        {"$list": {"a": 1}},
        {"$frozenset": "ab"},
        {"$slice": "abc"},
        {"$namedtuple": [f"{trees.__name__}:Pair", "ab"]},
        {"$partial": [{"$ref": f"{trees.__name__}:double"}, "ab", {}]},
        {"$partial": [{"$ref": f"{trees.__name__}:double"}, [], 3]},
        {"$enum": [f"{trees.__name__}:Color", []]},
        {"$ref": ["a"]},
        {"$ref": {"$type": 1}},
        {"$type": ["symjax.linen.Dense"]},
        *(
            {"$type": f"symjax.{name}"}
            for name in ("linen.__name__", "optax.__builtins__", "linen.", "nnx.Rngs")
        ),
        *({"$type": f"symjax.linen.{name}"} for name in ("initializers", "Module", "jit", "Dense.__call__")),
        {"$type": "symjax.refs.Ref", "path": "a["},
        {"$type": f"{trees.__name__}.Rate", "rate": {"$type": "symjax.refs.Ref", "path": "nowhere"}},
    ],
)
def test_only_one_kind_of_error(tree):
    for bad in (tree, [tree], {"$map": {"a": tree}}, {"$type": f"{trees.__name__}.Box", "content": tree}):
        with pytest.raises(sj.LoadError):
            sj.from_json(text_of(bad))


def test_what_a_class_refuses_is_a_load_error_too():
    @sj.symbolize
    class Strict:
        def __init__(self, number: int):
            self.inverse = 1 // number

    class Even(sj.Object):
        number: int

        def __check__(self):
            if self.number % 2:
                raise KeyError("odd", self.number)

    for node, wrong, message in (
        (Strict(1), 0, r"Strict refuses its arguments: .*division.*\(path=content\)$"),
        (Even(2), 3, r"Even refuses its arguments: .*odd.*\(path=content\)$"),
        (Even(2), "2", r"expects int, got '2'.*\(path=content\.number\)$"),
    ):
        record = json.loads(sj.to_json(Box(node)))
        record["tree"]["content"]["number"] = wrong
        with pytest.raises(sj.LoadError, match=message) as caught:
            sj.from_json(json.dumps(record))
        assert isinstance(caught.value, TypeError) is (wrong == "2")
        assert caught.value.__cause__ is not None


def test_modules_is_no_text():
    text = text_of({"$ref": "json:dumps"})
    for modules in ("json", b"json"):
        with pytest.raises(TypeError, match=r"takes a list of names.*modules=\["):
            sj.from_json(text, modules=modules)
    assert sj.from_json(text, modules=("json",)) is json.dumps


@pytest.fixture
def models():
    """An imported module with a plain Flax module class."""
    module = types.ModuleType("models_of_a_test")
    source = "import flax.linen as nn\nclass ResNet(nn.Module):\n    width: int\n\ndef scale(x, by=2.0):\n    return x * by"
    exec(source, vars(module))
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def test_a_class_that_is_imported_but_not_symbolized(models):
    text = text_of({"$type": "models_of_a_test.ResNet", "width": 3})
    advice = r"sj\.symbolize\(models_of_a_test\.ResNet\).*modules=\['models_of_a_test'\].*\(path=<root>\)$"
    with pytest.raises(sj.LoadError, match=advice):
        sj.from_json(text)
    read = sj.from_json(text, modules=["models_of_a_test"])
    assert isinstance(read, models.ResNet)
    assert read == sj.symbolize(models.ResNet)(3)
    functor = text_of({"$type": "models_of_a_test.scale", "x": 3})
    with pytest.raises(sj.LoadError, match=r"sj\.symbolize\(models_of_a_test\.scale\)"):
        sj.from_json(functor)
    assert sj.from_json(functor, modules=["models_of_a_test"])() == 6.0


def test_a_class_of_a_module_that_is_not_imported():
    text = text_of({"$type": "my.models.Net"})
    message = (
        r"^no symbolic class 'my\.models\.Net'; \(import the module that defines it, my\.models by the name, before you "
        r"load: no file causes an import, nor does modules=\) \(path=<root>\)$"
    )
    for modules in ((), ["my.models"]):
        with pytest.raises(sj.LoadError, match=message):
            sj.from_json(text, modules=modules)


def test_a_misspelt_class_is_told_its_neighbours_and_no_internals():
    with pytest.raises(sj.LoadError) as caught:
        sj.from_json(text_of({"$type": f"{trees.__name__}.Rat"}))
    assert f"did you mean '{trees.__name__}.Rate'?" in str(caught.value)
    assert "symjax.nodes" not in str(caught.value)


def test_no_advice_to_trust_the_standard_library():
    with pytest.raises(
        sj.LoadError, match=r"\(subprocess is imported, and has no symbolic class of that name\)"
    ):
        sj.from_json(text_of({"$type": "subprocess.Popen"}))
    with pytest.raises(sj.LoadError, match=r"is imported, and has no symbolic class of that name\)"):
        sj.from_json(text_of({"$type": f"{__name__}.PRIME"}), modules=[__name__])


# Linear time: what follows took minutes, or would never end.


def test_maps_as_keys():
    tree = {"$map": []}
    for _ in range(60):
        tree = {"$map": [[tree, 1]]}
    read, again = sj.from_json(text_of(tree)), sj.from_json(text_of(tree))
    assert sj.eq(read, again)
    assert hash(read) == hash(again)
    assert sj.eq(sj.from_json(sj.to_json(read)), read)


@pytest.mark.parametrize("tag", ["$frozenset", "$map", "$dict"])
def test_keys_of_one_hash(tag):
    def tree(size):
        keys = [PRIME * index for index in range(size)]
        return {tag: keys if tag == "$frozenset" else [[key, 1] for key in keys]}

    assert len(sj.from_json(text_of(tree(64)))) == 64
    with pytest.raises(sj.LoadError, match="have the same hash"):
        sj.from_json(text_of(tree(65)))


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "a." * 10**5 + "a", "a" + "[0]" * 10**5, "['" + "x" * 10**6 + "']"]
)
def test_a_million_characters(text):
    assert sj.from_json(text_of({"$type": "symjax.refs.Ref", "path": text})) == sj.ref(text)
    for tree in (
        {"$type": text},
        {"$type": f"symjax.linen.{text}"},
        {"$ref": text},
        {text: 1},
        {"$dtype": text},
    ):
        with pytest.raises(sj.LoadError):
            sj.from_json(text_of(tree))
    with pytest.raises(sj.LoadError, match="no kind of value"):
        sj.from_json(text_of({"$map": {text: {"$foo": 1}}}))


def test_older_names_of_functions_are_found():
    """Files of 0.1.0 name private homes of functions that are public."""
    assert sj.from_json(text_of({"$ref": "jax._src.scipy.special:erf"})) is jax.scipy.special.erf
    assert sj.from_json(text_of({"$ref": "numpy:tanh"})) is np.tanh
    promote = flax.linen.dtypes.promote_dtype
    assert sj.from_json(text_of({"$ref": "flax.linen.dtypes:promote_dtype"})) is promote


def test_a_view_is_imported_for_its_layers():
    assert sj.from_json(text_of({"$type": "symjax.linen.Dense", "features": 3})) == nn.Dense(3)
