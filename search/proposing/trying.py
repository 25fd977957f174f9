"""Which candidates go together: found by abstract calls, before anything is searched."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from ..spaces.kinds.oneof import OneOf, oneof
from .calls import Calls
from .suggestions import Suggestion

_LONGEST = 90  # characters of what a model's error says
_MOST = 32  # calls with several values changed at once


def tried(calls: Calls, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """The suggestions without the candidates with which the experiment cannot be called.

    The first and last candidates of all decisions are tried together: in as many calls as there are
    decisions (rounded up to a power of two), arranged so that every two of these meet. That is an orthogonal
    array of strength two (Rao, 1947), as the rows of a Hadamard matrix give one. Candidates between
    are tried alone.

    Args:
        calls: How to call the experiment.
        suggestions: What is proposed.
    """
    remaining = _one_by_one(calls, suggestions)
    row = 0
    while row < _rows(remaining):
        chosen = _row(remaining, row)
        refusal = _refusal(calls, chosen)
        if refusal is None:
            row += 1
        else:
            suggestion, value, others = _culprit(calls, chosen)
            with_others = f" (with {', '.join(others)})" if others else ""
            fewer = _without(suggestion, value, refusal + with_others)
            remaining = [fewer if each is suggestion else each for each in remaining]
    return remaining


def _one_by_one(calls: Calls, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Tries the functions between the first and the last candidate."""
    remaining = []
    for suggestion in suggestions:
        for candidate in () if suggestion.is_patch else suggestion.others:
            if callable(candidate) and candidate is not suggestion.value:
                refusal = _refusal(calls, [(suggestion, candidate)])
                if refusal is not None:
                    suggestion = _without(suggestion, candidate, refusal)
        remaining.append(suggestion)
    return remaining


def _rows(suggestions: Sequence[Suggestion]) -> int:
    """How many calls: floats, on which hardly anything hangs, share the columns of others."""
    decisions = sum(isinstance(s.choice, OneOf) and not isinstance(s.value, float) for s in suggestions)
    return min(_MOST, max(2, 1 << decisions.bit_length())) if any(s.choice for s in suggestions) else 0


def _row(suggestions: Sequence[Suggestion], row: int) -> list[tuple[Suggestion, Any]]:
    """The first or the last candidate of each decision, by a row of a Hadamard matrix."""
    columns = _rows(suggestions) - 1
    varied = sorted(
        [s for s in suggestions if s.choice is not None], key=lambda s: isinstance(s.value, float)
    )
    return [(s, s.extremes[((1 + place % columns) & row).bit_count() % 2]) for place, s in enumerate(varied)]


def _refusal(calls: Calls, chosen: Sequence[tuple[Suggestion, Any]]) -> str | None:
    """Why the experiment cannot be called with some values; None if it can."""
    values = [(suggestion, value) for suggestion, value in chosen if not suggestion.is_patch]
    updates = {path: value for suggestion, value in values for path in (suggestion.path, *suggestion.ties)}
    patches = [value for suggestion, value in chosen if suggestion.is_patch and value is not None]
    return calls.refusal(updates, patches)


def _culprit(calls: Calls, chosen: Sequence[tuple[Suggestion, Any]]) -> tuple[Suggestion, Any, list[str]]:
    """The last of as few decisions as possible with which a call fails, its value, and the others."""
    needed = list(chosen)
    for pair in chosen:
        fewer = [other for other in needed if other[0] is not pair[0]]
        if fewer and _refusal(calls, fewer) is not None:
            needed = fewer
    (*others, (suggestion, value)) = needed
    return suggestion, value, [f"{other.path}={each}" for other, each in others]


def _without(suggestion: Suggestion, candidate: Any, refusal: str) -> Suggestion:
    """The suggestion without a candidate; left as it is where no other remains."""
    name = getattr(candidate, "__name__", candidate)
    why = f"{suggestion.why}; {name} fails: {_short(refusal)}"
    if not isinstance(suggestion.choice, OneOf):
        return dataclasses.replace(suggestion, choice=None, why=why)
    rest = list(_rest(suggestion.choice, candidate))
    choice = oneof(dict(rest) if suggestion.choice.labels else [each for _, each in rest])
    return dataclasses.replace(suggestion, choice=choice if len(rest) > 1 else None, why=why)


def _rest(choice: OneOf, candidate: Any) -> Iterator[tuple[str, Any]]:
    labels = choice.labels or tuple(map(str, choice.candidates))
    for label, each in zip(labels, choice.candidates, strict=True):
        if each is not candidate:
            yield label, each


def _short(refusal: str) -> str:
    return refusal if len(refusal) <= _LONGEST else f"{refusal[: _LONGEST - 1]}…"
