"""What an algorithm gives, checked: so that the error is its own, and not of the search around it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from symjax.core.errors import brief

from ..spaces.dna import DNA
from ..spaces.points import Spec

_INSTEAD = {"init": "start", "ask": "propose", "tell": "learn"}


def refuse_overrides(cls: type) -> None:
    """Refuses an algorithm that defines what a search calls, in the place of what that calls.

    Raises:
        TypeError: It does.
    """
    for name, instead in _INSTEAD.items():
        if name in vars(cls):
            raise TypeError(
                f"{cls.__name__} defines {name}, which every algorithm has as it is: it checks, and calls "
                f"{instead}; define {instead} in its place, see help(search.algorithms.Algorithm.{instead})"
            )


def require_hooks(algorithm: object) -> None:
    """Refuses an algorithm of which something is not defined.

    Raises:
        TypeError: A method is missing; the message names it.
    """
    hooks = _INSTEAD.values()
    missing = [name for name in hooks if getattr(getattr(algorithm, name), "__isabstractmethod__", False)]
    if missing:
        raise TypeError(
            f"an algorithm defines {', '.join(hooks)}; {type(algorithm).__name__} does not define "
            f"{', '.join(missing)}"
        )


def check_proposal(name: str, output: object, spec: Spec, n: int, is_traceable: bool) -> tuple[DNA, Any]:
    """What `propose` gave, if it is a batch of points, and what the algorithm keeps then.

    Looks at types and shapes alone, which are there while tracing, too.

    Args:
        name: The algorithm's.
        output: What it gave.
        spec: The decisions of the space.
        n: How many were asked for.
        is_traceable: Whether it gives as many every time.

    Raises:
        TypeError: It is something else.
        ValueError: The points are of another space, or of another number.
    """
    if not isinstance(output, tuple) or len(output) != 2:
        raise TypeError(
            f"{name}.propose must return a pair, (dnas, own): the points, and what the algorithm keeps then; "
            f"it returned {_kind(output)}"
        )
    dnas, own = output
    if not isinstance(dnas, DNA):
        raise TypeError(
            f"{name}.propose must return (dnas, own), dnas being a search.DNA(spec, choices, floats); it "
            f"returned {_kind(dnas)} in its place"
        )
    if dnas.spec != spec:
        raise ValueError(f"{name}.propose must return points of the space that it is asked about")
    if len(dnas.shape) != 1:
        raise ValueError(
            f"{name}.propose must return a batch of {n} points, choices int32[{n}, {spec.choices}] and "
            f"floats float32[{n}, {spec.floats}]; it returned choices of shape {list(dnas.choices.shape)}"
        )
    if len(dnas) == n or (0 < len(dnas) < n and not is_traceable):
        return dnas, own
    end = "" if is_traceable else "; at its end an algorithm raises search.algorithms.Exhausted"
    raise ValueError(f"{name}.propose was asked for {n} points, and returned {len(dnas)}{end}")


def check_own(what: str, own: object, before: object, is_traceable: bool) -> None:
    """Refuses what an algorithm keeps if it is another kind of thing than before.

    A study could not save it, and no loop of JAX's carry it. Often enough a `return` is missing.

    Args:
        what: Which method of which algorithm gave it.
        own: What it gave.
        before: What was kept before.
        is_traceable: Whether shapes stay, too.

    Raises:
        TypeError: It is.
    """
    structures: tuple[Any, Any] = jax.tree.structure(own), jax.tree.structure(before)
    if structures[0] != structures[1]:
        raise TypeError(
            f"{what} must return what the algorithm keeps, as start made it: {brief(structures[1], 200)}; "
            f"it returned {_kind(own)}: {brief(structures[0], 200)}"
        )
    if not is_traceable:
        return
    for (path, leaf), old in zip(jax.tree.leaves_with_path(own), jax.tree.leaves(before), strict=True):
        if np.shape(leaf) != np.shape(old):
            raise TypeError(
                f"{what} must keep the shapes that `start` made: own{jax.tree_util.keystr(path)} had shape "
                f"{list(np.shape(old))}, and has {list(np.shape(leaf))}; what grows takes "
                "is_traceable = False in the class"
            )


def check_points(name: str, dnas: DNA) -> None:
    """Refuses points that an algorithm proposed and that no space has.

    Args:
        name: The algorithm's.
        dnas: A batch; not traced.

    Raises:
        ValueError: An index of no candidate, a number out of its bounds; the message names the decision.
    """
    try:
        dnas.spec.check(np.asarray(dnas.choices), np.asarray(dnas.floats))
    except ValueError as error:
        raise ValueError(f"{name}.propose returned what is no point of the space: {error}") from None


def _kind(value: object) -> str:
    if value is None:
        return "None"
    return f"{brief(value)} of type {type(value).__name__}"
