"""`PlanSummary`: how a batch ran, in words and numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any


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

    @classmethod
    def concat(cls, parts: Sequence[PlanSummary]) -> PlanSummary:
        """What several plans say, together; equal ones once. Programs are counted on from plan to plan."""
        return cls(
            "\n".join(dict.fromkeys(part.text for part in parts if part.text)),
            tuple(chain.from_iterable(part.buckets for part in parts)),
            tuple(chain.from_iterable(part.widths for part in parts)),
            tuple(dict.fromkeys(name for part in parts for name in part.lanes)),
            {name: n for part in parts for name, n in part.split.items()},
            {name: why for part in parts for name, why in part.demoted.items()},
            parts[0].function if len({part.function for part in parts}) == 1 else "",
        )

    def to_record(self) -> dict[str, Any]:
        """The same as what JSON knows."""
        own = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {**own, "split": dict(self.split), "demoted": dict(self.demoted)}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> PlanSummary:
        """The inverse of `to_record`.

        Raises:
            TypeError: There is a field more.
        """
        lists = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
        return cls(**{**record, **lists})

    def about(self, n: int) -> str:
        """The text, if it tells of these n configurations, and not of one of several batches; else none."""
        count = f"{n:,} configuration{'s' * (n != 1)}"
        text = self.text.replace("all configurations", count, 1)  # as what is compiled as a whole says
        return text if "\n" not in text and text.startswith(f"{count} ") else ""

    @property
    def programs(self) -> int:
        """The number of different programs."""
        return len(self.widths)

    def __str__(self) -> str:
        return self.text
