"""What every benchmark here needs: operations side by side, timed in turns, printed as tables."""

import argparse
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Seconds = dict[str, list[float]]  # of one row: by column, one figure per round
Clock = Callable[[], float]


class Op(NamedTuple):
    """What is timed: `run` of one argument, which `fresh` makes anew for every call, untimed."""

    run: Callable[[Any], Any]
    fresh: Callable[[], Any] = lambda: None


class Aim(NamedTuple):
    """The first column at least `times` faster than another, or (`at_most`) at most `times` as slow."""

    row: str
    column: str
    times: float
    at_most: bool = False


def measure(
    ops: Mapping[str, Op], rounds: int, at_least: float = 0.004, clock: Clock = time.process_time
) -> Seconds:
    """Times the same operation in all columns, in turns; every other round goes backwards.

    Args:
        ops: The operation by column.
        rounds: Figures per column.
        at_least: Seconds that one figure takes; it is the mean of as many calls as that needs.
        clock: What tells the seconds: of the processor, so that other processes disturb less than they would
            by the clock on the wall.

    Returns:
        Seconds per call.
    """
    numbers = {}
    for column, op in ops.items():
        number = 1
        while batch(op, number, clock) * number < at_least:
            number *= 2
        numbers[column] = number
    seconds: Seconds = {column: [] for column in ops}
    for index in range(rounds):
        for column in list(ops) if index % 2 else list(reversed(ops)):
            seconds[column].append(batch(ops[column], numbers[column], clock))
    return seconds


def batch(op: Op, number: int, clock: Clock = time.process_time) -> float:
    """Seconds per call, over `number` calls, with the garbage collector off, as timeit has it."""
    first, *arguments = [op.fresh() for _ in range(number + 1)]
    run = op.run
    gc.collect()
    run(first)  # the collector has emptied the processor's caches
    gc.disable()
    start = clock()
    for argument in arguments:
        run(argument)
    seconds = clock() - start
    gc.enable()
    return seconds / number


def measure_imports(statements: Mapping[str, str], rounds: int = 7) -> Seconds:
    """Times import statements in fresh processes, in turns, without the interpreter's own start."""
    seconds: Seconds = {column: [] for column in statements}
    for index in range(rounds + 1):
        for column, statement in statements.items():
            code = f"from time import process_time as t; a = t(); {statement}; print(t() - a)"
            done = subprocess.run([sys.executable, "-P", "-c", code], check=True, stdout=subprocess.PIPE)
            if index:  # the first round fills the caches of the disk
                seconds[column].append(float(done.stdout))
    return seconds


def ratio(seconds: Seconds, over: str, under: str) -> tuple[float, float, float]:
    """Quartiles of the ratio of two columns, taken round by round: lower, median, upper."""
    paired = [a / b for a, b in zip(seconds[over], seconds[under], strict=True)]
    low, middle, high = statistics.quantiles(paired, n=4) if len(paired) > 1 else paired * 3
    return low, middle, high


def asked(
    about: str | None, rows: Mapping[str, str], words: Sequence[str] | None = None
) -> tuple[list[str], int]:
    """The rows and the number of rounds that the command line asks for.

    Args:
        about: What the benchmark is; the first line is shown as help.
        rows: The rows that there are, with their titles.
        words: The words of the command line; all by default.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0] if about else None)
    parser.add_argument("--only", default=",".join(rows), help="rows, by commas (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=15, help="rounds per row (default: %(default)s)")
    options = parser.parse_args(words)
    only = options.only.split(",")
    if not rows.keys() >= set(only):
        parser.error(f"unknown rows: {', '.join(sorted(set(only) - rows.keys()))}")
    return only, options.repeats


def print_all(
    results: Mapping[str, Seconds], titles: Mapping[str, str], columns: Sequence[str], aims: Sequence[Aim]
) -> None:
    """Prints medians, ratios and aims; the first column is symjax."""
    print_medians(results, titles, columns)
    print("\nRatios: how many times as long as symjax.\n")
    print_ratios(results, titles, columns)
    print("\nAims: the median ratio, and its quartiles over the rounds.\n")
    print_aims(results, titles, aims, "symjax")


def print_medians(results: Mapping[str, Seconds], titles: Mapping[str, str], columns: Sequence[str]) -> None:
    """The median of each row and column."""
    _print_table(results, titles, columns, lambda held, column: _duration(statistics.median(held[column])))


def print_ratios(results: Mapping[str, Seconds], titles: Mapping[str, str], columns: Sequence[str]) -> None:
    """The ratio of each further column to the first."""
    first, *others = columns
    _print_table(results, titles, others, lambda held, column: _figure(ratio(held, column, first)[1]))


def print_aims(
    results: Mapping[str, Seconds], titles: Mapping[str, str], aims: Sequence[Aim], first: str
) -> None:
    """Each aim that was measured: the median ratio, its quartiles over the rounds, met or not met."""
    for aim in aims:
        held = results.get(aim.row, {})
        if aim.column in held:
            low, middle, high = ratio(held, *((first, aim.column) if aim.at_most else (aim.column, first)))
            met = middle <= aim.times if aim.at_most else middle >= aim.times
            asked = f"{aim.times:g} × faster than {aim.column}"
            if aim.at_most:
                asked = f"at most {aim.times:g} × {aim.column}"
            figures = f"{_figure(middle)} ({_figure(low)} to {_figure(high)})"
            print(f"{titles[aim.row]:50}{asked:28}{figures:26}{'met' if met else 'NOT MET'}")


def _print_table(
    results: Mapping[str, Seconds],
    titles: Mapping[str, str],
    columns: Sequence[str],
    cell: Callable[[Seconds, str], str],
) -> None:
    print(" " * 50 + "".join(f"{column:>11}" for column in columns))
    for row, held in results.items():
        cells = (cell(held, column) if column in held else "—" for column in columns)
        print(f"{titles[row]:50}" + "".join(f"{text:>11}" for text in cells))


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e6:.1f} µs"


def _figure(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.3g}"
