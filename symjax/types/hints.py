"""Type hints as schemas: resolved field by field, and translated into what pydantic checks as we mean it."""

from __future__ import annotations

import collections.abc as cabc
import enum
import functools
import operator
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import jax
import numpy as np
import optax
import pydantic
from annotated_types import BaseMetadata, GroupedMetadata
from pydantic_core import PydanticCustomError, core_schema

from symjax.core.containers import Map
from symjax.core.leaves import is_array, is_dtype
from symjax.core.schema import BUILDS

SEQUENCES = {list, cabc.Sequence, cabc.MutableSequence, cabc.Collection, cabc.Iterable}
_SETS = {set, frozenset, cabc.Set, cabc.MutableSet}
_MAPPINGS = {dict, cabc.Mapping, cabc.MutableMapping, Map}
_SCALARS = {bool: "b", int: "iu", float: "fiu", complex: "cfiu"}


class Check:
    """A pydantic annotation: the value passes, unchanged, if `test` holds for it."""

    def __init__(self, test: Callable[[Any], bool], expected: str) -> None:
        self.test = test
        self.expected = expected

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.test_or_raise)

    def test_or_raise(self, value: Any) -> Any:
        """The value, if the test holds for it."""
        if not self.test(value):
            raise PydanticCustomError("symjax_check", "expected {expected}", {"expected": self.expected})
        return value


class Instance:
    """A pydantic annotation: an instance of `cls`, or a node that builds one."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        exact = core_schema.is_instance_schema(self.cls, cls_repr=self.cls.__name__)
        builds = Check(self._builds, self.cls.__name__).__get_pydantic_core_schema__(source, handler)
        return core_schema.union_schema([exact, builds], mode="left_to_right")

    def _builds(self, value: Any) -> bool:
        built = getattr(type(value), BUILDS, None)
        wanted = vars(self.cls).get(BUILDS) or self.cls
        return isinstance(built, type) and issubclass(built, wanted)


def resolve(hint: Any, owner: Any) -> Any:
    """A hint with its forward references resolved in the namespace of the class or function `owner`.

    A hint that names what cannot be found counts as `Any`.
    """
    module = sys.modules.get(getattr(owner, "__module__", "") or "")
    scope = dict(vars(module)) if module else {}
    scope.update(getattr(owner, "__globals__", {}))
    local = dict(vars(owner)) if isinstance(owner, type) else {}
    local[getattr(owner, "__name__", "_")] = owner
    for variable in getattr(owner, "__type_params__", ()):
        local[variable.__name__] = variable
    holder = type("_Holder", (), {"__annotations__": {"x": hint}})
    try:
        return typing.get_type_hints(holder, scope, local, include_extras=True)["x"]
    except Exception:  # noqa: BLE001 - evaluating a hint can raise anything; an unreadable hint is no hint
        return Any


def adapter(hint: Any, *, arrays: bool = False) -> pydantic.TypeAdapter[Any]:
    """A strict pydantic adapter for a resolved hint.

    Args:
        hint: The type hint.
        arrays: Build it for values that are arrays or tracers, which are checked by dtype and shape
            only where the hint asks for a scalar.
    """
    try:
        return pydantic.TypeAdapter(translate(hint, arrays), config=CONFIG)
    except Exception:  # noqa: BLE001 - pydantic raises many kinds; a hint that it cannot build is no hint
        return pydantic.TypeAdapter(Any)


CONFIG = pydantic.ConfigDict(strict=True, arbitrary_types_allowed=True)


def translate(hint: Any, arrays: bool = False) -> Any:
    """A hint in the terms of frozen trees, for pydantic.

    Lists are tuples here, sets frozensets, dicts maps; classes are checked by instance and never
    rebuilt; `Literal[1]` does not take True; integers of NumPy are integers.
    """
    hint = bare(hint)
    origin = get_origin(hint)
    if hint is Any or isinstance(hint, str | typing.ForwardRef):
        return Any
    if hint is None or hint is types.NoneType:
        return None
    if origin is Annotated:
        return _translate_annotated(hint, arrays)
    if hint in _SCALARS:
        return _scalar(hint, (), arrays)
    if hint is np.dtype:
        return Annotated[Any, Check(is_dtype, "a dtype")]
    if hint in (str, bytes):
        return hint
    if origin is Literal:
        return _literal(get_args(hint))
    if origin in (typing.Union, types.UnionType):
        return _union(get_args(hint), arrays)
    if origin is type or hint is type:
        return Annotated[Any, Check(lambda value: isinstance(value, type), "a class")]
    if origin is cabc.Callable or hint is cabc.Callable or hint is typing.Callable:
        return Annotated[Any, Check(callable, "a callable")]
    return _translate_container(hint, origin or hint, get_args(hint), arrays)


def bare(hint: Any) -> Any:
    """A hint in the place of what only names or marks it: a type variable, a new type, an alias, `Final`."""
    if isinstance(hint, typing.TypeVar):
        return Any if hint.__bound__ is None else bare(hint.__bound__)
    if isinstance(hint, typing.NewType):
        return bare(hint.__supertype__)
    if hasattr(hint, "__value__"):  # a PEP 695 alias
        return bare(hint.__value__)
    if get_origin(hint) in (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired):
        return bare(get_args(hint)[0])
    return hint


def means_list(hint: Any) -> bool:
    """Whether a hint asks for a list, so that a tuple of the tree is none to the code behind it."""
    hint = bare(hint)
    if get_origin(hint) in (Annotated, typing.Union, types.UnionType):
        return any(map(means_list, get_args(hint)))
    return (get_origin(hint) or hint) in (list, cabc.MutableSequence)


def mentions_float(hint: Any) -> bool:
    """Whether an int may have to become a float somewhere in a value of this hint."""
    if hint in (float, complex):
        return True
    inner = [getattr(hint, name, None) for name in ("__supertype__", "__value__", "__bound__")]
    return any(mentions_float(part) for part in (*get_args(hint), *inner) if part is not None)


def _translate_container(hint: Any, kind: Any, args: tuple[Any, ...], arrays: bool) -> Any:
    if kind is tuple:
        if not args:
            return tuple[Any, ...]
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple[translate(args[0], arrays), ...]  # type: ignore[misc]
        length = len(args) if args != ((),) else 0
        sized = Check(lambda value: not isinstance(value, tuple) or len(value) == length, show(hint))
        parts: Any = tuple[tuple(translate(arg, arrays) for arg in args)] if length else tuple[()]  # type: ignore[misc]
        return Annotated[parts, pydantic.BeforeValidator(sized.test_or_raise)]
    if kind in SEQUENCES and (args or kind is list):
        item = translate(args[0], arrays) if args else Any
        sequence = tuple[item, ...]  # type: ignore[valid-type]
        if kind is list or kind is cabc.MutableSequence:
            return sequence
        return _joined([sequence, Annotated[Any, Check(_is_foreign_sequence, "a sequence")]])
    if kind in _SETS:
        return frozenset[translate(args[0], arrays) if args else Any]  # type: ignore[misc]
    if kind in _MAPPINGS:
        return _mapping(*(args or (Any, Any)), arrays=arrays)
    if isinstance(kind, type):
        return _instance(kind)
    return Any


def _instance(cls: type) -> Any:
    if getattr(cls, "_is_protocol", False) and not getattr(cls, "_is_runtime_protocol", False):
        return Annotated[Any, Check(callable, "a callable")] if "__call__" in vars(cls) else Any
    if cls in (np.ndarray, jax.Array):
        return Annotated[Any, Check(is_array, "an array")]
    if issubclass(cls, optax.GradientTransformation):
        return Annotated[Any, Check(_is_transformation, cls.__name__)]
    try:
        isinstance(None, cls)
    except TypeError:
        return Any
    return Annotated[Any, Instance(cls)]


def _is_transformation(value: Any) -> bool:
    """A transformation of gradients, or what is used as one without being one, as `optax.MultiSteps`."""
    if isinstance(value, type):
        return False
    return callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))


def _is_foreign_sequence(value: Any) -> bool:
    """A sequence that is neither a tuple (checked by its items) nor a text."""
    return isinstance(value, cabc.Iterable) and not isinstance(value, tuple | str | bytes)


def _scalar(kind: type, constraints: tuple[Any, ...], arrays: bool) -> Any:
    exact = Annotated[(kind, *constraints)] if constraints else kind
    if arrays:
        kinds = _SCALARS[kind]
        return Annotated[Any, Check(lambda value: _has_kind(value, kinds), f"{kind.__name__}")]
    numpy_type: Any = {bool: np.bool_, int: np.integer, float: np.floating, complex: np.number}[kind]
    numpy_value = Check(lambda value: isinstance(value, numpy_type), kind.__name__)
    accepted = [exact, float] if kind is complex else [exact]
    return _joined([*accepted, Annotated[Any, numpy_value]])


def _has_kind(value: Any, kinds: str) -> bool:
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return False
    kind = np.dtype(dtype).kind
    if kind == "V":  # bfloat16 and its relatives
        kind = "f" if jax.numpy.issubdtype(dtype, np.floating) else "i"
    return kind in kinds


def _translate_annotated(hint: Any, arrays: bool) -> Any:
    inner, *metadata = get_args(hint)
    constraints = tuple(metadata)
    known = tuple(m for m in constraints if not isinstance(m, str))
    if inner in _SCALARS:
        return _scalar(inner, known, arrays)
    translated = translate(inner, arrays)
    if arrays or not known:
        return translated
    if get_origin(inner) in (typing.Union, types.UnionType):
        parts = [
            _scalar(part, known, arrays) if part in _SCALARS else translate(part, arrays)
            for part in _ordered(get_args(inner))
        ]
        if all(isinstance(m, BaseMetadata | GroupedMetadata) for m in known):
            return _joined(parts)
    return Annotated[(translated, *known)]


def _union(args: tuple[Any, ...], arrays: bool) -> Any:
    return _joined([translate(arg, arrays) for arg in _ordered(args)])


def _joined(parts: list[Any]) -> Any:
    """The union of translated hints; the first that fits wins."""
    if any(part is Any for part in parts):
        return Any
    union = functools.reduce(operator.or_, [types.NoneType if part is None else part for part in parts])
    if len(parts) == 2 and None in parts:  # no union to pydantic, which then knows no mode
        return union
    return Annotated[union, pydantic.Field(union_mode="left_to_right")]


def _ordered(args: tuple[Any, ...]) -> list[Any]:
    """Ints before floats: the first arm that fits wins, and a strict float arm takes ints."""
    rank = {bool: 0, int: 1, float: 2, complex: 3}
    return sorted(args, key=lambda arg: rank.get(arg, -1) if isinstance(arg, type) else -1)


def _literal(values: tuple[Any, ...]) -> Any:
    if all(isinstance(value, str) and not isinstance(value, enum.Enum) for value in values):
        return Literal[values]

    def is_one(value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in values)

    return Annotated[Any, Check(is_one, " or ".join(repr(value) for value in values))]


def _mapping(key: Any, item: Any, *, arrays: bool) -> Any:
    return Annotated[Any, Entries(translate(key, arrays), translate(item, arrays))]


class Entries:
    """A pydantic annotation: a mapping whose keys and values are of these (translated) types."""

    def __init__(self, key: Any, item: Any) -> None:
        self.hint: Any = dict[key, item]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        def as_dict(value: Any) -> Any:
            return dict(value) if isinstance(value, Mapping) else value

        return core_schema.no_info_before_validator_function(as_dict, handler.generate_schema(self.hint))


def show(hint: Any) -> str:
    """A hint as a reader would write it."""
    if isinstance(hint, str):
        return hint
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint.__name__
    if hint is ...:
        return "..."
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return f"Annotated[{', '.join([show(args[0]), *map(repr, args[1:])])}]"
    if origin in (typing.Union, types.UnionType):
        return " | ".join("None" if arg is types.NoneType else show(arg) for arg in args)
    if origin is not None and origin is not Literal and args and origin is not cabc.Callable:
        return f"{show(origin)}[{', '.join(map(show, args))}]"
    return str(hint).replace("typing.", "").replace("collections.abc.", "")
