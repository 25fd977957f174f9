"""`Proposal`: an experiment with its decisions opened, and the reasons, as a table."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symjax.core.errors import at, brief
from symjax.core.marks import MISSING
from symjax.core.paths import Path
from symjax.verbs.rebind import rebind
from symjax.verbs.walk import walk

from ..results.table import layout, to_html
from ..spaces.choice import Choice, text_of
from ..spaces.kinds.oneof import OneOf
from ..spaces.opening import space
from ..spaces.space import Space
from .suggestions import Suggestion

_WIDEST = 48
_YOURS = "as you said"


@dataclass(frozen=True)
class Proposal:
    """What can be tuned in an experiment; made by `propose`. Prints as a table.

    Attributes:
        tree: The experiment with choices in it.
        suggestions: What was looked at, in the order of the tree: what is varied, and what is left; and
            decisions on patches, for what stands in the code of models.
    """

    tree: Any
    suggestions: tuple[Suggestion, ...]

    @property
    def patches(self) -> tuple[Choice, ...]:
        """Choices among patches, which are applied to each decoded tree."""
        return tuple(s.choice for s in self.suggestions if s.is_patch and s.choice is not None)

    @property
    def space(self) -> Space:
        """The search space."""
        return space(self.tree, patches=self.patches)

    @property
    def varied(self) -> dict[str, Choice]:
        """The decisions, by the paths of their values."""
        return {str(s.path): s.choice for s in self.suggestions if s.choice is not None}

    @property
    def left(self) -> dict[str, str]:
        """Why other numbers are left as they are, by path."""
        return {str(s.path): s.why for s in self.suggestions if s.choice is None}

    def rebind(self, updates: Mapping[Any, Any]) -> Proposal:
        """The proposal with other values, or other choices, in the tree, and other patches.

        Args:
            updates: By path, as for `symjax.rebind`. Where the table names a decision on a patch, such as
                ``patches.swap_activation``, a choice among patches, or None for none of them.

        Raises:
            TypeError: A decision on a patch is to become something else.

        Example:
            >>> from symjax import optax, search
            >>> proposal = search.propose({'optimizer': optax.sgd(0.1)})
            >>> proposal.rebind({'optimizer.learning_rate': 0.3}).varied
            {}
        """
        changed = {Path.parse(path): value for path, value in updates.items()}
        patches = {
            s.path: _patched(s, changed[s.path]) for s in self.suggestions if s.is_patch and s.path in changed
        }
        tree = rebind(self.tree, {path: value for path, value in changed.items() if path not in patches})
        before = {s.path: s for s in self.suggestions if s.path in changed}
        now = {path: value for path, value, _ in walk(tree)}
        kept = [
            patches.get(s.path, s)
            for s in self.suggestions
            if s.path in patches or not any(map(s.path.startswith, changed))
        ]
        yours = [
            _yours(path, value, before.get(path))
            for path, value in now.items()
            if isinstance(value, Choice) and any(map(path.startswith, changed))
        ]
        order = {path: place for place, path in enumerate(now)}
        suggestions = sorted([*kept, *yours], key=lambda s: order.get(s.path, len(order)))
        return dataclasses.replace(self, tree=tree, suggestions=tuple(suggestions))

    def __str__(self) -> str:
        return "\n".join([self._title(), *map(layout, self._tables())])

    def _repr_html_(self) -> str:
        """For notebooks: the same as tables."""
        return "".join([f"<p>{self._title()}</p>", *map(to_html, self._tables())])

    def _title(self) -> str:
        if not self.suggestions:
            return "Proposal of 0 decisions: none of the experiment's numbers and functions passed where="
        varied = [s for s in self.suggestions if s.choice is not None]
        programs = math.prod(_count(s) for s in varied if not s.in_lanes)
        many = (
            "any number of structures" if programs == math.inf else f"up to {_counted(programs, 'structure')}"
        )
        return f"Proposal of {_counted(len(varied), 'decision')}, of {many}"

    def _tables(self) -> list[list[list[str]]]:
        """What is varied, and what is left, with titles; without a table of nothing."""
        varied = [["decision", "now", "varied over", "runs in", "why"]]
        varied += [_row(s) for s in self.suggestions if s.choice is not None]
        left = [["left", "now", "why"]]
        left += [[str(s.path), _now(s.value), s.why] for s in self.suggestions if s.choice is None]
        return [table for table in (varied, left) if len(table) > 1]

    def __repr__(self) -> str:
        return str(self)


def _row(suggestion: Suggestion) -> list[str]:
    assert suggestion.choice is not None
    ties = f", as {', '.join(map(str, suggestion.ties))}" if suggestion.ties else ""
    return [
        str(suggestion.path),
        _now(suggestion.value),
        _range(suggestion.choice),
        "lanes" if suggestion.in_lanes else "programs",
        suggestion.why + ties,
    ]


def _count(suggestion: Suggestion) -> int | float:
    """How many values a decision takes."""
    return space([suggestion.choice]).size


def _counted(number: float, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _yours(path: Path, choice: Choice, before: Suggestion | None) -> Suggestion:
    """A decision that was opened by hand.

    Args:
        path: Where it stands.
        choice: The decision.
        before: What was said of that value; None if it is a new one.
    """
    value = MISSING if before is None else before.value
    untraced = before is not None and before.choice is not None and not before.in_lanes
    in_lanes = choice.array == "floats" and not untraced
    return Suggestion(path, value, _YOURS, choice, in_lanes=in_lanes)


def _patched(suggestion: Suggestion, value: Any) -> Suggestion:
    """A decision on patches that was changed by hand.

    Raises:
        TypeError: Neither a choice nor None.
    """
    if value is not None and not isinstance(value, Choice):
        raise TypeError(
            f"{suggestion.path} is a decision on a patch: it takes a choice among patches, such as "
            f"search.oneof([None, 'swap_activation?silu']), or None to drop it, got {brief(value)} "
            f"{at(suggestion.path)}"
        )
    return dataclasses.replace(suggestion, choice=value, why=_YOURS)


def _now(value: Any) -> str:
    if value is MISSING:
        return ""
    name = value if isinstance(value, str) else getattr(value, "__name__", None)
    return brief(value, 20) if name is None else str(name)


def _range(choice: Choice) -> str:
    """The candidates, by their labels where they have some; or the bounds."""
    if not isinstance(choice, OneOf):
        return text_of(choice, _WIDEST)
    texts = choice.labels or [text_of(candidate) for candidate in choice.candidates]
    text = ", ".join(texts)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
