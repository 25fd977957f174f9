"""Other functions of the same role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import jax

from symjax.core.paths import Path
from symjax.patches.roles.marks import has_role
from symjax.verbs.equality import eq

from ..spaces.kinds.oneof import oneof
from .suggestions import Suggestion

ACTIVATIONS: Final[Mapping[str, Any]] = {
    name: getattr(jax.nn, name) for name in ("relu", "gelu", "silu", "tanh")
}
"""The activations that are tried, by name."""


def activations(functions: Iterable[tuple[Path, Any]]) -> Iterator[Suggestion]:
    """What is proposed for the activations in one model: equal ones are one decision.

    Gates, such as sigmoid, are part of what a layer computes, and stay.

    Args:
        functions: Functions in its fields, by path.

    Example:
        >>> import symjax as sj
        >>> (suggestion,) = activations([(sj.Path([name]), jax.nn.relu) for name in 'ab'])
        >>> suggestion.choice.labels, suggestion.ties
        (('relu', 'gelu', 'silu', 'tanh'), (Path('b'),))
    """
    places: list[tuple[Any, list[Path]]] = []
    for path, function in functions:
        if not has_role(function, "activation"):
            continue
        if has_role(function, "gate") or "gate" in str(path.key):
            yield Suggestion(path, function, "a gate, part of what its layer computes")
            continue
        known = next((paths for other, paths in places if eq(other, function)), None)
        if known is None:
            places.append((function, [path]))
        else:
            known.append(path)
    for function, (path, *ties) in places:
        candidates = {name: each for name, each in ACTIVATIONS.items() if not eq(each, function)}
        own = next((name for name, each in ACTIVATIONS.items() if eq(each, function)), _name(function))
        yield Suggestion(path, function, "an activation", oneof({own: function, **candidates}), tuple(ties))


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "as it is"))
