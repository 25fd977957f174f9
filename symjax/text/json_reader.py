"""`Reader`: the inverse of `json_writer.Writer`. It imports nothing and runs nothing but constructors."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from typing import Any

from symjax.core.containers import Map
from symjax.core.errors import at, brief, unknown
from symjax.core.lookup import look_up, saved_by_script
from symjax.core.paths import Path, extend
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.core.symbols import find_symbol, symbol_names
from symjax.text.forms import DECODERS
from symjax.text.json_writer import NATIVE, Arrays


class LoadError(ValueError):
    """A text or file that is no tree of this library."""


class Reader:
    """Reads one tree.

    Args:
        modules: Names of further modules in which functions may be looked up.
        arrays: The arrays beside a saved file; None if there is no file.
    """

    def __init__(self, modules: Collection[str], arrays: Arrays | None) -> None:
        self.modules = modules
        self.arrays = arrays
        self.references: dict[str, Any] = {}

    def read(self, record: Any, path: Path) -> Any:
        """The value that a record stands for; `path` is for messages."""
        kind = type(record)
        if kind in NATIVE or kind is float:
            return record
        if kind is list:
            if NATIVE.issuperset(map(type, record)):
                return tuple(record)
            return tuple([self.read(item, extend(path, key)) for key, item in enumerate(record)])
        name = record.get("$type")
        if name is not None:
            return self._read_node(name, record, path)
        if len(record) != 1:
            raise LoadError(f'an object must have "$type", or one key that starts with "$" {at(path)}')
        ((tag, content),) = record.items()
        decode = _DECODERS.get(tag)
        if decode is None:
            raise LoadError(f"{unknown('kind of value', tag, _DECODERS, 'known kinds')} {at(path)}")
        try:
            return decode(self, content, path)
        except (LoadError, RecursionError, FileNotFoundError):
            raise
        except LookupError as error:
            raise LoadError(f"{error.args[0] if error.args else error} {at(path)}") from None
        except Exception as error:
            if "(path=" in str(error):
                raise
            raise LoadError(f"{tag} holds {brief(content)}, which is none: {error} {at(path)}") from error

    def _read_node(self, name: Any, record: dict[str, Any], path: Path) -> Any:
        cls = find_symbol(name) if isinstance(name, str) else None
        if cls is None:
            message = unknown("symbolic class", name, symbol_names(), "some of those known")
            raise LoadError(f"{message} {_why_unknown(name)} {at(path)}")
        schema: Schema = getattr(cls, ATTRIBUTE)
        values: dict[str, Any] = {}
        for key, item in record.items():
            if key == "$type":
                continue
            if key not in schema.fields:
                raise LoadError(f"{schema.unknown_field(key)} {at(path / key)}")
            kind = type(item)
            plain = kind in NATIVE or kind is float
            values[key] = item if plain else self.read(item, extend(path, key))
        absent = [name for name in schema.holes(values) if name not in values]
        if absent:
            raise LoadError(f"{cls.__name__} misses the field {absent[0]!r} {at(path / absent[0])}")
        arguments = schema.admit(values, path, partial=True)
        node = (
            schema.construct(arguments, path) if not schema.holes(arguments) else schema.unpickle(arguments)
        )
        if schema.checks:
            schema.check(node, path)
        return node

    def read_entries(self, content: Any, path: Path) -> dict[Any, Any]:
        """The entries of a mapping; an object, or pairs where keys are no texts."""
        if isinstance(content, dict):
            return {key: self.read(item, path / key) for key, item in content.items()}
        entries = {}
        for key, item in content:
            name = self.read(key, path)
            entries[name] = self.read(item, path / name)
        return entries

    def stored(self, record: Any, path: Path) -> bytes:
        """See `array_forms.Stored`."""
        if "file" not in record:
            return base64.b64decode(record["data"], validate=True)
        if self.arrays is None:
            raise LoadError(f"an array lies in a file beside the text; use sj.load {at(path)}")
        if record["file"] not in self.arrays:
            raise FileNotFoundError(f"the arrays beside the saved file are missing {at(path)}")
        return self.arrays[record["file"]].tobytes()

    def read_reference(self, name: Any) -> Any:
        """A function or class by name."""
        if name not in self.references:
            self.references[name] = look_up(name, self.modules)
        return self.references[name]


def _why_unknown(name: Any) -> str:
    if not (isinstance(name, str) and name.startswith("__main__.")):
        return "(is the module that defines it imported?)"
    own = name.removeprefix("__main__.")
    return f"({saved_by_script(own)}; older files load after sj.symbolize({own}, aliases=[{name!r}]))"


_CONTAINERS: dict[str, Callable[[Reader, Any, Path], Any]] = {
    "$list": lambda reader, content, path: list(reader.read(list(content), path)),
    "$map": lambda reader, content, path: Map.of(reader.read_entries(content, path)),
    "$dict": lambda reader, content, path: reader.read_entries(content, path),
}
_DECODERS: dict[str, Callable[[Reader, Any, Path], Any]] = {**_CONTAINERS, **DECODERS}
