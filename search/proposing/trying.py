"""Which candidates go together: found by abstract calls, before anything is searched."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from symjax.core.paths import Path

from ..spaces.kinds.oneof import OneOf, oneof
from .calls import Calls
from .suggestions import Suggestion, shortened

_LONGEST = 90  # characters of what a model's error says
_MOST = 32  # trials with several values changed at once

Refuses: TypeAlias = Callable[[Mapping[Path, Any], Sequence[Any]], str | None]
"""Why values by path and patches do not go together, in a line; None if they do."""
Chosen: TypeAlias = Sequence[tuple[Suggestion, Any]]


def tried(calls: Calls, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """The suggestions without the candidates with which the experiment cannot be called.

    The first and last candidates of all sizes and functions are tried together: in as many calls as there are
    such decisions (rounded up to a power of two), arranged so that every two of these meet. That is an
    orthogonal array of strength two (Rao, 1947), as the rows of a Hadamard matrix give one. Candidates
    between are tried alone. The ends of all ranges, those of floats too, meet likewise before the tree's own
    checks.

    Args:
        calls: How to call the experiment.
        suggestions: What is proposed.
    """
    remaining = _meeting(_one_by_one(calls, suggestions), calls.misfit, lambda suggestion: True)
    return _meeting(remaining, calls.refusal, lambda suggestion: not isinstance(suggestion.value, float))


def _meeting(
    suggestions: Sequence[Suggestion], refuses: Refuses, counts: Callable[[Suggestion], bool]
) -> list[Suggestion]:
    """The suggestions without what is refused when the ends of all of them meet.

    Args:
        suggestions: What is proposed.
        refuses: What refuses.
        counts: Which decisions have to meet all others; the rest go along.
    """
    remaining = list(suggestions)
    row = 0
    while row < _rows(remaining, counts):
        chosen = _row(remaining, row, counts)
        refusal = _refusal(refuses, chosen)
        if refusal is None:
            row += 1
        else:
            suggestion, value, others = _culprit(refuses, chosen)
            with_others = f" (with {', '.join(others)})" if others else ""
            fewer = _without(suggestion, value, refusal, with_others)
            remaining = [fewer if each is suggestion else each for each in remaining]
    return remaining


def _one_by_one(calls: Calls, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Tries the functions between the first and the last candidate."""
    remaining = []
    for suggestion in suggestions:
        for candidate in () if suggestion.is_patch else suggestion.others:
            if callable(candidate) and candidate is not suggestion.value:
                refusal = _refusal(calls.refusal, [(suggestion, candidate)])
                if refusal is not None:
                    suggestion = _without(suggestion, candidate, refusal)
        remaining.append(suggestion)
    return remaining


def _rows(suggestions: Sequence[Suggestion], counts: Callable[[Suggestion], bool]) -> int:
    """How many trials."""
    varied = [suggestion for suggestion in suggestions if suggestion.choice is not None]
    return min(_MOST, max(2, 1 << sum(map(counts, varied)).bit_length())) if varied else 0


def _row(
    suggestions: Sequence[Suggestion], row: int, counts: Callable[[Suggestion], bool]
) -> list[tuple[Suggestion, Any]]:
    """The first or the last candidate of each decision, by a row of a Hadamard matrix."""
    columns = _rows(suggestions, counts) - 1
    varied = [suggestion for suggestion in suggestions if suggestion.choice is not None]
    varied.sort(key=counts, reverse=True)
    return [(s, s.extremes[((1 + place % columns) & row).bit_count() % 2]) for place, s in enumerate(varied)]


def _refusal(refuses: Refuses, chosen: Chosen) -> str | None:
    """Why some values are refused; None if they are not."""
    values = [(suggestion, value) for suggestion, value in chosen if not suggestion.is_patch]
    updates = {path: value for suggestion, value in values for path in (suggestion.path, *suggestion.ties)}
    patches = [value for suggestion, value in chosen if suggestion.is_patch and value is not None]
    return refuses(updates, patches)


def _culprit(refuses: Refuses, chosen: Chosen) -> tuple[Suggestion, Any, list[str]]:
    """The last of as few decisions as possible that are refused together, its value, and the others."""
    needed = list(chosen)
    for pair in chosen:
        fewer = [other for other in needed if other[0] is not pair[0]]
        if fewer and _refusal(refuses, fewer) is not None:
            needed = fewer
    (*others, (suggestion, value)) = needed
    return suggestion, value, [f"{other.path}={each}" for other, each in others]


def _without(suggestion: Suggestion, candidate: Any, refusal: str, with_others: str = "") -> Suggestion:
    """The suggestion without a candidate; left as it is where no other remains."""
    name = getattr(candidate, "__name__", candidate)
    why = f"{suggestion.why}; {name} fails: {shortened(refusal, _LONGEST)}{with_others}"
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
