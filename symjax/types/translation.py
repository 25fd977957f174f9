"""Hints translated into what pydantic checks as we mean it."""

from __future__ import annotations

import collections.abc as cabc
import enum
import functools
import operator
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import jax
import numpy as np
import optax
import pydantic
from annotated_types import BaseMetadata, GroupedMetadata
from pydantic_core import PydanticCustomError, core_schema
from typing_extensions import TypedDict

from symjax.core.containers import Map
from symjax.core.leaves import is_array, is_dtype
from symjax.core.schema import BUILDS
from symjax.types.hint_reading import parse
from symjax.types.hints import (
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

_CONFIG = pydantic.ConfigDict(strict=True, arbitrary_types_allowed=True)
_DTYPE_KINDS = {bool: "b", int: "iu", float: "fiu", complex: "cfiu"}
_NUMPY_KINDS = {bool: np.bool_, int: np.integer, float: np.floating, complex: np.number}
_RANKS = {bool: 0, int: 1, float: 2, complex: 3}


class _Check:
    """A pydantic annotation: the value passes, unchanged, if `test` holds for it."""

    def __init__(self, test: Callable[[Any], bool], expected: str) -> None:
        self.test = test
        self.expected = expected

    def __get_pydantic_core_schema__(
        self, source: object, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.test_or_raise)

    def test_or_raise(self, value: Any) -> Any:
        """The value, if the test holds for it."""
        if not self.test(value):
            raise PydanticCustomError("symjax_check", "expected {expected}", {"expected": self.expected})
        return value


class _IsInstance:
    """A pydantic annotation: an instance of `cls`, or a node that builds one."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __get_pydantic_core_schema__(
        self, source: object, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        exact = core_schema.is_instance_schema(self.cls, cls_repr=self.cls.__name__)
        builds = _Check(self._builds, self.cls.__name__).__get_pydantic_core_schema__(source, handler)
        return core_schema.union_schema([exact, builds], mode="left_to_right")

    def _builds(self, value: Any) -> bool:
        return _counts_as(type(value), self.cls)


class _IsMapping:
    """A pydantic annotation: a mapping whose keys and values are of these (translated) types."""

    def __init__(self, key: Any, item: Any) -> None:
        self.hint: Any = dict[key, item]

    def __get_pydantic_core_schema__(
        self, source: object, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        def as_dict(value: Any) -> Any:
            return dict(value) if isinstance(value, Mapping) else value

        return core_schema.no_info_before_validator_function(as_dict, handler.generate_schema(self.hint))


def adapter(hint: Any, *, arrays: bool = False) -> pydantic.TypeAdapter[Any]:
    """A strict pydantic adapter for a hint.

    Args:
        hint: The hint, resolved or parsed.
        arrays: Build it for values that are arrays or tracers, which are checked by dtype and shape
            only where the hint asks for a scalar.
    """
    parsed = hint if isinstance(hint, Hint) else parse(hint)
    try:
        return pydantic.TypeAdapter(translate(parsed, arrays), config=_CONFIG)
    except Exception:  # noqa: BLE001 - pydantic raises many kinds; a hint that it cannot build is no hint
        return pydantic.TypeAdapter(Any)


def compile_fields(name: str, hints: Mapping[str, Hint]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """One check for several fields, any of which may be absent.

    A field whose hint pydantic cannot build counts as `Any`.

    Args:
        name: The name of the class, for pydantic.
        hints: The hints by field.
    """
    translated = {field: _translate_or_any(hint) for field, hint in hints.items()}
    try:
        return _typed_dict(name, translated)
    except Exception:  # noqa: BLE001 - pydantic raises many kinds; then every field is tried by itself
        for field, hint in translated.items():
            try:
                pydantic.TypeAdapter(hint, config=_CONFIG)
            except Exception:  # noqa: BLE001 - see above
                translated[field] = Any
        return _typed_dict(name, translated)


def with_floats(value: Any, output: Any) -> Any:
    """A frozen value with the floats that pydantic made of its ints, and nothing else of what it made.

    Pydantic builds every container anew; the value's own are kept where they can be.

    Args:
        value: What was checked.
        output: What pydantic returned for it.
    """
    if type(value) is int and type(output) is float:
        return output
    if type(value) is tuple and type(output) is tuple and len(value) == len(output):
        items = tuple([with_floats(old, new) for old, new in zip(value, output, strict=True)])
        if any(new is not old for new, old in zip(items, value, strict=True)):
            return items
    if type(value) is Map and type(output) is dict:
        entries = {key: with_floats(item, output[key]) for key, item in value.items()}
        if any(entries[key] is not item for key, item in value.items()):
            return Map.of(entries)
    return value


def translate(hint: Hint, arrays: bool = False) -> Any:
    """A hint in the terms of frozen trees, for pydantic.

    Lists are tuples here, sets frozensets, dicts maps; classes are checked by instance and never
    rebuilt; `Literal[1]` does not take True; integers of NumPy are integers.
    """
    match hint:
        case Nothing():
            return None
        case Scalar(kind):
            return _scalar(kind, (), arrays)
        case Text(kind):
            return kind
        case LiteralOf(values):
            return _literal(values)
        case Either(arms):
            return _joined([translate(arm, arrays) for arm in _ordered(arms)])
        case Constrained():
            return _constrained(hint, arrays)
        case Function():
            return Annotated[Any, _Check(callable, "a callable")]
        case ClassOf(of):
            return _class(of)
        case Instance(cls):
            return _instance(cls)
        case Items(kind, item):
            return _items(kind, translate(item, arrays))
        case FixedTuple(items):
            return _fixed_tuple([translate(item, arrays) for item in items], str(hint))
        case Members(item=item):
            return frozenset[translate(item, arrays)]  # type: ignore[misc]
        case Entries(key=key, item=item):
            return Annotated[Any, _IsMapping(translate(key, arrays), translate(item, arrays))]
    return Any


def _translate_or_any(hint: Hint) -> Any:
    try:
        return translate(hint)
    except Exception:  # noqa: BLE001 - a class can be any object at all; an unreadable hint is no hint
        return Any


def _typed_dict(name: str, hints: dict[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    make: Any = TypedDict
    record = make(name, hints, total=False)
    record.__pydantic_config__ = _CONFIG
    return pydantic.TypeAdapter(record).validator.validate_python


def _items(kind: type, item: Any) -> Any:
    sequence = tuple[item, ...]
    if kind in (tuple, list, cabc.MutableSequence):
        return sequence
    return _joined([sequence, Annotated[Any, _Check(_is_foreign_sequence, "a sequence")]])


def _is_foreign_sequence(value: Any) -> bool:
    """A sequence that is neither a tuple (checked by its items) nor a text."""
    return isinstance(value, cabc.Iterable) and not isinstance(value, tuple | str | bytes)


def _fixed_tuple(items: list[Any], text: str) -> Any:
    length = len(items)
    sized = _Check(lambda value: not isinstance(value, tuple) or len(value) == length, text)
    parts: Any = tuple[tuple(items)] if items else tuple[()]  # type: ignore[misc]
    return Annotated[parts, pydantic.BeforeValidator(sized.test_or_raise)]


def _instance(cls: type) -> Any:
    if cls is np.dtype:
        return Annotated[Any, _Check(is_dtype, "a dtype")]
    if getattr(cls, "_is_protocol", False) and not getattr(cls, "_is_runtime_protocol", False):
        return Annotated[Any, _Check(callable, "a callable")] if "__call__" in vars(cls) else Any
    if cls in (np.ndarray, jax.Array):
        return Annotated[Any, _Check(is_array, "an array")]
    if issubclass(cls, optax.GradientTransformation):
        return Annotated[Any, _Check(_is_transformation, cls.__name__)]
    try:
        isinstance(None, cls)
    except TypeError:
        return Any
    return Annotated[Any, _IsInstance(cls)]


def _is_transformation(value: Any) -> bool:
    """A transformation of gradients, or what is used as one without being one, as `optax.MultiSteps`."""
    if isinstance(value, type):
        return False
    return callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))


def _class(of: Hint | None) -> Any:
    bases = None if of is None else _classes(of)

    def fits(value: Any) -> bool:
        if not isinstance(value, type):
            return False
        return bases is None or any(issubclass(value, base) or _counts_as(value, base) for base in bases)

    return Annotated[Any, _Check(fits, str(ClassOf(of)))]


def _classes(hint: Hint) -> list[type] | None:
    """The classes that a hint is about; None if it does not say."""
    match hint:
        case Scalar(kind) | Text(kind) | Items(kind) | Members(kind) | Entries(kind):
            return [kind]
        case Instance(cls):
            try:
                issubclass(type, cls)
            except TypeError:  # a protocol
                return None
            return [cls]
        case Either(arms):
            classes = [_classes(arm) for arm in arms]
            return None if None in classes else [cls for some in classes for cls in some or ()]
        case Constrained(of):
            return _classes(of)
    return None


def _counts_as(cls: type, wanted: type) -> bool:
    """Whether nodes of a class build instances of another, or of what that one builds."""
    builds = getattr(cls, BUILDS, None)
    return isinstance(builds, type) and issubclass(builds, vars(wanted).get(BUILDS) or wanted)


def _scalar(kind: type, constraints: tuple[Any, ...], arrays: bool) -> Any:
    exact = Annotated[(kind, *constraints)] if constraints else kind
    if arrays:
        kinds = _DTYPE_KINDS[kind]
        return Annotated[Any, _Check(lambda value: _has_kind(value, kinds), f"{kind.__name__}")]
    numpy_value = _Check(lambda value: isinstance(value, _NUMPY_KINDS[kind]), kind.__name__)
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


def _constrained(hint: Constrained, arrays: bool) -> Any:
    of, constraints = hint.of, hint.constraints
    if isinstance(of, Scalar):
        return _scalar(of.kind, constraints, arrays)
    if arrays or not constraints:
        return translate(of, arrays)
    if isinstance(of, Either) and all(isinstance(c, BaseMetadata | GroupedMetadata) for c in constraints):
        # They hold for the numbers among the arms: `Annotated[float | None, Gt(0)]` takes None.
        return _joined(
            [
                _scalar(arm.kind, constraints, arrays) if isinstance(arm, Scalar) else translate(arm, arrays)
                for arm in _ordered(of.arms)
            ]
        )
    return Annotated[(translate(of, arrays), *constraints)]


def _joined(parts: list[Any]) -> Any:
    """The union of translated hints; the first that fits wins."""
    if any(part is Any for part in parts):
        return Any
    union = functools.reduce(operator.or_, [types.NoneType if part is None else part for part in parts])
    if len(parts) == 2 and None in parts:  # no union to pydantic, which then knows no mode
        return union
    return Annotated[union, pydantic.Field(union_mode="left_to_right")]


def _ordered(arms: tuple[Hint, ...]) -> list[Hint]:
    """Ints before floats: the first arm that fits wins, and a strict float arm takes ints."""
    return sorted(arms, key=lambda arm: _RANKS[arm.kind] if isinstance(arm, Scalar) else -1)


def _literal(values: tuple[Any, ...]) -> Any:
    if all(isinstance(value, str) and not isinstance(value, enum.Enum) for value in values):
        return Literal[values]

    def is_one(value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in values)

    return Annotated[Any, _Check(is_one, " or ".join(repr(value) for value in values))]
