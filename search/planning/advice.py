"""What is worth a warning in a plan, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from symjax.core.paths import Path
from symjax.core.schema import is_symbolic
from symjax.verbs.tree import value_at

from ..spaces.choice import Choice
from ..spaces.space import Space
from .buckets import Sorted
from .leaf_decisions import leaf_decisions
from .tracing import Demotion

_MANY = 8  # programs; of fewer it is soon known what they cost
_NEARLY_ALL = 0.75  # of the configurations
_LISTED = 6  # decisions that are spelt out


class PlanWarning(UserWarning):
    """A plan costs more than it would have to, in programs, compiling or memory."""


def advice_on(space: Space, batch: Sorted, split: Mapping[int, int], programs: int) -> tuple[str, ...]:
    """What to say of a batch that was sorted into buckets.

    Args:
        space: The space.
        batch: The batch.
        split: How many values each decision takes that splits it, by its index in the spec.
        programs: How many programs it needs; 0 if all of them are compiled already.
    """
    points = space.spec.points
    by_leaf = {str(points[index].path): index for index in leaf_decisions(space)}
    said = [
        demotion_advice(leaf, why, _owner(batch, points[by_leaf[leaf]].path), _frozen(batch, leaf))
        for leaf, why in batch.demoted.items()
        if leaf in by_leaf
    ]
    configurations = sum(len(bucket.rows) for bucket in batch.buckets)
    demoted = {by_leaf[leaf] for leaf in batch.demoted if leaf in by_leaf}
    said += programs_advice(configurations, programs, split, space, demoted)
    return tuple(said)


def _frozen(batch: Sorted, leaf: str) -> int:
    """In how many buckets a leaf is structure."""
    return sum(leaf in {bucket.arguments.names[i] for i in bucket.frozen} for bucket in batch.buckets)


def _owner(batch: Sorted, path: Path) -> str:
    """The class of the symbolic node in whose field a leaf stands; empty if that is no field."""
    for bucket in batch.buckets:
        experiment = bucket.arguments.experiment()
        try:
            holder = value_at(experiment, path.parent)
        except KeyError:  # in a candidate that is not taken there
            continue
        return type(holder).__name__ if is_symbolic(holder) else ""
    return ""


def demotion_advice(name: str, why: Demotion, owner: str, programs: int) -> str:
    """What to say of an open leaf that the function cannot trace.

    Args:
        name: The leaf.
        why: What tracing it gave.
        owner: The symbolic class in whose field it stands; empty if there is none.
        programs: Of how many programs it is a constant.

    Example:
        >>> why = Demotion('TracerBoolConversionError', 'model.py:12', 'self.rate > 0')
        >>> demotion_advice('model.rate', why, 'Net', 12).partition('. ')[0]
        'model.rate cannot be a lane: code needs its value in Python, at model.py:12: `self.rate > 0`'
    """
    place = f", at {why.place}: `{why.line}`" if why.place else ""
    is_meant = f", or say that it is structure, by sj.field(static=True) in {owner}" if owner else ""
    what, result = "needs its value in Python", f"That raises {why.error} where JAX traces it"
    if why.is_question:
        what, result = "asks whether it is a float", "A tracer is none, and would silently take the other way"
    return (
        f"{name} cannot be a lane: code {what}{place}. {result}, so that it is a constant of "
        f"{programs:,} program{'' if programs == 1 else 's'}, one for each of its values. Let JAX compute "
        "with it: jnp.where or jax.lax.cond in the place of `if`, jnp functions in the place of math and "
        "NumPy, no float(), int() or isinstance(x, float); or open it with few values, by "
        f"oneof{is_meant}. A function that no jit can hold is searched by a loop of sj.sample."
    )


def programs_advice(
    configurations: int, programs: int, split: Mapping[int, int], space: Space, demoted: Collection[int]
) -> list[str]:
    """What to say of a batch of which nearly each configuration needs a program of its own, if it is one.

    Args:
        configurations: How many configurations can run.
        programs: How many programs they need.
        split: How many values each decision takes that splits them, by its index in the spec.
        space: The space.
        demoted: Those of the decisions that would be lanes, if the function could be traced with them.
    """
    if programs < _MANY or programs < _NEARLY_ALL * configurations:
        return []
    indices = sorted(split, key=lambda index: -split[index])
    parts = [
        f"{space.spec.names[index]} takes {split[index]:,} values"
        f"{_kind(space.choices[index], index in demoted)}"
        for index in indices[:_LISTED]
    ]
    return [
        f"{configurations:,} configurations need {programs:,} programs, so that nearly each one is compiled "
        f"by itself: {'; '.join(parts)}{'; …' if len(indices) > _LISTED else ''}. "
        f"{_remedy([space.choices[index] for index in indices])}"
    ]


def _kind(choice: Choice, is_demoted: bool) -> str:
    if is_demoted:
        return ", and code needs them in Python"
    if choice.array == "floats":
        return ", and is a float that is structure: in a static field, or compared in Python by Flax or Optax"
    return "" if choice.slots() else ", and is a whole number, on which shapes and loops hang"


def _remedy(choices: Sequence[Choice]) -> str:
    """What to do, by the kinds of decisions that split."""
    if any(choice.array == "floats" for choice in choices):
        return (
            "Make such a float a leaf, which is a lane of one program (no static=True, jnp in the place of "
            "Python control flow), or open it with few values, by oneof."
        )
    if not all(choice.slots() for choice in choices):
        return "Open a whole number with few values, by oneof or by a step, or hand in larger batches."
    return (
        "Open fewer candidates at a time, or hand in larger batches: configurations of one structure share a "
        "program."
    )
