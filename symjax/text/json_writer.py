"""`Writer`: a tree as what JSON knows; the form that files.py describes."""

from __future__ import annotations

import base64
import math
from typing import Any

from flax.core import FrozenDict

from symjax.core.containers import Map
from symjax.core.errors import at, brief
from symjax.core.paths import Path, extend
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.names.lookup import public_name
from symjax.names.symbols import find_symbol
from symjax.nodes.shown import shown
from symjax.text.forms import form_of
from symjax.verbs.equality import surely_eq

NATIVE = frozenset({str, int, bool, type(None)})  # what JSON writes as it is
Arrays = dict[str, bytes]
_EMBED = 4096  # bytes; larger arrays lie beside a saved file


class Writer:
    """Writes one tree.

    Args:
        hide_defaults: Leave out arguments that equal their default.
        arrays: Takes the arrays that are too large to be embedded; None embeds all.
    """

    def __init__(self, hide_defaults: bool, arrays: Arrays | None) -> None:
        self.hide_defaults = hide_defaults
        self.arrays = arrays
        self._names: dict[int, tuple[str, str] | None] = {}  # by id; the tree keeps the values alive
        self._symbols: set[str] = set()  # the names of classes that are known to be found again

    def name_of(self, value: Any) -> tuple[str, str] | None:
        """See `public_name`; looked up once for each value."""
        if id(value) not in self._names:
            self._names[id(value)] = public_name(value)
        return self._names[id(value)]

    def write(self, value: Any, path: Path) -> Any:
        """A value in the terms of JSON; `path` is for messages."""
        kind = type(value)
        if value is None or kind is str or kind is bool or kind is int:
            return value
        if kind is float and math.isfinite(value):
            return value
        schema = getattr(kind, ATTRIBUTE, None)
        if schema is not None:
            return self._write_node(value, schema, path)
        if kind is tuple:
            if NATIVE.issuperset(map(type, value)):
                return list(value)
            return [self.write(item, extend(path, key)) for key, item in enumerate(value)]
        if kind is Map or kind is dict:
            return {f"${kind.__name__.lower()}": self._write_entries(value, path)}
        if kind is FrozenDict:
            return {"$frozendict": self._write_entries(value.unfreeze(), path)}
        if kind is list:
            return {"$list": [self.write(item, path / key) for key, item in enumerate(value)]}
        return form_of(value).encode(self, value, path)

    def _write_node(self, node: Any, schema: Schema, path: Path) -> dict[str, Any]:
        if schema.name not in self._symbols:
            if find_symbol(schema.name) is None:
                raise TypeError(
                    f"{schema.cls.__name__} has no name to be saved by: a lifted class is made by a call; "
                    f"subclass it at the top of a module {at(path)}"
                )
            self._symbols.add(schema.name)
        record: dict[str, Any] = {"$type": schema.name}
        same = surely_eq if self.hide_defaults else None
        for name, value in shown(schema, schema.values(node), rebuilds=True, same=same):
            # Of native values no call: 183 µs, not 201 (benchmarks/trees.py, to-json).
            record[name] = value if type(value) in NATIVE else self.write(value, extend(path, name))
        return record

    def _write_entries(self, value: Any, path: Path) -> Any:
        if all(type(key) is str for key in value):
            return {key: self.write(item, path / key) for key, item in value.items()}
        return [[self.write(key, path), self.write(item, path / key)] for key, item in value.items()]

    def store(self, data: bytes) -> dict[str, str]:
        """See `array_forms.Store`: small arrays are embedded, large ones lie beside a saved file."""
        if self.arrays is None or len(data) <= _EMBED:
            return {"data": base64.b64encode(data).decode()}
        name = f"a{len(self.arrays)}"
        self.arrays[name] = data
        return {"file": name}

    def reference(self, value: Any, path: Path) -> str:
        """A function or class by its name, as ``module:name``."""
        name = self.name_of(value)
        if name is None:
            raise TypeError(
                f"{brief(value)} of type {type(value).__name__} cannot be saved: it has no name by which "
                f"it is found again, a lambda or closure has none; define a function at the top of a module, "
                f"and use sj.symbolize, or symjax.linen and symjax.optax, for what has arguments {at(path)}"
            )
        return ":".join(name)
