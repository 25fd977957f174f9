"""The registry of symbols: by the name under which nodes are saved, and by what was adopted."""

from __future__ import annotations

import sys
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from symjax.core.schema import ATTRIBUTE, Options, Schema
from symjax.names.views import ROOMS, VIEWS, Namespace

_LIBRARIES = {"jax", "jaxlib", "flax", "optax", "numpy", "symjax", "ml_collections"}
_LISTED = (sys.stdlib_module_names - {"__main__"}) | _LIBRARIES
_VERSIONS = "__symjax_versions__"
_by_name: weakref.WeakValueDictionary[str, type] = weakref.WeakValueDictionary()
_opaque: weakref.WeakSet[type] = weakref.WeakSet()


class Versions:
    """The symbolic versions of one class or function, by the options that they were made with.

    The original itself keeps them, so that they live as long as it does and no longer: a class is part of
    the cycle that its symbolic version makes with it, and the two go together.
    """

    __slots__ = ("_original", "by_options")

    def __init__(self, original: Callable[..., Any] | None = None) -> None:
        self._original = None if original is None else weakref.ref(original)
        self.by_options: dict[Any, type] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Versions, ()  # in a pickle of the original, and in copies of it: of nothing

    @classmethod
    def of(cls, original: Callable[..., Any]) -> Versions | None:
        """Those that an original keeps; what `functools.wraps` copied to a wrapper is not the wrapper's."""
        kept = getattr(original, "__dict__", {}).get(_VERSIONS)
        if isinstance(kept, Versions) and kept._original is not None and kept._original() is original:
            return kept
        return _elsewhere[id(original)][1] if id(original) in _elsewhere else None

    @classmethod
    def kept_by(cls, original: Callable[..., Any]) -> Versions:
        """Likewise; an empty one is added where there is none."""
        versions = cls.of(original)
        if versions is None:
            try:
                versions = cls(original)
                setattr(original, _VERSIONS, versions)
            except (AttributeError, TypeError):
                versions = cls()
                if isinstance(getattr(original, "__self__", None), types.ModuleType | type(None)):
                    _elsewhere[id(original)] = original, versions  # not of methods: made at each access
        return versions


# Of what takes no attribute: functions that are built into Python, classes whose metaclass refuses.
_elsewhere: dict[int, tuple[Any, Versions]] = {}


def add_symbol(cls: type, aliases: Iterable[str] = ()) -> None:
    """Makes a symbolic class known by name.

    A class of the same module and qualified name replaces its older self, as when a notebook cell is run
    again or a module is reloaded.

    Raises:
        ValueError: The name belongs to another class, or to the same one symbolized with other options.
    """
    schema: Schema = getattr(cls, ATTRIBUTE)
    for name in (schema.name, *aliases):
        owner = _by_name.get(name)
        if owner is not None and owner is not cls and not _replaces(cls, owner):
            raise ValueError(
                f"the symbol {name!r} is {owner.__module__}.{owner.__qualname__} already; "
                f"give {cls.__module__}.{cls.__qualname__} another name, by sj.symbolize(…, name=…)"
            )
    for name in (schema.name, *aliases):
        _by_name[name] = cls


def find_symbol(name: str) -> type | None:
    """The symbolic class that is saved under a name, or None."""
    if name not in _by_name:
        _make_known(name)
    return _by_name.get(name)


def _make_known(name: str) -> None:
    """Symbolizes a class of Flax or Optax, or imports a room of this library, that no one has used yet."""
    for room, import_room in ROOMS.items():
        if name.startswith(room + "."):
            import_room()
    for module_name, view_module in VIEWS.items():
        if name.startswith(module_name + "."):
            view: Any = vars(view_module())["_view"]
            for part in name.removeprefix(module_name + ".").split("."):
                view = view.known(part) if isinstance(view, Namespace) else None


def symbol_names() -> list[str]:
    """The names of all symbols."""
    return sorted(_by_name)


def symbols() -> list[type]:
    """All symbolic classes that have a name."""
    classes = [reference() for reference in _by_name.valuerefs()]  # a list: other threads may add symbols
    return [cls for cls in dict.fromkeys(classes) if cls is not None]


def symbolized(original: Callable[..., Any], options: Options) -> Any:
    """What `original` was symbolized to with the same options before, or None."""
    versions = Versions.of(original)
    return None if versions is None else versions.by_options.get(options)


def any_symbolized(original: Callable[..., Any]) -> Any:
    """What `original` was symbolized to first, with whatever options, or None."""
    versions = Versions.of(original)
    return None if versions is None else next(iter(versions.by_options.values()), None)


def remember(original: Callable[..., Any], options: Options, cls: type) -> None:
    """Lets the next call of `symbolize` with the same arguments return the same class.

    What was adopted unasked is forgotten then.
    """
    versions = Versions.kept_by(original)
    others = versions.by_options.items()
    versions.by_options = {key: other for key, other in others if getattr(other, ATTRIBUTE).wanted}
    versions.by_options[options] = cls


def is_wanted(original: Callable[..., Any]) -> bool:
    """Whether a user has symbolized `original`, with whatever options."""
    symbolic = any_symbolized(original)
    return symbolic is not None and getattr(symbolic, ATTRIBUTE).wanted


def keep_opaque(cls: type) -> None:
    """Lets the instances of a class, and of its subclasses, be left as they are; see `symjax.opaque`."""
    _opaque.add(cls)


def is_opaque(cls: type) -> bool:
    """Whether the instances of a class are to be left as they are."""
    return any(base in _opaque for base in cls.__mro__)


def trusted_modules() -> set[str]:
    """The modules that have defined a symbol: loading a file may look up functions in them.

    The standard library never counts, although a class made by ``exec`` says that it is of `builtins`; nor do
    the libraries that have symbols here, of which `allowed.py` lists what may be named.
    """
    homes = {cls.__module__ for cls in symbols()}
    return {name for name in homes if name.partition(".")[0] not in _LISTED}


def _replaces(new: type, old: type) -> bool:
    """Whether a class is the newer self of another, and not a second symbol made of the same code.

    What was adopted unasked gives way to what its user symbolizes, with other options.
    """
    originals = [getattr(cls, ATTRIBUTE).original for cls in (new, old)]
    if originals[0] is not None and originals[0] is originals[1]:
        return not getattr(old, ATTRIBUTE).wanted
    return (new.__module__, new.__qualname__) == (old.__module__, old.__qualname__)
