"""`Values`: what a point decides, as people read it; and how a candidate is called in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from symjax.core.schema import schema_of
from symjax.text.formatting import format as format_tree

from .choice import Choice, Text, text_of
from .templates.discovery import Template


class Values(dict[str, Any]):
    """Decided values by the names of their decisions; prints functions and objects as trees do.

    Example:
        >>> import jax
        >>> Values({'activation': jax.nn.gelu, 'rate': 0.5})
        {'activation': gelu, 'rate': 0.5}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        items = (f"{name!r}: {format_tree(value, width=10**6)}" for name, value in self.items())
        return f"{{{', '.join(items)}}}"


def candidate_names(choice: Choice, branches: Sequence[Sequence[Template]]) -> dict[int, Text]:
    """What candidates are called that hold decisions of their own, by index.

    These decisions have names themselves; so a candidate goes by its class, or by its text as it stands in
    the space where it has none or another candidate has the same.

    Args:
        choice: The choice.
        branches: Its candidates as templates, for each that is taken.

    Returns:
        Nothing for the candidates whose value says all, and for those with labels.
    """
    if getattr(choice, "labels", None) is not None or not branches:
        return {}
    templates = branches[0]
    texts = [each.value if isinstance(each.value, str) else _name(each.value) for each in templates]
    count = Counter(texts)
    return {
        index: Text(name if count[name] == 1 else text_of(template.value))
        for index, (template, name) in enumerate(zip(templates, texts, strict=True))
        if template.slots and not isinstance(template.value, Choice)
    }


def _name(value: Any) -> str:
    return type(value).__name__ if schema_of(value) is not None else text_of(value)
