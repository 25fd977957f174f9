"""`Parameter`: a number or one of several options, as tuners that ask for one at a time know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

_PLAIN: Final = (type(None), bool, int, float, str)


class Suggests(Protocol):
    """What suggests values of parameters one at a time: a trial of Optuna's."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of several options."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """A whole number."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A float."""


@dataclass(frozen=True)
class Parameter:
    """A number between two bounds, or one of several options.

    Attributes:
        name: What it is called.
        options: What there is to choose from; None for a number.
        lo: The lower bound, an int for a whole number.
        hi: The upper bound.
        step: How far neighbours are apart, for a whole number.
        is_log: Whether the logarithm is uniform.
    """

    name: str
    options: tuple[Any, ...] | None = None
    lo: float = 0
    hi: float = 0
    step: int = 1
    is_log: bool = False

    def suggested(self, trial: Suggests) -> Any:
        """The value that a trial suggests."""
        if self.options is not None:
            return trial.suggest_categorical(self.name, self.options)
        if isinstance(self.lo, int) and isinstance(self.hi, int):
            return trial.suggest_int(self.name, self.lo, self.hi, step=self.step, log=self.is_log)
        return trial.suggest_float(self.name, self.lo, self.hi, log=self.is_log)

    def distribution(self, distributions: Any) -> Any:
        """What it is drawn from, as a class of the module ``optuna.distributions``."""
        if self.options is not None:
            return distributions.CategoricalDistribution(self.options)
        if isinstance(self.lo, int) and isinstance(self.hi, int):
            return distributions.IntDistribution(self.lo, self.hi, log=self.is_log, step=self.step)
        return distributions.FloatDistribution(self.lo, self.hi, log=self.is_log)


Answer: TypeAlias = Callable[[Parameter], Any]
"""Says which value a parameter takes."""


def options_of(values: Sequence[Any], texts: Sequence[str]) -> tuple[Any, ...]:
    """Options that tell values apart: the values, where they are plain ones and all different, or texts.

    Example:
        >>> options_of([8, 'relu', len], ['8', 'relu', 'len'])
        (8, 'relu', 'len')
        >>> options_of([1, True], ['1', 'True'])
        ('1', 'True')
        >>> options_of([min, max], ['function', 'function'])
        ('function (0)', 'function (1)')
    """
    options = [
        value if isinstance(value, _PLAIN) and value == value else text  # not a NaN, which no one finds again
        for value, text in zip(values, texts, strict=True)
    ]
    for named in (options, list(texts)):
        if len(set(named)) == len(named):
            return tuple(str(each) if isinstance(each, str) else each for each in named)
    return tuple(f"{text} ({index})" for index, text in enumerate(texts))
