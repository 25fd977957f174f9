"""Measurements as people read them: a summary, the cells of a table, flat columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from symjax.core.errors import brief, summary

from .columns import count
from .frames import cells, plain, unique_names
from .measurements import OK, Measurements
from .objective import Objective
from .ranking import Scores, rank
from .table import measured_text, value_text
from .trial import STATES, Trial, decision_names

_FIRST = ("rank", "trial", "id", "state", "feasible")
_LAST = ("program", "seconds", "error")


def summary_of(measured: Measurements) -> str:
    """What happened, in a few lines."""
    n = len(measured)
    of_what = measured.plan.about(n) or f"{n:,} trial{'s' * (n != 1)}"
    lines = [f"Results of {of_what}"]
    metrics = ", ".join(name or "value" for name in measured.names) or "none"
    lines.append(f"  metrics: {metrics}" + f"; means of {measured.repeats} repeats" * (measured.repeats > 1))
    if measured.objective != Objective():
        lines.append(f"  objective: {measured.objective}")
    if measured.compiled or measured.reused:  # what is read from a file does not know
        lines.append(f"  programs: {measured.compiled} compiled, {measured.reused} reused")
    counts = {state: int((measured.states == state).sum()) for state in STATES}
    lines.append(f"  states: {', '.join(f'{count:,} {state}' for state, count in counts.items() if count)}")
    errors = measured.errors
    if errors:
        first = min(errors)
        lines.append(f"  raised: {len(errors)}; trial {measured.ids[first]}: {brief(errors[first], 120)}")
    return "\n".join(lines)


def cells_of(measured: Measurements, scores: Scores | None, k: int) -> tuple[list[list[str]], frozenset[int]]:
    """The cells of a table of the k best configurations: columns have the names that `records_of` gives them.

    Args:
        measured: The measurements.
        scores: What they are ranked by; None for the first k, without ranks.
        k: How many.

    Returns:
        The titles and the rows, and which columns hold numbers.
    """
    order = np.arange(len(measured)) if scores is None else rank(scores)
    trials = [measured.trial(int(index)) for index in order[:k]]
    columns = {name: column for name, column in measured.columns.items() if column.ndim == 1}
    decided = decision_names(measured.space, [trial.values for trial in trials])
    metric_titles, decision_titles = _titles(measured, decided)
    arrows = {name: " ↑" if mode == "max" else " ↓" for name, mode in (scores.goals if scores else ())}
    metrics = [metric_titles[name or "value"] + arrows.get(name, "") for name in columns]
    bounded = ["feasible"] if measured.objective.bounds else []
    rows = [["rank", "trial", "state", *bounded, *metrics, *(decision_titles[name] for name in decided)]]
    for place, trial in enumerate(trials):
        is_ranked = scores is not None and scores.outcome[trial.index] == OK
        first = [str(place + 1) if is_ranked else "", str(trial.id), trial.state]
        values = [value_text(trial.values[name]) if name in trial.values else "" for name in decided]
        feasible = [str(trial.feasible)] if bounded else []
        rows.append([*first, *feasible, *(_measured(trial, measured, name) for name in columns), *values])
    start = 3 + len(bounded)
    return rows, frozenset({0, 1, *range(start, start + len(columns))})


def _measured(trial: Trial, measured: Measurements, name: str) -> str:
    """A metric of a trial in a cell."""
    if name in trial.costs:
        return value_text(trial.costs[name])
    if trial.metrics is None:
        return ""
    return measured_text(measured.columns[name][trial.index], trial.deviations.get(name))


def _titles(measured: Measurements, decided: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The titles of the columns of metrics, and of decisions: each there once."""
    own = (*_FIRST, *_LAST) if measured.objective.bounds else (*_FIRST[:-1], *_LAST)
    metrics = []
    for name in measured.columns:
        metrics += [name or "value", *([f"{name or 'value'}.std"] if name in measured.deviations else [])]
    metric_titles = unique_names(own, metrics, "metric")
    return metric_titles, unique_names([*own, *metric_titles.values()], decided, "decision")


def metric_columns(measured: Measurements) -> dict[str, list[Any]]:
    """All metrics by name as plain values, with their deviations over repeats; None for nothing."""
    absent = np.isin(measured.states, ("failed", "pending"))
    metrics: dict[str, list[Any]] = {}
    for name, column in measured.columns.items():
        if name in measured.costs:
            metrics[name] = [None if np.isnan(number) else count(number) for number in column.tolist()]
            continue
        metrics[name or "value"] = cells(column, absent)
        if name in measured.deviations:
            metrics[f"{name or 'value'}.std"] = cells(measured.deviations[name], absent)
    return metrics


def records_of(measured: Measurements) -> dict[str, list[Any]]:
    """The columns of a data frame, of plain values: see `Results.records`."""
    values = [measured.space.values(dna) for dna in measured.dnas]
    decided = decision_names(measured.space, values)
    metrics = metric_columns(measured)
    first: dict[str, list[Any]] = {"id": measured.ids.tolist(), "state": measured.states.tolist()}
    if measured.objective.bounds:
        first["feasible"] = measured.feasible.tolist()
    errors = measured.errors
    last: dict[str, list[Any]] = {
        "program": [number if number >= 0 else None for number in measured.programs.tolist()],
        "seconds": [None if np.isnan(number) else number for number in measured.seconds.tolist()],
        "error": [summary(errors[row]) if row in errors else None for row in range(len(measured))],
    }
    metric_titles, decision_titles = _titles(measured, decided)
    return {
        **first,
        **{decision_titles[name]: [plain(each.get(name)) for each in values] for name in decided},
        **{metric_titles[name]: column for name, column in metrics.items()},
        **last,
    }
