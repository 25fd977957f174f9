"""Candidates: what `oneof`, `manyof` and `permutate` choose from."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from symjax.core.errors import brief, nearest
from symjax.verbs.equality import eq

from ..choice import Number, text_of
from ..parameter import options_of


def read_candidates(kind: str, candidates: object) -> tuple[tuple[Any, ...], tuple[str, ...] | None]:
    """Candidates and their labels, out of a list or out of a mapping of labels.

    Args:
        kind: The function that is given them, for the message.
        candidates: A list, or a mapping from labels.

    Raises:
        TypeError: It is neither, or a label is no text.
        ValueError: There are none, or two are equal.
    """
    labels = None
    if isinstance(candidates, Mapping):
        labels = tuple(candidates)
        for label in labels:
            if not isinstance(label, str) or not label:
                raise TypeError(
                    f"labels of candidates are texts, got {brief(label)}: {kind}({{'small': 8, …}})"
                )
        candidates = list(candidates.values())
    if isinstance(candidates, str | bytes | Set) or not isinstance(candidates, Iterable):
        raise TypeError(
            f"{kind} takes a list of candidates, got {brief(candidates)} of type {type(candidates).__name__}"
        )
    candidates = tuple(candidates)
    if not candidates:
        raise ValueError(f"{kind} needs at least one candidate, got an empty list")
    _refuse_duplicates(kind, candidates)
    return candidates, labels


def _refuse_duplicates(kind: str, candidates: tuple[Any, ...]) -> None:
    """Two equal candidates would make one tree two points."""
    seen: dict[tuple[type, str], list[tuple[int, Any]]] = {}
    for index, candidate in enumerate(candidates):
        for other, earlier in seen.setdefault((type(candidate), text_of(candidate)), []):
            if eq(earlier, candidate):
                raise ValueError(
                    f"the candidates {other} and {index} of {kind} are equal: {brief(candidate)}; each value "
                    "stands there once"
                )
        seen[type(candidate), text_of(candidate)].append((index, candidate))


def index_of(number: object, candidates: Sequence[Any], labels: Sequence[str] | None, name: str) -> int:
    """The index of a candidate, which is given by that or by its label or text.

    Raises:
        TypeError: It is given by something else.
        ValueError: There is no such candidate.
    """
    arity = len(candidates)
    if isinstance(number, str):
        texts = list(map(_text, candidates))
        for known in (labels or (), texts, list(map(_plain, texts))):
            if number in known:
                return list(known).index(number)
        known = list(labels or map(_plain, texts))
        hints = nearest(number, known) or f"its candidates: {', '.join(known[:10])}"
        raise ValueError(f"{name} has no candidate {number!r}; {hints}")
    if isinstance(number, bool) or not isinstance(number, int | np.integer):
        raise TypeError(f"{name} is one of {arity} candidates, given by its index; got {brief(number)}")
    if not 0 <= number < arity:
        raise ValueError(f"{name} has {arity} candidates, 0 to {arity - 1}; got {brief(number)}")
    return int(number)


def label_of(number: Number, candidates: Sequence[Any], labels: Sequence[str] | None) -> str:
    """What people call the candidate of an index."""
    return labels[int(number)] if labels else _plain(_text(candidates[int(number)]))


def named_options(
    candidates: Sequence[Any], labels: Sequence[str] | None, names: Mapping[int, str]
) -> tuple[Any, ...]:
    """Candidates as options of a parameter: labels, names, plain values; or else texts."""
    if labels is not None:
        return tuple(labels)
    texts = [names.get(index, _plain(_text(each))) for index, each in enumerate(candidates)]
    return options_of([names.get(index, each) for index, each in enumerate(candidates)], texts)


def as_written(candidates: Sequence[Any], labels: Sequence[str] | None) -> list[Any] | dict[str, Any]:
    """Candidates as `read_candidates` takes them: a list, or a mapping from labels."""
    return list(candidates) if labels is None else dict(zip(labels, candidates, strict=True))


def _text(candidate: Any) -> str:
    """The text of a candidate; that of a bare choice is one."""
    return candidate if isinstance(candidate, str) else text_of(candidate)


def _plain(text: str) -> str:
    """The text of a candidate that is a text itself, without its quotes."""
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        return str(ast.literal_eval(text))
    return text


def outlined(head: str, candidates: Sequence[Any], labels: Sequence[str] | None, tail: str) -> list[str]:
    """Candidates a line each, with index and label."""
    names = [f"({i})" if labels is None else f"({i}) {labels[i]}" for i in range(len(candidates))]
    lines = [f"  {name}: {text_of(value, 100)}" for name, value in zip(names, candidates, strict=True)]
    return [f"{head}[", *lines, f"]{tail}"]
