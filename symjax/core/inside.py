"""Nodes whose inside can be patched: they have one argument more, `inside`, wherever it is given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from symjax.core.fields import Field
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import Schema, schema_of

INSIDE: Final = "inside"
"""The argument that lists what changes a model inside, where no field of the tree reaches."""

_DOC: Final = "patches of what the model makes and calls inside"


class PatchableSchema(Schema):
    """Nodes of modules, which make layers that are no fields of theirs.

    The argument `inside` is a tuple of patches. A node that has none does not have the argument either: it is
    as large, and compares, prints and is saved, as if there were none. A class with an argument of this name
    has its own instead, and cannot be patched inside.

    Attributes:
        patchable: Whether the class's nodes may have the argument.
    """

    def __init__(
        self, cls: type, fields: tuple[Field, ...], name: str | None, original: Callable[..., Any] | None
    ) -> None:
        super().__init__(cls, fields, name, original)
        self.patchable = INSIDE not in self.fields
        if self.patchable:
            kind = inspect.Parameter.KEYWORD_ONLY
            self.fields[INSIDE] = Field(INSIDE, tuple[Any, ...], cls, (), doc=_DOC, kind=kind)
            self.every = (*self.names, INSIDE)

    def values(self, node: Any) -> list[tuple[str, Any]]:
        """See `Schema.values`."""
        values = super().values(node)
        if self.patchable and INSIDE in (attributes := self.read(node)):
            values.append((INSIDE, attributes[INSIDE]))
        return values

    def arguments(self, node: Any) -> dict[str, Any]:
        """See `Schema.arguments`."""
        attributes = self.read(node)
        return {name: attributes[name] for name in self.every if name in attributes}

    def admit(
        self,
        arguments: Mapping[str, Any],
        path: Path = ROOT,
        *,
        partial: bool = False,
        fresh: bool = False,
    ) -> dict[str, Any]:
        """See `Schema.admit`."""
        if INSIDE not in arguments or not self.patchable:
            return super().admit(arguments, path, partial=partial, fresh=fresh)
        others = {name: value for name, value in arguments.items() if name != INSIDE}
        admitted = super().admit(others, path, partial=partial, fresh=fresh)
        return self._with_inside(admitted, self.validator().admit_one(INSIDE, arguments[INSIDE], path))

    def readmit(self, node: Any, changes: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """See `Schema.readmit`."""
        values = super().readmit(node, changes, path)
        if INSIDE not in changes or not self.patchable:
            return values
        return self._with_inside(values, values.get(INSIDE, MISSING))

    def _with_inside(self, values: dict[str, Any], inside: Any) -> dict[str, Any]:
        """The arguments with `inside` as the last; without it where there is nothing in it."""
        values.pop(INSIDE, None)
        if inside is not MISSING and inside != ():
            values[INSIDE] = inside
        return values


def is_patchable(node: Any) -> bool:
    """Whether a node can be patched inside: a Linen or NNX module, or a function that builds one."""
    schema = schema_of(node)
    return isinstance(schema, PatchableSchema) and schema.patchable
