"""`PlanSummary`: how a batch ran, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PlanSummary:
    """What remains of a plan when it was carried out: no function, no programs, no data. Prints as the plan.

    Attributes:
        text: What printing the plan says.
        buckets: For each bucket how many configurations it has.
        widths: For each program its lanes, on all devices together.
        lanes: The ids of the decisions in which the lanes of a program differ.
        split: For each decision that splits the batch, by its id, how many values it takes there.
        demoted: The leaves that the function cannot trace, and why.
        function: The function's name and what it takes.
    """

    text: str = ""
    buckets: tuple[int, ...] = ()
    widths: tuple[int, ...] = ()
    lanes: tuple[str, ...] = ()
    split: Mapping[str, int] = field(default_factory=dict)
    demoted: Mapping[str, str] = field(default_factory=dict)
    function: str = ""

    @property
    def programs(self) -> int:
        """The number of different programs."""
        return len(self.widths)

    def __str__(self) -> str:
        return self.text
