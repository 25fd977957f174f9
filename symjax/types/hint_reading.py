"""Type hints read: resolved where their owner stands, and parsed into the structure of `hints.py`."""

from __future__ import annotations

import ast
import collections.abc as cabc
import sys
import types
import typing
from typing import Annotated, Any, Literal, get_args, get_origin

from symjax.types.hints import (
    LISTS,
    MAPPINGS,
    SCALARS,
    SEQUENCES,
    SETS,
    Anything,
    ClassOf,
    Constrained,
    Either,
    Entries,
    FixedTuple,
    Function,
    Hint,
    Instance,
    Items,
    LiteralOf,
    Members,
    Nothing,
    Scalar,
    Text,
)

_MARKS = (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired)


def resolve(hint: Any, owner: Any) -> Any:
    """A hint with its forward references resolved in the namespace of the class or function `owner`.

    A hint that names what cannot be found counts as `Any`.
    """
    try:
        return evaluate(hint, owner)
    except Exception:  # noqa: BLE001 - evaluating a hint can raise anything; an unreadable hint is no hint
        return Any


def evaluate(hint: Any, owner: Any) -> Any:
    """`resolve` that raises, whatever it may be, where a hint cannot be read.

    No fault of the owner's is an alias of another module with a name of that module in it, as in optax's
    ``ArrayTree = Union[jax.Array, Iterable['ArrayTree']]``: such a hint counts as `Any`.
    """
    module = sys.modules.get(getattr(owner, "__module__", "") or "")
    scope = dict(vars(module)) if module else {}
    scope.update(getattr(owner, "__globals__", {}))
    local = dict(vars(owner)) if isinstance(owner, type) else {}
    local[getattr(owner, "__name__", "_")] = owner
    for variable in getattr(owner, "__type_params__", ()):
        local[variable.__name__] = variable
    annotated = type("_Annotated", (), {"__annotations__": {"x": hint}})
    try:
        return typing.get_type_hints(annotated, scope, local, include_extras=True)["x"]
    except NameError as error:
        if _mentions(hint, error.name) or not any(error.name in vars(m) for m in list(sys.modules.values())):
            raise
        return Any


def _mentions(hint: Any, name: str | None) -> bool:
    """Whether a name stands in the text of a hint itself, not in what that text names."""
    if not isinstance(hint, str):
        return False
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(ast.parse(hint)))


def parse(hint: Any) -> Hint:
    """A resolved type hint, read into its structure.

    Args:
        hint: Any object that may stand as an annotation; one that is no hint restricts nothing.

    Example:
        >>> parse(Annotated[int | None, 'a note'])
        Constrained(of=Either(arms=(Scalar(kind=<class 'int'>), Nothing())), notes=('a note',))
        >>> print(parse(dict[str, int | None]))
        dict[str, int | None]
    """
    return _parse(hint, ())


def show(hint: Any) -> str:
    """A hint as a reader would write it.

    Example:
        >>> show(typing.Optional[typing.List[int]])
        'list[int] | None'
    """
    return str(parse(hint))


def _parse(hint: Any, aliases: tuple[Any, ...]) -> Hint:
    """`parse` of a hint inside the definitions of some aliases, which may mention themselves."""
    if hint is Any:
        return Anything()
    if isinstance(hint, str):
        return Anything(hint)
    if isinstance(hint, typing.ForwardRef):
        return Anything(hint.__forward_arg__)
    if hint is None or hint is types.NoneType:
        return Nothing()
    meaning = _meaning(hint)
    if meaning is not hint:
        known = any(meaning is alias for alias in aliases)
        return Anything(str(hint)) if known else _parse(meaning, (*aliases, meaning))
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Constrained(_parse(args[0], aliases), args[1:])
    if origin is Literal:
        return LiteralOf(args)
    if origin in (typing.Union, types.UnionType):
        return Either(tuple([_parse(arg, aliases) for arg in args]))
    if cabc.Callable in (hint, origin) or hint is typing.Callable:
        return Function(_plain_text(hint))
    if origin is tuple and hint is not typing.Tuple:  # noqa: UP006 - without items, it means any tuple
        return _parse_tuple(args, aliases)
    kind = origin or hint
    if isinstance(kind, type):
        return _parse_class(kind, args, aliases)
    return Anything(_plain_text(hint))


def _meaning(hint: Any) -> Any:
    """A hint in the place of what only names or marks it: a type variable, a new type, an alias, `Final`."""
    if isinstance(hint, typing.TypeVar):
        return Any if hint.__bound__ is None else hint.__bound__
    if isinstance(hint, typing.NewType):
        return hint.__supertype__
    if hasattr(hint, "__value__"):  # a PEP 695 alias
        return hint.__value__
    if get_origin(hint) in _MARKS:
        return get_args(hint)[0]
    return hint


def _parse_tuple(args: tuple[Any, ...], aliases: tuple[Any, ...]) -> Hint:
    if any(get_origin(arg) is typing.Unpack or getattr(arg, "__unpacked__", False) for arg in args):
        return Items(tuple, bare=True)
    if len(args) == 2 and args[1] is Ellipsis:
        return Items(tuple, _parse(args[0], aliases))
    return FixedTuple(tuple([_parse(arg, aliases) for arg in args]))


def _parse_class(cls: type, args: tuple[Any, ...], aliases: tuple[Any, ...]) -> Hint:
    if cls in SCALARS:
        return Scalar(cls)
    if cls in (str, bytes):
        return Text(cls)
    inner = tuple([Anything("...") if arg is Ellipsis else _parse(arg, aliases) for arg in args])
    if cls is type:
        return ClassOf(*inner[:1])
    if cls is tuple or cls in LISTS or (cls in SEQUENCES and args):
        return Items(cls, inner[0]) if inner else Items(cls, bare=True)
    if cls in SETS:
        return Members(cls, inner[0]) if inner else Members(cls, bare=True)
    if cls in MAPPINGS:
        return Entries(cls, inner[0], inner[1]) if inner else Entries(cls, bare=True)
    return Instance(cls, inner)


def _plain_text(hint: Any) -> str:
    return str(hint).replace("typing.", "").replace("collections.abc.", "")
