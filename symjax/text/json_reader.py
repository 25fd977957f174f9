"""`Reader`: the inverse of `json_writer.Writer`. It imports nothing and runs nothing but constructors."""

from __future__ import annotations

import base64
import sys
import types
from collections.abc import Callable, Collection, Iterable
from typing import Any

from flax.core import FrozenDict

from symjax.core.containers import Map
from symjax.core.errors import at, brief, unknown
from symjax.core.paths import Path, extend
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.names.lookup import find, look_up, public_name, saved_by_script
from symjax.names.symbols import find_symbol, symbol_names
from symjax.text.array_file import ArrayFile
from symjax.text.forms import DECODERS
from symjax.text.json_writer import NATIVE

_CROWD = 64  # more distinct keys of one hash than chance gives; each is compared with all the others
_SYMBOLIZED_BY_DEFAULT = ((), None, (), None)  # the options of `symbolize`


class LoadError(ValueError):
    """A text or file that is no tree of this library."""


class LoadTypeError(LoadError, TypeError):
    """A text or file in which an argument is of a type that its class refuses."""


class Reader:
    """Reads one tree.

    Args:
        modules: Names of further modules in which functions and classes may be looked up.
        arrays: The arrays beside a saved file, if there are any.
        beside: The name of the file that holds them, where a file is read; None where it is a text alone.

    Raises:
        TypeError: `modules` is a text.
    """

    def __init__(
        self, modules: Collection[str], arrays: ArrayFile | None = None, *, beside: str | None = None
    ) -> None:
        if isinstance(modules, str | bytes):
            raise TypeError(f"modules= takes a list of names, not one text; give modules=[{modules!r}]")
        self.modules = frozenset(modules)
        self.arrays = arrays
        self.beside = beside
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
            raise LoadError(f"{tag} holds {brief(content)}, which is none: {error} {at(path)}") from error

    def _read_node(self, name: object, record: dict[str, Any], path: Path) -> Any:
        names = [key for key in record if key != "$type"]
        schema: Schema = getattr(self._find_class(name, path), ATTRIBUTE).of_names(names)
        values: dict[str, Any] = {}
        for key, item in record.items():
            if key == "$type":
                continue
            if key not in schema.fields:
                raise LoadError(f"{schema.unknown_field(key)} {at(path / key)}")
            kind = type(item)
            if kind in NATIVE or kind is float:
                values[key] = item
            elif kind is dict and _names_default(item, schema.fields[key].default):
                values[key] = schema.fields[key].default
            else:
                values[key] = self.read(item, extend(path, key))
        absent = [name for name in schema.holes(values) if name not in values]
        if absent:
            raise LoadError(f"{schema.cls.__name__} misses the field {absent[0]!r} {at(path / absent[0])}")
        try:
            arguments = schema.admit(values, path, partial=True, fresh=True)
        except (LoadError, RecursionError):
            raise
        except Exception as error:
            raise _refused(error, str(error)) from error  # it says the place
        try:
            holes = schema.holes(arguments)
            node = schema.unpickle(arguments) if holes else schema.construct(arguments, path)
            if schema.checks:
                schema.check(node, path)
        except (LoadError, RecursionError):
            raise
        except Exception as error:
            raise _refused(
                error, f"{schema.cls.__name__} refuses its arguments: {error} {at(path)}"
            ) from error
        return node

    def _find_class(self, name: object, path: Path) -> type:
        cls = find_symbol(name) if isinstance(name, str) else None
        if cls is not None:
            return cls
        module, original = _imported(name)
        configuration = provided.configuration(original) if isinstance(original, type) else None
        if configuration is not None and getattr(configuration, ATTRIBUTE).name == name:
            return configuration
        if module in self.modules:
            symbolic: type = provided.adopt(original, _SYMBOLIZED_BY_DEFAULT)
            if getattr(symbolic, ATTRIBUTE).name == name:
                return symbolic
        raise LoadError(f"{_unknown_class(name)} {_why_unknown(name, module)} {at(path)}")

    def read_items(self, content: Any, path: Path) -> tuple[Any, ...]:
        """The values that a list of records stands for."""
        if type(content) is not list:
            raise TypeError("it must be a list")
        items: tuple[Any, ...] = self.read(content, path)
        return items

    def read_entries(self, content: Any, path: Path) -> dict[Any, Any]:
        """The entries of a mapping; an object, or pairs where keys are no texts."""
        if isinstance(content, dict):
            return {key: self.read(item, path / key) for key, item in content.items()}
        keys = [self.read(key, path) for key, _ in content]
        refuse_crowds(keys)
        return {key: self.read(item, path / key) for key, (_, item) in zip(keys, content, strict=True)}

    def read_set(self, content: Any, path: Path) -> frozenset[Any]:
        """A set of the values of a list."""
        items = self.read_items(content, path)
        refuse_crowds(items)
        return frozenset(items)

    def stored(self, record: Any, size: int, path: Path) -> bytes:
        """See `array_forms.Stored`."""
        if "file" not in record:
            return base64.b64decode(record["data"], validate=True)
        if self.beside is None:
            raise LoadError(f"an array lies in a file beside the text; use sj.load {at(path)}")
        if self.arrays is None:
            raise FileNotFoundError(
                f"the arrays beside the saved file are missing: no file {brief(self.beside)} in its folder; "
                f"move it along with the tree {at(path)}"
            )
        return self.arrays.read(record["file"], size)

    def read_reference(self, name: Any) -> Any:
        """A function or class by name."""
        if name not in self.references:
            self.references[name] = look_up(name, self.modules)
        return self.references[name]


def refuse_crowds(keys: Iterable[Any]) -> None:
    """Refuses keys that were chosen to have one hash, with which a set would take quadratic time.

    Raises:
        ValueError: There are so many of them.
    """
    crowds: dict[int, int] = {}
    for key in keys:
        number = hash(key)
        crowds[number] = crowds.get(number, 0) + 1
        if crowds[number] > _CROWD:
            raise ValueError(f"more than {_CROWD} of its keys have the same hash")


def _names_default(record: dict[str, Any], default: Any) -> bool:
    """Whether a record names the function or class that is a field's default, which a file may leave out."""
    if len(record) != 1 or not isinstance(default, type | types.FunctionType):
        return False
    name = public_name(default)
    return name is not None and list(record.values()) == [":".join(name)]


def _refused(error: Exception, text: str) -> LoadError:
    kind = LoadTypeError if isinstance(error, TypeError) else LoadError
    return kind(text)


def _imported(name: object) -> tuple[str, Any]:
    """The module of a class or function that is imported under a symbol's name, and itself; or nothing."""
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return "", None
    module = name
    while "." in module:
        module = module.rpartition(".")[0]
        value = find(module, name[len(module) + 1 :])
        if isinstance(value, type | types.FunctionType):
            home, _ = public_name(value) or ("", "")
            return (module, value) if module in (value.__module__, home) else ("", None)
    return "", None


_LONGEST_NAME = 1000
_LONGEST_SHOWN = 100


def brief_name(name: object) -> Any:
    """A name for a message; what a file calls a name may be anything."""
    if not isinstance(name, str):
        return brief(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[:80]}…"


def _unknown_class(name: object) -> str:
    """The message for a class that is not known, with those that the same module defines."""
    home = name.rpartition(".")[0] if isinstance(name, str) else ""
    siblings = [each for each in symbol_names() if home and each.startswith(f"{home}.")]
    if siblings:
        return unknown("symbolic class", brief_name(name), siblings, f"some of those in {home}")
    return f"no symbolic class {brief_name(name)!r};"


def _why_unknown(name: object, module: str) -> str:
    if isinstance(name, str) and name.startswith("__main__."):
        own = name.removeprefix("__main__.")
        return f"({saved_by_script(own)}; older files load after sj.symbolize({own}, aliases=[{name!r}]))"
    if module and module.partition(".")[0] not in sys.stdlib_module_names:
        return (
            f"(it is imported, but not symbolic: sj.symbolize({name}) makes it so; so does "
            f"modules=[{module!r}], if you trust that module)"
        )
    home = name.rpartition(".")[0] if isinstance(name, str) else ""
    if home in sys.modules:
        return f"({home} is imported, and has no symbolic class of that name)"
    of = f", {home} by the name," if 0 < len(home) < _LONGEST_SHOWN else ""
    return (
        f"(import the module that defines it{of} before you load: no file causes an import, "
        "nor does modules=)"
    )


_CONTAINERS: dict[str, Callable[[Reader, Any, Path], Any]] = {
    "$list": lambda reader, content, path: list(reader.read_items(content, path)),
    "$map": lambda reader, content, path: Map.of(reader.read_entries(content, path)),
    "$dict": lambda reader, content, path: reader.read_entries(content, path),
    "$frozendict": lambda reader, content, path: FrozenDict(  # type: ignore[no-untyped-call]
        reader.read_entries(content, path)
    ),
}
_DECODERS: dict[str, Callable[[Reader, Any, Path], Any]] = {**_CONTAINERS, **DECODERS}
