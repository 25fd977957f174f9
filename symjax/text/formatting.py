"""`format`: trees and their differences as text, laid out by wadler-lindig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import wadler_lindig as wl
from flax.core import FrozenDict

from symjax.core.containers import Map
from symjax.core.errors import noting_depth
from symjax.core.leaves import is_array
from symjax.core.marks import MISSING
from symjax.core.provided import provided
from symjax.core.schema import DECIDED, schema_of
from symjax.nodes.shown import shown
from symjax.text import array_forms
from symjax.text.forms import form_of
from symjax.verbs.diff import Diff, Difference
from symjax.verbs.equality import surely_eq
from symjax.verbs.tree import items


@noting_depth
def format(
    tree: Any,
    *,
    hide_defaults: bool = True,
    width: int = 88,
    indent: int = 2,
    short_arrays: bool = True,
) -> str:
    """A tree as text: nodes as constructor calls, broken over lines where they are wide.

    Args:
        tree: A symbolic object or a plain container.
        hide_defaults: Leave out arguments that equal their default.
        width: Characters in a line, as far as possible.
        indent: Spaces for each level.
        short_arrays: Summarize long arrays by dtype, shape and range.

    Example:
        >>> from symjax import linen as nn
        >>> format(nn.Dense(features=8))
        'Dense(features=8)'
    """
    doc = _doc(tree, Style(hide_defaults, indent, short_arrays))
    return wl.pformat(Document(doc), width=width, indent=indent)


class Style:
    """How a tree is laid out as text."""

    def __init__(self, hide_defaults: bool, indent: int, short_arrays: bool) -> None:
        self.hide_defaults = hide_defaults
        self.indent = indent
        self.short_arrays = short_arrays

    def bracketed(self, begin: str, docs: Sequence[wl.AbstractDoc], end: str) -> wl.AbstractDoc:
        """Parts between brackets, in one line or one below the other."""
        if not docs:
            return wl.TextDoc(begin + end)
        return wl.bracketed(
            begin=wl.TextDoc(begin),
            docs=docs,
            sep=wl.comma,
            end=wl.TextDoc(end),
            indent=self.indent,
        )


class Document:
    """Hands a finished document to the layout engine."""

    def __init__(self, doc: wl.AbstractDoc) -> None:
        self._doc = doc

    def __pdoc__(self, **kwargs: Any) -> wl.AbstractDoc:
        return self._doc


def _doc(value: Any, style: Style) -> wl.AbstractDoc:
    schema = schema_of(value)
    if schema is not None:
        custom = getattr(value, "__symjax_text__", None)
        if custom is not None:
            name, args, kwargs = custom()
            return _call_doc(name, args, kwargs, style)
        same = surely_eq if style.hide_defaults else None
        decided = schema.caches(value).get(DECIDED, ())
        arguments = dict(shown(schema, schema.values(value), rebuilds=False, same=same, decided=decided))
        return _call_doc(type(value).__name__, [], arguments, style)
    if isinstance(value, list | tuple):
        return _sequence_doc(value, style)
    if isinstance(value, dict | Map | FrozenDict):
        entries = [wl.TextDoc(f"{key!r}: ") + _doc(item, style) for key, item in value.items()]
        return style.bracketed("{", entries, "}")
    return wl.TextDoc(form_of(value).text(value, style.short_arrays))


def _call_doc(name: str, args: list[Any], kwargs: Mapping[str, Any], style: Style) -> wl.AbstractDoc:
    docs = [_doc(arg, style) for arg in args]
    docs += [wl.TextDoc(f"{key}=") + _doc(item, style) for key, item in kwargs.items()]
    return style.bracketed(f"{name}(", docs, ")")


def _sequence_doc(value: Any, style: Style) -> wl.AbstractDoc:
    docs = [_doc(item, style) for item in value]
    if isinstance(value, list):
        return style.bracketed("[", docs, "]")
    names = getattr(type(value), "_fields", None)
    if names is not None:
        docs = [wl.TextDoc(f"{n}=") + doc for n, doc in zip(names, docs, strict=True)]
        return style.bracketed(f"{type(value).__name__}(", docs, ")")
    if len(docs) == 1:
        return wl.TextDoc("(") + docs[0] + wl.TextDoc(",)")
    return style.bracketed("(", docs, ")")


def format_difference(difference: Difference, *, width: int = 88, indent: int = 2) -> str:
    """The differences as text, in the shape of the left tree: ``Adam(learning_rate: 0.1 → 0.2)``."""
    if not difference:
        return "no difference"
    doc = _difference_doc(difference.nested, difference.left, Style(True, indent, True))
    return wl.pformat(Document(doc), width=width, indent=indent)


def _difference_doc(nested: Any, left: Any, style: Style) -> wl.AbstractDoc:
    if isinstance(nested, Diff):
        return _change_doc(nested, style)
    named = schema_of(left) is not None or hasattr(left, "_fields")
    parts = dict(items(left) or ())
    docs = []
    for key, inner in nested.items():
        sign = ": " if isinstance(inner, Diff) or not named else "="
        docs.append(
            wl.TextDoc(f"{key if named else repr(key)}{sign}") + _difference_doc(inner, parts.get(key), style)
        )
    if named:
        return style.bracketed(f"{type(left).__name__}(", docs, ")")
    begin, end = ("[", "]") if isinstance(left, list | tuple) else ("{", "}")
    return style.bracketed(begin, docs, end)


def _change_doc(change: Diff, style: Style) -> wl.AbstractDoc:
    if change.left is MISSING:
        return wl.TextDoc("+ ") + _doc(change.right, style)
    if change.right is MISSING:
        return wl.TextDoc("− ") + _doc(change.left, style)
    if is_array(change.left) and is_array(change.right):
        return wl.TextDoc(" → ".join(array_forms.distinct(*change, short=style.short_arrays)))
    return _doc(change.left, style) + wl.TextDoc(" → ") + _doc(change.right, style)


provided.text = format
provided.difference_text = format_difference
