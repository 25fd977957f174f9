"""What a constructor and a rebind let into a tree: freezing, structure checks, type hints."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Union

import flax.linen
import pydantic
from typing_extensions import TypedDict

from symjax.core.containers import Map, freeze
from symjax.core.errors import at, brief
from symjax.core.fields import Field
from symjax.core.leaves import ATOMS, is_array
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.pytrees import check_structure
from symjax.core.schema import Schema, is_placeholder, schema_of
from symjax.types.exact_types import exact_items, exact_types, is_settled
from symjax.types.hints import CONFIG, adapter, means_list, mentions_float, resolve, show, translate

_CONSTRAINTS = frozenset(
    {
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "multiple_of",
        "too_short",
        "too_long",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "finite_number",
        "predicate_failed",
        "value_error",
        "assertion_error",
    }
)


class Validator:
    """Checks the arguments of one symbolic class: one pydantic call for those that are given."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        hints = {name: _meant(field) for name, field in schema.fields.items()}
        self._hints = hints
        floating = [name for name, hint in hints.items() if schema.converts and mentions_float(hint)]
        self._floating = tuple(floating)
        self.lists = frozenset(name for name, hint in hints.items() if means_list(hint))
        self._arrays: dict[str, pydantic.TypeAdapter[Any]] = {}
        unforced = {name: hint for name, hint in hints.items() if name not in schema.forced_leaves}
        self._kinds = {name: exact_types(hint) for name, hint in unforced.items()}
        self._items = {name: exact_items(hint) for name, hint in unforced.items()}

    @functools.cached_property
    def _validate(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """Pydantic's check of some fields, compiled when a value asks for it."""
        validator = _compile(self.schema.cls.__name__, self._hints)
        return validator.validate_python  # type: ignore[no-any-return]

    def admit(self, given: Mapping[str, Any], path: Path = ROOT) -> dict[str, Any]:
        """The arguments as they may stand in the tree: frozen, hashable, of the hinted types.

        Args:
            given: Arguments by name.
            path: Where the node stands, for messages.

        Returns:
            The arguments, in the same dict where nothing had to be done. Ints where a float is asked for
            have become floats; nothing else is converted.

        Raises:
            TypeError: A name that is no field, unhashable structure, or a value of a wrong type.
            ValueError: A value outside its constraints, or a container that holds itself.
        """
        kinds = self._kinds
        values: Any = given
        unsettled: dict[str, Any] = {}
        for name, value in given.items():
            kind = type(value)
            if kind in kinds.get(name, ()):
                continue
            items = self._items.get(name) if kind is tuple or kind is list else None
            if items is None or not items.match(value):
                unsettled[name] = value
            elif kind is list:
                values = {**values, name: tuple(value)}
        admitted = self._admit_unsettled(unsettled, path) if unsettled else unsettled
        return values if admitted is unsettled else {**values, **admitted}

    def _admit_unsettled(self, given: dict[str, Any], path: Path) -> dict[str, Any]:
        """`admit` for arguments that do not pass by their exact types."""
        values = given
        for name, value in given.items():
            kind = type(value)
            if name not in self._kinds:
                return self._admit_any(given, path)
            if kind in ATOMS:
                continue
            if not all(map(is_settled, set(map(type, value)) if kind is tuple or kind is list else (kind,))):
                return self._admit_any(given, path)
            if kind is list:
                values = {**values, name: tuple(value)}
        return self._validated(values, values, path)

    def _admit_any(self, given: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """`admit` for arguments that have to be looked at one by one."""
        fields = self.schema.fields
        forced = self.schema.forced_leaves
        values = dict(given)
        beside: list[str] = []
        adopted: dict[int, Any] = {}
        for name, value in given.items():
            if name not in fields:
                raise TypeError(f"{self.schema.unknown_field(name)} {at(path / name)}")
            if type(value) in ATOMS:
                if name in forced and not isinstance(value, int | float | complex):
                    raise TypeError(_no_leaf(name, value, path))
                continue
            value = self._freeze(name, value, path, adopted)
            values[name] = value
            if value is MISSING or is_array(value) or is_placeholder(value):
                beside.append(name)
        if beside:
            checked = {name: value for name, value in values.items() if name not in beside}
            for name in beside:
                self._admit_beside(fields[name], values[name], path)
        else:
            checked = values
        return self._validated(values, checked, path) if checked else values

    def _validated(self, values: Mapping[str, Any], checked: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """`values` after those in `checked` passed their hints; the same dict if nothing was converted."""
        try:
            output = self._validate(checked)
        except pydantic.ValidationError as error:
            self._refuse(error, checked, path)
            return values  # type: ignore[return-value]
        for name in self._floating:
            if name in checked and output[name] is not (value := checked[name]):
                merged = _merge(value, output[name])
                if merged is not value:
                    values = {**values, name: merged}
        return values  # type: ignore[return-value]

    def admit_one(self, name: str, value: Any, path: Path) -> Any:
        """One argument, as `admit` does it."""
        return self.admit({name: value}, path)[name]

    def _freeze(self, name: str, value: Any, path: Path, adopted: dict[int, Any]) -> Any:
        mark = self.schema.fields[name].static
        try:
            value = _adopted(freeze(value), adopted)
            check_structure(value, mark, path / name)
        except RecursionError:
            raise ValueError(
                f"a container that holds itself, or is nested too deeply, is no tree {at(path / name)}"
            ) from None
        if mark is False and isinstance(value, bytes | Map):
            raise TypeError(_no_leaf(name, value, path))
        return value

    def _admit_beside(self, field: Field, value: Any, path: Path) -> None:
        """Arrays are checked by dtype and shape; a placeholder by the values that it stands for."""
        if value is MISSING:
            return
        if is_placeholder(value):
            for option in value.options():
                self.admit_one(field.name, option, path)
            return
        if field.name not in self._arrays:
            self._arrays[field.name] = adapter(self._hints[field.name], arrays=True)
        try:
            self._arrays[field.name].validate_python(value)
        except pydantic.ValidationError:
            raise TypeError(
                f"{self._expects(field.name)}, got an array {value.dtype}{list(value.shape)} "
                f"{at(path / field.name)}"
            ) from None

    def _expects(self, name: str) -> str:
        return f"{self.schema.cls.__name__}.{name} expects {show(self._hints[name])}"

    def _refuse(self, error: pydantic.ValidationError, values: Mapping[str, Any], path: Path) -> None:
        """Raises for the first field at fault; returns if only undecided values are."""
        names = list(dict.fromkeys(str(entry["loc"][0]) for entry in error.errors(include_url=False)))
        for name in names:
            value = values[name]
            if _holds_undecided(value):
                continue  # checked when it is decided
            entries = [e for e in error.errors(include_url=False) if e["loc"][0] == name]
            message, keys, constraint = _explain(entries, value)
            where = path / name / Path(keys)
            kind = ValueError if constraint else TypeError
            raise kind(f"{self._expects(name)}{message} {at(where)}") from None


def _explain(entries: list[Any], value: Any) -> tuple[str, tuple[Any, ...], bool]:
    """What pydantic has to say of a value: the message, the keys to the part at fault, whether its type fits.

    Args:
        entries: The errors of one field, as pydantic lists them.
        value: The field's value.
    """
    broken = next((entry for entry in entries if entry["type"] in _CONSTRAINTS), None)
    entry = broken or entries[0]
    keys: list[Any] = []
    for key in entry["loc"][1:]:
        if type(value) is tuple:
            inside = type(key) is int and key < len(value)
        else:
            inside = type(value) is Map and key in value
        if inside:  # and not the name of a union's arm
            value = value[key]
            keys.append(key)
    if broken is None:
        return f", got {brief(value)} of type {type(value).__name__}", tuple(keys), False
    why = broken["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f": {why}, got {brief(value)}", tuple(keys), True


def validate_value(hint: Any, value: Any) -> Any:
    """Checks one value against a type hint, as a field with that hint would.

    Args:
        hint: A resolved type hint.
        value: The value.

    Returns:
        The value, frozen, with ints made floats where the hint asks for floats.

    Raises:
        TypeError: The value is of a wrong type.
        ValueError: The value is outside its constraints.

    Example:
        >>> from typing import Annotated
        >>> from annotated_types import Gt
        >>> validate_value(Annotated[float, Gt(0)], 2)
        2.0
    """
    value = freeze(value)
    if value is MISSING or is_placeholder(value):
        return value
    try:
        return _merge(value, adapter(hint, arrays=is_array(value)).validate_python(value))
    except pydantic.ValidationError as error:
        entries = [{**entry, "loc": ("", *entry["loc"])} for entry in error.errors(include_url=False)]
        message, _, constraint = _explain(entries, value)
        raise (ValueError if constraint else TypeError)(f"expected {show(hint)}{message}") from None


def _meant(field: Field) -> Any:
    """The hint of a field, together with None or classes if its default is one: many hints leave that out."""
    hint = resolve(field.hint, field.owner)
    if hint is not Any and (field.default is None or isinstance(field.default, type)):
        also = None if field.default is None else type
        return Union[hint, also]  # noqa: UP007 - a hint may be anything, a text too
    return hint


def _compile(name: str, hints: dict[str, Any]) -> Any:
    """One validator for all fields; a field whose hint pydantic cannot build counts as `Any`."""
    translated: dict[str, Any] = {}
    for field, hint in hints.items():
        try:
            translated[field] = translate(hint)
        except Exception:  # noqa: BLE001 - a hint can be any object at all; an unreadable one is no hint
            translated[field] = Any
    try:
        return _typed_dict(name, translated)
    except Exception:  # noqa: BLE001 - pydantic raises many kinds; then every field is tried by itself
        for field, hint in translated.items():
            try:
                pydantic.TypeAdapter(hint, config=CONFIG)
            except Exception:  # noqa: BLE001 - see above
                translated[field] = Any
        return _typed_dict(name, translated)


def _typed_dict(name: str, hints: dict[str, Any]) -> Any:
    make: Any = TypedDict
    record = make(name, hints, total=False)
    record.__pydantic_config__ = CONFIG
    return pydantic.TypeAdapter(record).validator


def _merge(value: Any, output: Any) -> Any:
    """`value`, with the floats that validation made of its ints."""
    if type(value) is int and type(output) is float:
        return output
    if type(value) is tuple and type(output) is tuple and len(value) == len(output):
        merged = tuple([_merge(old, new) for old, new in zip(value, output, strict=True)])
        if any(new is not old for new, old in zip(merged, value, strict=True)):
            return merged
    if type(value) is Map and type(output) is dict:
        entries = {key: _merge(item, output[key]) for key, item in value.items()}
        if any(entries[key] is not item for key, item in value.items()):
            return Map.of(entries)
    return value


def _holds_undecided(value: Any) -> bool:
    """Whether a value holds what hints say nothing about: a placeholder, a hole, an array."""
    if isinstance(value, tuple):
        return any(_holds_undecided(item) for item in value)
    if type(value) is Map:
        return any(_holds_undecided(item) for item in value.values())
    return value is MISSING or is_placeholder(value) or is_array(value)


def _adopted(value: Any, made: dict[int, Any]) -> Any:
    """`value` with plain Linen modules, also in containers, as the symbolic ones that they would have been.

    Args:
        value: A frozen value.
        made: Those that were made already, by the identity of the plain ones: one instance stays one.
    """
    if isinstance(value, flax.linen.Module) and schema_of(value) is None:
        from symjax.adoption.linen_modules import adopt_module

        return adopt_module(value, made)
    if type(value) is tuple:
        items = [_adopted(item, made) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else tuple(items)
    if type(value) is Map:
        entries = {key: _adopted(item, made) for key, item in value.items()}
        return value if all(entries[key] is item for key, item in value.items()) else Map.of(entries)
    return value


def _no_leaf(name: str, value: Any, path: Path) -> str:
    return f"a field marked static=False holds numbers and arrays only, got {brief(value)} {at(path / name)}"


provided.validator = Validator
