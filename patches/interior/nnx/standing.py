"""Modules that are patched: those that stand in a tree as they are, and those that are being built."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flax import nnx

from symjax.adoption.nnx.building import build
from symjax.adoption.symbolize import symbolize
from symjax.core.errors import brief
from symjax.core.inside import INSIDE
from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE, schema_of
from symjax.verbs.rebind import rebind

from ...outlines.inputs import Inputs
from ..expectations import expecting
from ..functions.running import FunctionPatch
from ..parts import STANDING, LayerPatch, parts
from .editing import Editing, Entry
from .functions import replacing_functions
from .inputs import knowing, known_calls, recorded
from .making import Maker
from .views import Reader


def _copy_of(module: nnx.Module) -> nnx.Module:
    return nnx.clone(module)


_Copy: Final[Any] = symbolize(_copy_of, name=STANDING)


def standing_for(module: Any) -> Any:
    """A node that stands for a built module, as one of a function that returns a copy of it.

    Raises:
        TypeError: It is no NNX module.
    """
    if not isinstance(module, nnx.Module):
        raise TypeError(
            f"expected a built NNX module, got {brief(module)} of type {type(module).__name__}; trees are "
            "patched by sj.patch, and sj.build makes their modules"
        )
    schema = getattr(_Copy, ATTRIBUTE)
    schema.validator()
    return schema.revive({"module": module})  # a constructor that is given a module builds at once


@contextlib.contextmanager
def called_with(module: nnx.Module, inputs: Mapping[Path, Inputs]) -> Iterator[None]:
    """While it lasts, it is known with what the layers of a module are called.

    Args:
        module: The module.
        inputs: What it is called with, under the path of the root; none where that is not known.
    """
    with knowing(recorded(module, inputs[ROOT]) if ROOT in inputs else {}):
        yield


def applied(module: nnx.Module, node: Any, rngs: nnx.Rngs | Any) -> Any:
    """A copy of a module, with the patches applied that a node that stands for it has inside.

    Args:
        module: The module.
        node: The node.
        rngs: Where new parameters come from.
    """
    rngs = rngs if isinstance(rngs, nnx.Rngs) else nnx.Rngs(rngs)
    return patched(nnx.clone(module), node, vars(node).get(INSIDE, ()), rngs, ())


def patched(
    module: nnx.Module, node: Any, items: Sequence[Any], rngs: nnx.Rngs, fields: Sequence[nnx.Module]
) -> Any:
    """A module that was just built, with patches applied; see `symjax.adoption.nnx.building`.

    Args:
        module: The module, which is of no more use afterwards.
        node: The node of which it was built; None where it was made at once.
        items: The patches.
        rngs: Where new parameters come from.
        fields: The modules that were built of nodes in the same tree: rules have seen these.
    """
    reader = Reader()
    schema = schema_of(node)
    if schema is None or not isinstance(schema.original, type):
        model = reader.read(module).node
    else:
        model = rebind(node, {INSIDE: ()})
        fields = (*fields, module)
    trained = schema is not None and schema.cls is _Copy
    return _run(
        module, model, items, reader, Maker(reader, rngs, known_calls() if trained else {}, trained), fields
    )


def build_shapes(node: Any) -> Any:
    """The module of a node, with shapes in the place of arrays."""
    return nnx.eval_shape(lambda: build(node))


def paths_in(module: nnx.Module) -> list[str]:
    """The paths of all that patches are shown of a module."""
    paths: list[str] = []

    class Listing(LayerPatch):
        def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
            paths.append(str(path))
            return layer

    reader = Reader()
    Editing([Entry(Listing(), None)], reader, Maker(reader, nnx.Rngs(0))).run(module)
    return paths


def _run(
    module: nnx.Module,
    model: Any,
    items: Sequence[Any],
    reader: Reader,
    maker: Maker,
    fields: Sequence[nnx.Module] = (),
) -> Any:
    acting = [(part, item) for item in items for part in parts(item, model)]
    entries = [Entry(part, item) for part, item in acting if isinstance(part, LayerPatch)]
    replacing = [(part, item) for part, item in acting if isinstance(part, FunctionPatch)]
    with expecting([] if replacing else items):  # what a method calls is known when it runs
        new = Editing(entries, reader, maker, fields).run(module).module
    return replacing_functions(new, replacing) if replacing and isinstance(new, nnx.Module) else new
