"""The layers of built NNX modules, shown to patches as nodes, and replaced."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flax import nnx

from symjax.core.errors import locate, note
from symjax.core.inside import INSIDE, is_patchable
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import schema_of
from symjax.verbs.equality import surely_eq
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import map_items, replace

from ...core.patch import describe_rule
from ..parts import LayerPatch, placed
from ..recording import record
from .bridge import is_linen
from .graph import is_container, items_of, with_items
from .inserting import is_insertion
from .making import Maker, missing_in, mode_of
from .views import Reader


class Entry(NamedTuple):
    """A layer patch that acts in a module.

    Attributes:
        rule: The patch.
        source: What a user gave, of which the rule is a part.
    """

    rule: LayerPatch
    source: Any


class Edited(NamedTuple):
    """A module that was patched.

    Attributes:
        module: The module.
        places: The paths of the layers that were replaced.
    """

    module: Any
    places: tuple[Path, ...]


class Editing:
    """Shows the layers of a module to patches, outermost first, and replaces them.

    A layer is shown as a node whose arguments were read back; if it stays, the values of these arguments and
    the functions that it stores are shown, then the layers in it. What a patch has put there is shown to the
    patches after it, and not to those before. A layer that is shared is shown once, at its first place, and
    stays shared.

    Args:
        entries: The patches, in order.
        reader: Reads layers back.
        maker: Makes new layers.
        fields: Modules that are fields of a tree, where the patches have seen them: only what is in them is
            shown.
        foreign: Modules that are left alone, with all that is in them.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        reader: Reader,
        maker: Maker,
        fields: Sequence[nnx.Module] = (),
        foreign: Sequence[nnx.Module] = (),
    ) -> None:
        self._entries = tuple(entries)
        self._reader = reader
        self._maker = maker
        self._fields = {id(module) for module in fields}
        self._new: dict[int, tuple[Any, Any]] = {id(module): (module, module) for module in foreign}
        self._around: list[nnx.Module] = []
        self._places: list[Path] = []

    def run(self, module: nnx.Module) -> Edited:
        """The module with layers replaced; `module` itself is changed, and of no more use.

        Raises:
            ReadingError: A patch has changed a layer whose arguments cannot be read back.
        """
        self._mode = mode_of(module)
        new = self._visit(module, ROOT, None)
        return Edited(new, tuple(dict.fromkeys(self._places)))

    def _visit(self, value: Any, path: Path, parent: Any) -> Any:
        if isinstance(value, nnx.Pytree):
            if id(value) not in self._new:
                self._new[id(value)] = value, self._visit_pytree(value, path, parent)
            return self._new[id(value)][1]
        if isinstance(value, list | tuple | dict):
            return self._visit_items(value, path, parent)
        if callable(value) and not isinstance(value, type | nnx.Variable):
            return self._shown(value, path, parent)[0]
        return value

    def _visit_pytree(self, value: Any, path: Path, parent: Any) -> Any:
        if not isinstance(value, nnx.Module) or is_container(value):
            return self._visit_items(value, path, parent)
        node = self._reader.read(value).node
        if id(value) not in self._fields:
            stored = frozenset(_stored(value))
            new, entries = self._shown(node, path, parent, stored)
            if new is not node:
                return self._replaced(value, new, path, entries)
        with self._inside_of(value):
            return self._visit_items(value, path, node)

    def _visit_items(self, value: Any, path: Path, parent: Any) -> Any:
        items = dict(items_of(value))
        new = {key: self._visit(item, path / key, parent) for key, item in items.items()}
        changes = {key: item for key, item in new.items() if item is not items[key]}
        return with_items(value, changes) if changes else value

    @contextlib.contextmanager
    def _inside_of(self, module: nnx.Module) -> Iterator[None]:
        self._around.append(module)
        try:
            yield
        finally:
            self._around.pop()

    def _shown(
        self, value: Any, path: Path, parent: Any, stored: frozenset[int] = frozenset()
    ) -> tuple[Any, tuple[Entry, ...]]:
        """What the patches make of a value, and those of them that act inside of it.

        Args:
            value: A layer as a node, or a function.
            path: Where it stands.
            parent: The node of the layer around it.
            stored: What the layer stores and calls, by identity: that is shown where it stands in the layer.
        """
        old = value
        sources: list[Any] = []
        inner = self._entries
        for number, entry in enumerate(self._entries, 1):
            new = _asked(entry, path, value, parent)
            if new is not value and not surely_eq(new, value):
                value, inner = new, self._entries[number:]
            elif (new := _with_parts(entry, path, value, parent, stored)) is not value:
                value = new
            else:
                continue
            sources.append(entry.source)
        if sources or schema_of(old) is not None:
            record("/".join(map(str, path)), old, tuple(sources))
        if sources:
            self._places.append(path)
        return value, inner

    def _replaced(self, layer: nnx.Module, new: Any, path: Path, entries: tuple[Entry, ...]) -> Any:
        """What stands in the place of a layer, with the patches that act inside of it applied."""
        name = type(self._reader.read(layer).node).__name__
        if entries and is_linen(new) and is_patchable(new):
            later = tuple(placed(tuple(map(str, path)), entry.rule) for entry in entries)
            new = rebind(new, {INSIDE: (*vars(new).get(INSIDE, ()), *later)})
        try:
            module = self._maker.make(layer, new, path, reversed(self._around))
        except Exception as error:
            locate(error, path, f"while making what a patch puts in the place of {name}")
            raise
        if not isinstance(module, nnx.Module):
            return module
        if self._mode:
            module.set_attributes(**self._mode, raise_if_not_found=False)
        self._entries, before = entries, self._entries
        try:
            with self._inside_of(module):
                return self._visit_items(module, path, new) if entries else module
        finally:
            self._entries = before


def _asked(entry: Entry, path: Path, value: Any, parent: Any) -> Any:
    try:
        return entry.rule.on_layer(path, value, parent)
    except Exception as error:
        where = "/".join(map(str, path)) or "the model"
        note(error, f"while the patch {describe_rule(entry.source)} was shown {where}")
        raise


def _with_parts(entry: Entry, path: Path, node: Any, parent: Any, stored: frozenset[int]) -> Any:
    """A node with what a patch makes of the values of its arguments."""
    if schema_of(node) is None:
        return node
    if is_insertion(node):  # what stands there is two: the layer is shown, too
        layer = _asked(entry, path, node.layer, parent)
        return node if layer is node.layer else rebind(node, {"layer": layer})
    if missing_in(node):
        return node

    def shown(value: Any, where: Path) -> Any:
        if where == path / INSIDE or value is MISSING or id(value) in stored or _is_layer(value):
            return value
        new = _asked(entry, where, value, node)
        if new is not value and not surely_eq(new, value):
            return new
        changes = map_items(value, where, shown)
        return replace(value, changes, where) if changes else value

    changes = map_items(node, path, shown)
    return replace(node, changes, path) if changes else node


def _stored(value: Any) -> Iterator[int]:
    """The functions that a layer stores, also in containers, by identity."""
    for _, item in items_of(value):
        if is_container(item):
            yield from _stored(item)
        elif callable(item) and not isinstance(item, nnx.Pytree):
            yield id(item)


def _is_layer(value: Any) -> bool:
    """Whether a value is a layer, which is shown where it stands in the module."""
    schema = schema_of(value)
    return isinstance(value, nnx.Module) or (
        schema is not None and schema.kind in ("nnx", "linen", "linen_function")
    )
