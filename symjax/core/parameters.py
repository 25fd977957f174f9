"""`Parameters`: the fields of a class as the parameters of its constructor."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from symjax.core.errors import unknown
from symjax.core.fields import NAMED, POSITIONAL, Field
from symjax.core.marks import MISSING


class Parameters:
    """What a constructor takes, and calls of it bound by name.

    Args:
        cls: The class.
        fields: Its fields, in order.
    """

    def __init__(self, cls: type, fields: tuple[Field, ...]) -> None:
        self.cls = cls
        self.fields: dict[str, Field] = {field.name: field for field in fields}
        self.names: tuple[str, ...] = tuple(self.fields)
        self.positional = tuple(f.name for f in fields if f.kind in POSITIONAL and f.init)
        self.required = tuple(f.name for f in fields if f.required)
        self.simple = all(f.kind in NAMED for f in fields)  # each argument may be given by name

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Arguments by name, as a call with `args` and `kwargs` gives them.

        Raises:
            TypeError: Too many positional arguments, or one given twice.
        """
        if self.simple:
            return self._bind_simple(args, kwargs) if args else kwargs
        return self._bind_variadic(args, kwargs)

    def _bind_simple(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if len(args) > len(self.positional):
            raise TypeError(
                f"{self.cls.__name__} takes {len(self.positional)} positional arguments "
                f"({', '.join(self.positional)}), got {len(args)}"
            )
        values = dict(zip(self.positional, args, strict=False))
        for name, value in kwargs.items():
            if name in values:
                raise TypeError(f"{self.cls.__name__} got two values for {name!r}")
            values[name] = value
        return values

    def _bind_variadic(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Binding with positional-only and variadic parameters, whose fields hold what they collect."""
        positional_only = {
            f.name for f in self.fields.values() if f.kind is inspect.Parameter.POSITIONAL_ONLY
        }
        rest = self.field_of_kind(inspect.Parameter.VAR_POSITIONAL)
        others = self.field_of_kind(inspect.Parameter.VAR_KEYWORD)
        values: dict[str, Any] = dict(zip(self.positional, args, strict=False))
        if len(args) > len(self.positional):
            if rest is None:
                return self._bind_simple(args, kwargs)  # raises, with the names
            values[rest] = tuple(args[len(self.positional) :])
        collected: dict[str, Any] = {}
        for name, value in kwargs.items():
            named = name in self.fields and name not in (rest, others)
            if named and name not in positional_only:
                if name in values:
                    raise TypeError(f"{self.cls.__name__} got two values for {name!r}")
                values[name] = value
            elif others is not None:
                collected[name] = value
            else:
                raise TypeError(self.unknown_field(name))
        if others is not None:
            values[others] = collected
        return values

    def field_of_kind(self, kind: Any) -> str | None:
        """The name of the field that collects arguments of this kind."""
        return next((f.name for f in self.fields.values() if f.kind is kind), None)

    def holes(self, values: Mapping[str, Any]) -> list[str]:
        """The required arguments that are not given."""
        return [name for name in self.required if values.get(name, MISSING) is MISSING]

    def unknown_field(self, name: object) -> str:
        """The message for a name that is no field."""
        return f"{self.cls.__name__} has {unknown('field', name, self.names, 'its fields')}"

    def signature(self) -> inspect.Signature:
        """The constructor's signature, for editors and `inspect`."""
        empty = inspect.Parameter.empty
        variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        parameters = []
        for f in self.fields.values():
            default = empty if f.required or f.kind in variadic else f.default
            if f.factory is not None:
                default = f.factory
            parameters.append(inspect.Parameter(f.name, f.kind, default=default, annotation=f.hint))
        parameters.sort(key=lambda p: p.kind)
        try:
            return inspect.Signature(parameters)
        except ValueError:  # a required field after one with a default, given by keyword
            return inspect.Signature(
                [
                    p.replace(kind=inspect.Parameter.KEYWORD_ONLY) if p.kind in POSITIONAL else p
                    for p in parameters
                ]
            )
