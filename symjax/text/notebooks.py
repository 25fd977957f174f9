"""Trees and their differences in notebooks: foldable HTML by treescope."""

from __future__ import annotations

import html
from typing import Any

from symjax.core.containers import Map
from symjax.core.marks import MISSING
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, DECIDED, Schema
from symjax.nodes.shown import shown
from symjax.text.formatting import format as format_tree
from symjax.verbs.diff import Difference
from symjax.verbs.equality import surely_eq

_CELL = "padding:2px 10px;vertical-align:top;text-align:left"


def to_html(tree: Any) -> str:
    """A tree as a page part that can be folded, and whose paths can be copied.

    Example:
        >>> from symjax import linen as nn
        >>> 'treescope' in to_html(nn.Dense(8))
        True
    """
    import treescope  # slow to import, and only needed here

    return str(treescope.render_to_html(tree))


def render(value: Any, path: str | None, subtree_renderer: Any) -> Any:
    """A symbolic node or a map for treescope."""
    if type(value) is Map:
        return subtree_renderer(dict(value), path=path)  # as the dict that it was
    return _render_node(value, path, subtree_renderer)


def _render_node(node: Any, path: str | None, subtree_renderer: Any) -> Any:
    """A symbolic node for treescope: its arguments, without those that have their default."""
    schema: Schema = getattr(type(node), ATTRIBUTE)
    decided = schema.caches(node).get(DECIDED, ())
    arguments = shown(schema, schema.values(node), rebuilds=False, same=surely_eq, decided=decided)
    from treescope import repr_lib  # imported already: treescope has asked for this

    return repr_lib.render_object_constructor(
        object_type=type(node),
        attributes=dict(arguments),
        path=path,
        subtree_renderer=subtree_renderer,
        roundtrippable=True,
    )


def difference_to_html(difference: Difference) -> str:
    """The differences side by side: a row for each path, the left value, the right value."""
    if not difference:
        return "<i>no difference</i>"
    head = "".join(f"<th style='{_CELL}'>{title}</th>" for title in ("path", "left", "right"))
    rows = []
    for path, change in difference.flat.items():
        where = f"<code>{html.escape(str(path) or '<root>')}</code>"
        cells = [where, _cell(change.left, "#c0392b"), _cell(change.right, "#1e8449")]
        rows.append("<tr>" + "".join(f"<td style='{_CELL}'>{cell}</td>" for cell in cells) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: Any, color: str) -> str:
    text = "" if value is MISSING else html.escape(format_tree(value, width=48))
    return f"<pre style='margin:0;color:{color}'>{text}</pre>"


provided.html = to_html
provided.render = render
provided.difference_html = difference_to_html
