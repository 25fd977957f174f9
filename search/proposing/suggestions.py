"""`Suggestion`: what may become of one value of an experiment, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symjax.core.paths import Path

from ..spaces.choice import Choice
from ..spaces.kinds.oneof import OneOf


@dataclass(frozen=True)
class Suggestion:
    """What is proposed for one value of an experiment.

    Attributes:
        path: Where the value stands.
        value: What it is; `MISSING` where it is new.
        why: What it is for, or why it is left as it is.
        choice: The decision that takes its place; None where it is left.
        ties: Where values stand that have to stay equal to it.
        is_patch: Whether it is about a patch, and stands nowhere in the tree.
        in_lanes: Whether configurations with different values share a program; otherwise each value is a
            program of its own.
    """

    path: Path
    value: Any
    why: str
    choice: Choice | None = None
    ties: tuple[Path, ...] = ()
    is_patch: bool = False
    in_lanes: bool = False

    @property
    def extremes(self) -> tuple[Any, Any]:
        """The first and the last value that the decision may take."""
        options = tuple(self.choice.options()) if self.choice is not None else (self.value,)
        return options[0], options[-1]

    @property
    def others(self) -> tuple[Any, ...]:
        """The candidates between the first and the last one."""
        return self.choice.candidates[1:-1] if isinstance(self.choice, OneOf) else ()


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters, cut between words.

    Example:
        >>> shortened('8 does not divide 12', 12)
        '8 does not …'
    """
    if len(text) <= longest:
        return text
    start = text[: longest - 1]
    return f"{start[: start.rfind(' ')]} …"  # without a space all but the last character
