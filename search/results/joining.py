"""Results of several batches as one: which trial counts where several have the same id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from jax.tree_util import PyTreeDef

from symjax.core.errors import brief
from symjax.verbs.equality import eq

from ..spaces.dna import DNA
from ..spaces.space import Space
from . import columns as of_columns
from .failures import Failure
from .keys import RootKeys
from .objective import Objective
from .plan_summary import PlanSummary

Arguments = dict[str, Any]
"""What makes `Results`, by the names of the constructor's arguments."""


def joined(parts: Sequence[Arguments]) -> tuple[Arguments, npt.NDArray[np.intp]]:
    """What makes the results of several batches, one after the other.

    Args:
        parts: What makes the results of each; at least one.

    Returns:
        What makes the results of all, and which places of these are left, int[m]: a trial that is there
        twice counts once, and one that is pending gives way to one of the same id that ran.

    Raises:
        ValueError: They cannot be joined: of different spaces, metrics, repeats or objectives, or with
            different trials of the same id.
    """
    for part in parts[1:]:
        _check_alike(parts[0], part)
    sizes = [len(part["ids"]) for part in parts]
    starts = np.cumsum([0, *sizes])
    n = int(starts[-1])
    failures: dict[int, Failure] = {}
    programs, counted = [], 0
    for start, part in zip(starts, parts, strict=False):
        failures.update({int(start) + row: failure for row, failure in part["errors"].items()})
        programs.append(np.where(part["programs"] >= 0, part["programs"] + counted, -1))
        counted += max(part["plan"].programs, int(part["programs"].max(initial=-1)) + 1)
    with_metrics = [
        (np.arange(start, start + size), part["metrics"])
        for start, size, part in zip(starts, sizes, parts, strict=False)
        if part["metrics"] is not None
    ]
    costs = {name: None for part in parts for name in part["costs"]}
    whole = {
        **parts[0],
        "dnas": DNA.concat([part["dnas"] for part in parts]),
        "key": RootKeys.concat([part["key"] for part in parts]),
        "metrics": of_columns.stack(with_metrics, n),
        "errors": failures,
        "programs": np.concatenate(programs),
        "plan": PlanSummary.concat([part["plan"] for part in parts]),
        "objective": _objective(parts),
        "costs": {
            name: np.concatenate(
                [
                    part["costs"].get(name, np.full(size, np.nan))
                    for part, size in zip(parts, sizes, strict=True)
                ]
            )
            for name in costs
        },
    }
    for name in ("ids", "pending", "seconds"):
        whole[name] = np.concatenate([part[name] for part in parts])
    for name in ("compiled", "reused"):
        whole[name] = sum(part[name] for part in parts)
    return whole, _distinct(whole)


def same_space(one: Space, other: Space) -> bool:
    """Whether two spaces are the same, but for what `Space.constrain` demands, which no file keeps."""
    return one.spec == other.spec and eq(one.tree, other.tree) and eq(one.patches, other.patches)


def _check_alike(first: Arguments, other: Arguments) -> None:
    if not same_space(first["space"], other["space"]):
        raise ValueError(
            f"results of different spaces cannot be joined: {brief(first['space'], 200)} and "
            f"{brief(other['space'], 200)}"
        )
    if first["repeats"] != other["repeats"]:
        raise ValueError(f"results of {first['repeats']} and of {other['repeats']} repeats cannot be joined")
    if first["metrics"] is None or other["metrics"] is None:
        return
    trees: list[PyTreeDef] = [jax.tree.structure(part["metrics"]) for part in (first, other)]
    if trees[0] != trees[1]:
        names = [sorted(of_columns.by_name(part["metrics"])) for part in (first, other)]
        raise ValueError(f"results of different metrics cannot be joined: {names[0]} and {names[1]}")


def _objective(parts: Sequence[Arguments]) -> Objective:
    """The objective that one of them states, or all of them."""
    stated: list[Objective] = []
    for part in parts:
        if part["objective"] not in (Objective(), *stated):
            stated.append(part["objective"])
    if len(stated) > 1:
        raise ValueError(
            f"results with different objectives cannot be joined: {stated[0]} and {stated[1]}; say which one "
            "counts: results.with_objective(name, mode)"
        )
    return stated[0] if stated else Objective()


def _distinct(whole: Arguments) -> npt.NDArray[np.intp]:
    """The places of trials that count, in the order in which their ids come first."""
    ids = whole["ids"]
    if (ids[1:] > ids[:-1]).all():  # for speed: a search may have a million trials
        return np.arange(len(ids))
    chosen: dict[int, int] = {}
    for place, number in enumerate(whole["ids"].tolist()):
        rival = chosen.setdefault(number, place)
        if rival == place:
            continue
        if _start(whole, rival) != _start(whole, place):
            raise ValueError(
                f"two different configurations have the trial id {number}; let the ids of a further batch go "
                "on where those of the one before end: search.evaluate(…, first_id=…)"
            )
        if whole["pending"][rival]:
            chosen[number] = place
        elif not whole["pending"][place] and _outcome(whole, rival) != _outcome(whole, place):
            raise ValueError(f"the trial {number} is there twice, with different results")
    return np.array(list(chosen.values()), np.intp)


def _start(whole: Arguments, place: int) -> object:
    """What a trial began with: its configuration and its root key."""
    return whole["dnas"][place], whole["key"].data[place].tobytes()


def _outcome(whole: Arguments, place: int) -> object:
    """What came of a trial: the bits of its metrics, or what it raised."""
    if place in whole["errors"]:
        return repr(whole["errors"][place].error)
    return [np.asarray(column[place]).tobytes() for column in jax.tree.leaves(whole["metrics"])]
