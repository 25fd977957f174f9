"""How long programs took to compile on this machine, and so how long others will."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, final

from .persistent import folder, user_folder

_LONGEST = 1 << 20  # bytes of a record, of which the older half then goes


class CompileTime(NamedTuple):
    """What compiling a program took.

    Attributes:
        seconds: How long.
        equations: How many equations the program of a lane has.
        kind: What else it hangs on: the platform, and how lanes run.
    """

    seconds: float
    equations: int
    kind: str


class Estimate(NamedTuple):
    """What compiling some programs will take.

    Attributes:
        seconds: How long, about; None where nothing like them was compiled on this machine.
        cached: How many of them are compiled already, in memory or on disk.
    """

    seconds: float | None
    cached: int


@final
class Record:
    """A file of what compiling took, by the digests of programs: one line each.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def here(cls) -> Record:
        """The record of what lies where compiled code is kept now."""
        name = hashlib.sha256(str(folder()).encode()).hexdigest()[:16]
        return cls(user_folder() / "compile_times" / f"{name}.jsonl")

    def read(self) -> dict[str, CompileTime]:
        """What is known. Lines that were cut off, as by a full disk, say nothing."""
        times = {}
        with contextlib.suppress(OSError):
            for line in self._path.read_text(errors="replace").splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    entry = json.loads(line)
                    time = CompileTime(float(entry["seconds"]), int(entry["equations"]), str(entry["kind"]))
                    times[str(entry["digest"])] = time
        return times

    def add(self, digest: str, time: CompileTime) -> None:
        """Takes note of what compiling a program took. What cannot be written is not."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > _LONGEST:
                lines = self._path.read_text(errors="replace").splitlines(keepends=True)
                self._path.write_text("".join(lines[len(lines) // 2 :]))
            with self._path.open("a") as file:  # one short write, so that processes do not mix theirs
                file.write(json.dumps({"digest": digest, **time._asdict()}) + "\n")


def duration(seconds: float) -> str:
    """Seconds as people say them.

    Example:
        >>> duration(0.4), duration(75), duration(400), duration(9000)
        ('0 s', '75 s', '7 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


class Candidate(NamedTuple):
    """A program that is to be compiled.

    Attributes:
        digest: What tells it from others, in other processes too; None if nothing does.
        equations: How many its lane has.
        kind: As in `CompileTime`.
        is_compiled: Whether it is compiled already, in this process.
    """

    digest: str | None
    equations: int
    kind: str
    is_compiled: bool


def estimate(programs: Iterable[Candidate], times: Mapping[str, CompileTime], on_disk: bool) -> Estimate:
    """Estimates what compiling will take: for a program like none before by how many equations it has.

    Args:
        programs: The programs.
        times: What is known, by digest.
        on_disk: Whether what is known is on disk still.

    Example:
        >>> known = {'a': CompileTime(4.0, 100, 'cpu')}
        >>> programs = [Candidate('a', 100, 'cpu', False), Candidate('b', 50, 'cpu', False)]
        >>> estimate(programs, known, on_disk=True), estimate(programs, known, on_disk=False)
        (Estimate(seconds=2.0, cached=1), Estimate(seconds=6.0, cached=0))
        >>> estimate([Candidate('c', 50, 'tpu', False)], known, on_disk=True).seconds is None
        True
    """
    cached, seconds = 0, 0.0
    for program in programs:
        time = times.get(program.digest or "")
        if program.is_compiled or (time is not None and on_disk):
            cached += 1
        elif time is not None:
            seconds += time.seconds
        else:
            seconds += program.equations * _rate(program.kind, times)
    return Estimate(None if math.isnan(seconds) else seconds, cached)


def _rate(kind: str, times: Mapping[str, CompileTime]) -> float:
    """Seconds for each equation; NaN if that is not known."""
    alike = [time for time in times.values() if time.kind == kind]
    equations = sum(time.equations for time in alike)
    return sum(time.seconds for time in alike) / equations if equations else math.nan
