"""How many configurations train for how long: the rungs of successive halving, the brackets of Hyperband."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from symjax.core.errors import brief


class Rung(NamedTuple):
    """A rung.

    Attributes:
        trials: How many configurations reach it.
        steps: After how many steps these are measured.
    """

    trials: int
    steps: int


@dataclass(frozen=True)
class Bracket:
    """The rungs of one successive halving.

    Attributes:
        rungs: Fewer and fewer configurations, and more and more steps.

    Raises:
        ValueError: There are no rungs, or they are not so.

    Example:
        >>> bracket = halving_rungs(64, 800, eta=2, min_steps=100)
        >>> print(bracket)
        64 × 100 → 32 × 200 → 16 × 400 → 8 × 800 steps: 16,000, which is 31 % of 64 × 800
        >>> bracket.budget
        16000
    """

    rungs: tuple[Rung, ...]

    def __post_init__(self) -> None:
        if not self.rungs:
            raise ValueError("there is no rung")
        trials, steps = zip(*self.rungs, strict=True)
        if any(type(number) is not int or number < 1 for rung in self.rungs for number in rung):
            raise ValueError(f"rungs are pairs of whole numbers of at least 1, got {brief(self.rungs)}")
        if list(trials) != sorted(trials, reverse=True) or list(steps) != sorted(set(steps)):
            raise ValueError(
                f"from rung to rung there are no more configurations, and more steps; got {list(self.rungs)}"
            )

    @property
    def segments(self) -> tuple[int, ...]:
        """How many steps each rung adds to the one before."""
        ends = [rung.steps for rung in self.rungs]
        return tuple(end - start for start, end in zip([0, *ends], ends, strict=False))

    @property
    def budget(self) -> int:
        """The steps of all configurations together."""
        return sum(rung.trials * segment for rung, segment in zip(self.rungs, self.segments, strict=True))

    @property
    def whole(self) -> int:
        """The steps of all configurations, if none were stopped."""
        return self.rungs[0].trials * self.rungs[-1].steps

    def of(self, trials: int) -> Bracket:
        """The same rungs for fewer configurations, if there are fewer."""
        return Bracket(tuple(Rung(min(rung.trials, trials), rung.steps) for rung in self.rungs))

    def __str__(self) -> str:
        parts = [f"{rung.trials:,} × {rung.steps:,}" for rung in self.rungs]
        share = f"{self.budget / self.whole:.0%}".replace("%", " %")
        return (
            f"{' → '.join(parts)} steps: {self.budget:,}, which is {share} of "
            f"{self.rungs[0].trials:,} × {self.rungs[-1].steps:,}"
        )


def halving_rungs(n: int, steps: int, eta: int = 3, min_steps: int | None = None) -> Bracket:
    """The rungs of successive halving: each keeps the best of `eta`, for `eta` times as many steps.

    Args:
        n: How many configurations begin, at least one.
        steps: For how many steps those train that are never stopped.
        eta: Of how many one is kept, at least 2.
        min_steps: No configuration is stopped before so many steps. By default as few as leave one
            configuration on the last rung.

    Returns:
        The rungs: the last has `steps`, the one before ``steps // eta``, and so on, down to `min_steps`; each
        has ``n // eta`` of the configurations of the one before.

    Raises:
        ValueError: A number is out of range.
    """
    check_eta(eta)
    least = _check_min_steps(min_steps, steps)
    if type(n) is not int or n < 1:
        raise ValueError(f"at least one configuration begins, got n={brief(n)}")
    ends, sizes = [steps], [n]
    while sizes[-1] // eta >= 1 and ends[-1] // eta >= least:
        ends.append(ends[-1] // eta)
        sizes.append(sizes[-1] // eta)
    return Bracket(tuple(map(Rung, sizes, reversed(ends))))


@dataclass(frozen=True)
class Brackets:
    """The brackets of Hyperband, which prints as its table; see `hyperband_brackets`.

    Attributes:
        brackets: From the one that stops most to the one that stops none.
    """

    brackets: tuple[Bracket, ...]

    def __getitem__(self, index: int) -> Bracket:
        return self.brackets[index]

    def __iter__(self) -> Iterator[Bracket]:
        return iter(self.brackets)

    def __len__(self) -> int:
        return len(self.brackets)

    @property
    def trials(self) -> int:
        """How many configurations begin, in all brackets together."""
        return sum(bracket.rungs[0].trials for bracket in self.brackets)

    @property
    def budget(self) -> int:
        """The steps of all configurations in all brackets together."""
        return sum(bracket.budget for bracket in self.brackets)

    def __str__(self) -> str:
        whole = sum(bracket.whole for bracket in self.brackets)
        share = f"{self.budget / whole:.0%}".replace("%", " %")
        total = f"{self.trials:,} configurations, {self.budget:,} steps, which is {share} of {whole:,}"
        return "\n".join([*map(str, self.brackets), total])


def hyperband_brackets(steps: int, eta: int = 3, min_steps: int = 1) -> Brackets:
    """The brackets of Hyperband: from many configurations that are stopped early to few that are not.

    Li et al. 2018, "Hyperband: a novel bandit-based approach to hyperparameter optimization", algorithm 1
    and table 1, in whole steps.

    Args:
        steps: For how many steps a configuration trains at most.
        eta: Of how many one is kept, at least 2.
        min_steps: For how many steps it trains at least.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> print(hyperband_brackets(81)[0])
        81 × 1 → 27 × 3 → 9 × 9 → 3 × 27 → 1 × 81 steps: 297, which is 5 % of 81 × 81
        >>> [bracket.rungs[0] for bracket in list(hyperband_brackets(81))[1:3]]
        [Rung(trials=34, steps=3), Rung(trials=15, steps=9)]
    """
    check_eta(eta)
    least = _check_min_steps(min_steps, steps)
    most = 0
    while least * eta ** (most + 1) <= steps:
        most += 1
    brackets = []
    for s in range(most, -1, -1):
        n = math.ceil((most + 1) * eta**s / (s + 1))
        ends = [steps // eta ** (s - i) for i in range(s + 1)]
        brackets.append(Bracket(tuple(Rung(n // eta**i, end) for i, end in enumerate(ends))))
    return Brackets(tuple(brackets))


def bracket_of(rungs: Iterable[tuple[int, int]]) -> Bracket:
    """The rungs that a user says: pairs of how many configurations reach one, and of its steps."""
    return Bracket(tuple(Rung(*rung) for rung in rungs))


def check_eta(eta: int) -> None:
    """Refuses a factor that keeps all, or none.

    Raises:
        ValueError: It is no whole number of at least 2.
    """
    if type(eta) is not int or eta < 2:
        raise ValueError(f"of eta configurations one is kept, a whole number of at least 2; got {brief(eta)}")


def _check_min_steps(min_steps: int | None, steps: int) -> int:
    least = 1 if min_steps is None else min_steps
    if type(least) is not int or not 1 <= least <= steps:
        raise ValueError(f"min_steps lies between 1 and the {steps} steps of all, got {brief(min_steps)}")
    return least
