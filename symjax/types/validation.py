"""What a constructor and a rebind let into a tree: freezing, structure checks, type hints."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import pydantic

from symjax.core.containers import Map, freeze
from symjax.core.errors import at, brief, note
from symjax.core.fields import Field
from symjax.core.kinds import check_structure, static_key
from symjax.core.leaves import ATOMS, is_array
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import Schema, holds_choice, is_placeholder
from symjax.types.adopters import Memo, adopted
from symjax.types.candidates import candidates
from symjax.types.exact_types import exact_items, exact_types, is_settled
from symjax.types.hint_reading import evaluate, parse
from symjax.types.hints import (
    Anything,
    ClassOf,
    Constrained,
    Either,
    Hint,
    Nothing,
    means_list,
    mentions_array,
    mentions_float,
    mentions_union,
    names_numpy_scalars,
)
from symjax.types.numpy_values import python_scalars
from symjax.types.translation import adapter, compile_fields, with_floats

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
    """Checks the arguments of one symbolic class: one pydantic call for those that need a look.

    Args:
        schema: The schema of the class.

    Attributes:
        lists: The fields whose hints ask for a list.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        hints = {name: _hint_of(field, schema) for name, field in schema.fields.items()}
        self._hints = hints
        converts = schema.converts
        self._floating = tuple([name for name, hint in hints.items() if converts and mentions_float(hint)])
        self._numpy = frozenset(
            [name for name, hint in hints.items() if not converts or names_numpy_scalars(hint)]
        )
        self.lists = frozenset([name for name, hint in hints.items() if means_list(hint)])
        self._arrays: dict[str, pydantic.TypeAdapter[Any]] = {}
        unforced = {name: hint for name, hint in hints.items() if name not in schema.forced_leaves}
        self._exact_types = {name: exact_types(hint) for name, hint in unforced.items()}
        self._static = frozenset([name for name, mark in schema.marks.items() if mark])
        for name in self._static:  # what lies in a node there may be no structure
            self._exact_types[name] &= ATOMS
        self._exact_items = {name: exact_items(hint) for name, hint in unforced.items()}

    @functools.cached_property
    def _validate(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """Pydantic's check of some fields, compiled when a value asks for it."""
        return compile_fields(self.schema.cls.__name__, self._hints)

    def admit(self, arguments: Mapping[str, Any], path: Path = ROOT) -> dict[str, Any]:
        """The arguments as they may stand in the tree: frozen, hashable, of the hinted types.

        Args:
            arguments: By name.
            path: Where the node stands, for messages.

        Returns:
            The arguments, in the same dict where nothing had to be done. Ints where a float is asked for
            have become floats, NumPy's scalars Python's, writeable arrays read-only copies, and foreign
            values that can be adopted symbolic ones; nothing else is converted.

        Raises:
            TypeError: A name that is no field, unhashable structure, or a value of a wrong type.
            ValueError: A value outside its constraints, or a container that holds itself.
        """
        # Most arguments pass by their exact types, in one loop without a call for each: 0.9 µs for 7 of them,
        # against 1.1 µs for pydantic alone, after the structure checks (benchmarks/trees.py, construct-7).
        kinds = self._exact_types
        values: Any = arguments
        unsettled: dict[str, Any] = {}
        for name, value in arguments.items():
            kind = type(value)
            if kind in kinds.get(name, ()):
                continue
            items = self._exact_items.get(name) if kind is tuple or kind is list else None
            if items is None or not items.match(value):
                unsettled[name] = value
            elif kind is list:
                values = {**values, name: tuple(value)}
        admitted = self._admit_unsettled(unsettled, path) if unsettled else unsettled
        return values if admitted is unsettled else {**values, **admitted}

    def _admit_unsettled(self, arguments: dict[str, Any], path: Path) -> dict[str, Any]:
        """`admit` for arguments that do not pass by their exact types."""
        values = arguments
        for name, value in arguments.items():
            kind = type(value)
            if name not in self._exact_types:
                return self._admit_any(arguments, path)
            if kind in ATOMS:
                continue
            if name in self._static:
                return self._admit_any(arguments, path)
            if not all(map(is_settled, set(map(type, value)) if kind is tuple or kind is list else (kind,))):
                return self._admit_any(arguments, path)
            if kind is list:
                values = {**values, name: tuple(value)}
        return self._validated(values, values, path)

    def _admit_any(self, arguments: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """`admit` for arguments that have to be looked at one by one."""
        fields = self.schema.fields
        forced = self.schema.forced_leaves
        values = dict(arguments)
        beside: list[str] = []
        open_: list[str] = []
        memo = Memo()
        for name, value in arguments.items():
            if name not in fields:
                raise TypeError(f"{self.schema.unknown_field(name)} {at(path / name)}")
            if type(value) in ATOMS:
                if name in forced and not isinstance(value, int | float | complex):
                    raise TypeError(_no_leaf(name, value, path))
                continue
            value = self._freeze(name, value, path, memo)
            values[name] = value
            if value is MISSING or is_array(value) or is_placeholder(value):
                beside.append(name)
            elif holds_choice((value,)):
                open_.append(name)
        if beside:
            checked = {name: value for name, value in values.items() if name not in beside}
            for name in beside:
                self._admit_beside(fields[name], values[name], path)
        else:
            checked = values
        admitted = self._validated(values, checked, path) if checked else values
        for name in open_:
            self._admit_candidates(name, values[name], path)
        return admitted

    def _validated(self, values: Mapping[str, Any], checked: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """`values` after those in `checked` passed their hints; the same dict if nothing was converted."""
        try:
            output = self._validate(checked)
        except pydantic.ValidationError as error:
            excused = self._refuse(error, checked, path)
            others = {name: value for name, value in checked.items() if name not in excused}
            return self._validated(values, others, path)
        for name in self._floating:
            if name in checked and output[name] is not (value := checked[name]):
                converted = with_floats(value, output[name])
                if converted is not value:
                    data = self.schema.marks.get(name) is not True
                    values = {**values, name: freeze(converted, data=data)}  # {'a': 1.0} may be data now
        return values  # type: ignore[return-value]

    def admit_default(self, name: str) -> Any:
        """The default of a field, as `admit` makes it of the same value.

        A default widens its hint, so one of a wrong type is kept.

        Raises:
            TypeError: The default cannot be part of a tree.
            ValueError: It is a container that holds itself.
        """
        default = self.schema.defaults[name]
        return (
            self.admit_one(name, default, ROOT) if _may_change(default, name in self._floating) else default
        )

    def admit_one(self, name: str, value: Any, path: Path) -> Any:
        """One argument, as `admit` does it."""
        return self.admit({name: value}, path)[name]

    def _freeze(self, name: str, value: Any, path: Path, memo: Memo) -> Any:
        mark = self.schema.fields[name].static
        memo.path = path / name
        try:
            value = adopted(freeze(value, data=mark is not True), memo)
            if name not in self._numpy:
                value = python_scalars(value)
            check_structure(value, mark, path / name, self.schema.cls.__name__)
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
            self._admit_candidates(field.name, value, path)
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

    def _admit_candidates(self, name: str, value: Any, path: Path) -> None:
        for where, option, which in candidates(value):
            try:
                self.admit_one(name, option, path)
            except (TypeError, ValueError) as error:
                note(error, f"while checking {which} {at(path / name / where)}")
                advice = getattr(value, "__symjax_advice__", "")
                if advice and isinstance(error, TypeError):
                    note(error, advice)
                raise

    def _expects(self, name: str) -> str:
        return f"{self.schema.cls.__name__}.{name} expects {self._hints[name]}"

    def _refuse(self, error: pydantic.ValidationError, values: Mapping[str, Any], path: Path) -> set[str]:
        """Raises for the first field at fault; returns those that are excused, if all are.

        Excused is what is not decided yet, which is checked when it is (of a union, the whole value that
        holds it), and what equals the default of its field: a default widens its hint
        (`size: tuple[int, int] = 1`).
        """
        errors = error.errors(include_url=False)
        names = list(dict.fromkeys(str(entry["loc"][0]) for entry in errors))
        for name in names:
            value = values[name]
            entries = [entry for entry in errors if entry["loc"][0] == name]
            if not mentions_union(self._hints[name]):  # of which each arm has its say
                entries = [entry for entry in entries if not _holds_undecided(_at_fault(entry, value)[0])]
            elif _holds_undecided(value):
                continue
            if not entries or _is_same(value, self.schema.defaults.get(name, MISSING)):
                continue
            message, keys, constraint = _explain(entries, value)
            advice = "" if constraint else _array_advice(self._hints[name], value)
            kind = ValueError if constraint else TypeError
            where = path / name / Path(keys)
            raise kind(f"{self._expects(name)}{message}{advice} {at(where)}") from None
        return set(names)


def _explain(entries: list[Any], value: Any) -> tuple[str, tuple[Any, ...], bool]:
    """What pydantic has to say of a value: the message, the keys to the part at fault, whether its type fits.

    Args:
        entries: The errors of one field, as pydantic lists them.
        value: The field's value.
    """
    broken = next((entry for entry in entries if entry["type"] in _CONSTRAINTS), None)
    entry = broken or entries[0]
    value, keys = _at_fault(entry, value)
    if broken is None:
        return f", got {_what_is(value)}", keys, False
    why = broken["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f": {why}, got {brief(value)}", keys, True


def _at_fault(entry: Any, value: Any) -> tuple[Any, tuple[Any, ...]]:
    """The part of a value that an entry of pydantic's is about, and the keys that lead there."""
    keys: list[Any] = []
    for key in entry["loc"][1:]:
        if type(value) is tuple:
            inside = type(key) is int and key < len(value)
        else:
            inside = isinstance(value, Map | dict) and key in value
        if inside:  # and not the name of a union's arm
            value = value[key]
            keys.append(key)
    return value, tuple(keys)


def _what_is(value: Any) -> str:
    """A value with its type, as its user knows them."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = dict if type(value) is Map else type(value)
    return f"{brief(value)} of type {kind.__name__}"


def _hint_of(field: Field, schema: Schema) -> Hint:
    """The hint of a field, together with None or classes if its default is one: many hints leave that out."""
    if field.hint is Any:
        return Anything()
    try:
        hint = parse(evaluate(field.hint, field.owner))
    except Exception as error:  # noqa: BLE001 - evaluating a hint can raise anything
        _warn_unresolved(field, schema, error)
        return Anything()
    if isinstance(hint, Anything):
        return hint
    if field.default is None and not _has_arm(hint, Nothing):
        return Either((hint, Nothing()))
    if isinstance(field.default, type) and not _has_arm(hint, ClassOf):
        return Either((hint, ClassOf()))
    return hint


def _has_arm(hint: Hint, kind: type[Hint]) -> bool:
    """Whether a hint says of itself that None, or a class, may stand there."""
    if isinstance(hint, Either | Constrained):
        return any(_has_arm(part, kind) for part in hint.parts)
    return isinstance(hint, kind)


def _warn_unresolved(field: Field, schema: Schema, error: Exception) -> None:
    """Says that a field goes unchecked, once for each class, since it has one validator."""
    owner = getattr(field.owner, "__qualname__", schema.cls.__qualname__)
    warnings.warn(
        f"{owner}.{field.name}: the hint {field.hint!r} cannot be resolved ({error}), so the field takes "
        "any value; import what it names where the class is defined, and not under TYPE_CHECKING alone",
        stacklevel=2,
    )


def _may_change(value: Any, floating: bool) -> bool:
    """Whether admission may make something else of a value: without a look at its hint, which takes pydantic.

    Args:
        value: A default.
        floating: Whether ints in it may have to become floats.
    """
    kind = type(value)
    if kind is tuple:
        return any(_may_change(item, floating) for item in value)
    if kind is dict:
        return any(_may_change(item, floating) for item in value.values())
    return kind is int and floating if kind in ATOMS else not is_settled(kind)


def _is_same(value: Any, default: Any) -> bool:
    """Whether a value is the default, or of its type and the same in every part."""
    if value is default:
        return True
    try:
        return type(value) is type(default) and static_key(value) == static_key(default)
    except TypeError:  # an array in it
        return False


def _array_advice(hint: Hint, value: Any) -> str:
    """What to do about numbers, or a list of them, where an array is asked for."""
    if mentions_array(hint) and isinstance(value, tuple | int | float | complex):
        return "; jnp.asarray(…) makes an array of it"
    return ""


def _holds_undecided(value: Any) -> bool:
    """Whether a value holds what hints say nothing about: a placeholder, a hole, an array."""
    if isinstance(value, tuple):
        return any(_holds_undecided(item) for item in value)
    if isinstance(value, Map | dict):
        return any(_holds_undecided(item) for item in value.values())
    return value is MISSING or is_placeholder(value) or is_array(value)


def _no_leaf(name: str, value: Any, path: Path) -> str:
    return f"a field marked static=False holds numbers and arrays only, got {brief(value)} {at(path / name)}"


provided.validator = Validator
