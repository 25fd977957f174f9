"""`minimal`: the shortest list of known patches that leads from one tree to another."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import jax

from symjax.core.fields import Field
from symjax.names.lookup import public_name
from symjax.types.hint_reading import parse as parse_hint
from symjax.types.hint_reading import resolve as resolve_hint
from symjax.types.hints import Hint, LiteralOf, Scalar
from symjax.verbs.diff import Difference, diff
from symjax.verbs.equality import eq
from symjax.verbs.equality import hash as tree_hash
from symjax.verbs.tree import is_symbolic
from symjax.verbs.walk import walk

from . import rules
from .core.apply import tried
from .core.patch import Patch
from .core.registry import registered
from .core.updates import from_diff
from .uri.hints import arms_of, enums_in
from .uri.literals import admits

_VALUES: Final = 8  # for an argument
_CALLS: Final = 12  # with different arguments, of a patcher
_FAILURES: Final = 5  # after which a patcher is not tried again
_PLANS: Final = 1  # likewise, of one that calls the models
_FIRSTS: Final = 4  # to which a second patch is sought
_WIDE: Final = ("float64", "int64", "uint64", "complex128")  # only with `jax_enable_x64`
_CLUES: Final = 200  # values of a subtree that is new as a whole


def minimal(
    a: Any, b: Any, *, patchers: Iterable[type[Patch]] | None = None, budget: int = 400
) -> list[Patch]:
    """The shortest list of known patches that leads from one tree to another, as far as one is found.

    Patches that stand in models of `b` (see `layers`) are tried together, then single patches, then pairs,
    with arguments that are read off the differences: values that stand in `b` where the trees differ, ratios
    of numbers there, names of functions and classes, members of enums. Where none lead to `b` exactly, those
    are taken that save no fewer differences than they are, and a diff does the rest.

    What comes out depends on the trees, the patchers and the budget alone; no clock is asked.

    Args:
        a: The tree to start from.
        b: The tree to reach.
        patchers: What is tried; by default all that are known, apart from the rules without a function
            (`on_key` and the like), which could do anything.
        budget: How many applications of a patch are tried at most. Most take a few milliseconds. Those that
            call a model abstractly, to plan widths, take a hundred or more: each is tried once, and then only
            where it led nearer. One for layers is first tried as if there were no example inputs.

    Returns:
        Patches for which ``sj.patch(a, minimal(a, b))`` equals `b`; none if the trees are equal.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn, patches
        >>> model = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(16), nn.relu, nn.Dense(10)])
        >>> other = sj.patch(model, ['scale_width?3', 'swap_activation?gelu'])
        >>> sorted(map(str, patches.minimal(model, other)))
        ['scale_width?factor=3.0', 'swap_activation?to=gelu']
    """
    known = sorted(_known() if patchers is None else patchers, key=_order)
    start = _Attempt(a, (), diff(a, b))
    if not start.left:
        return []
    carried = _carried(start, b, budget)
    if not carried.left:
        return list(carried.patches)
    singles = _attempts(start, b, known, budget // 2)
    best = min([start, carried, *singles], key=_Attempt.rank)
    if best.left:
        nearer = _best_of_each(singles)
        firsts = [carried] * (len(carried.patches) > 1) + nearer[:_FIRSTS]
        share = (budget - budget // 2) // max(1, len(firsts))
        for first in firsts:
            # What leads nearer from the start most often does so from here, too.
            seconds = [attempt.patches[0] for attempt in nearer if attempt.patches[0] not in first.patches]
            best = min([best, *_attempts(first, b, known, share, seconds, plans=False)], key=_Attempt.rank)
            if not best.left:
                break
    rest = [from_diff(best.difference)] if best.left else []
    return [*best.patches, *rest]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Where some patches lead to, and what still differs there."""

    tree: Any
    patches: tuple[Patch, ...]
    difference: Difference

    @property
    def left(self) -> int:
        """How many values still differ."""
        return sum(max(_size(left), _size(right)) for left, right in self.difference.flat.values())

    def rank(self) -> tuple[int, int, int, str]:
        """Less is better: few patches and few differences, and among equals those of the shorter text."""
        text = "|".join([patch.uri for patch in self.patches])
        return len(self.patches) + self.left, self.left, len(text), text


def _size(value: Any) -> int:
    """The number of values in a value, itself among them."""
    return sum(1 for _ in itertools.islice(walk(value), _CLUES))


def _known() -> set[type[Patch]]:
    return {patcher for patcher in registered().values() if patcher.__module__ != rules.__name__}


def _order(patcher: type[Patch]) -> tuple[int, str]:
    """Those come last that call models, and of these the ones with many arguments, which do most."""
    size = len(patcher.__symjax_schema__.fields) if _plans(patcher) else 0
    return size, f"{patcher.patcher_name}:{patcher.__module__}.{patcher.__qualname__}"


def _plans(patcher: type[Patch]) -> bool:
    """Whether a patcher asks for example inputs."""
    return hasattr(patcher.edit_in, "__wrapped__")


def _attempts(
    start: _Attempt,
    goal: Any,
    known: Iterable[type[Patch]],
    budget: int,
    before: Iterable[Patch] = (),
    plans: bool = True,
) -> list[_Attempt]:
    """What one more patch leads to, where that is nearer to the goal.

    Args:
        start: Where it is applied.
        goal: The tree to reach.
        known: The patchers.
        budget: How many patches are tried.
        before: Patches that are tried first, whatever they cost.
        plans: Whether others are tried that call the models of the tree to plan what they do.
    """
    attempts: list[_Attempt] = []
    failures: Counter[type[Patch]] = Counter()

    def is_hopeful(candidate: Patch) -> bool:
        most = (_PLANS if plans else 0) if _calls_models(candidate, start.tree) else _FAILURES
        return failures[type(candidate)] < most

    others = filter(is_hopeful, _candidates(start.difference, known))
    for candidate in itertools.islice(itertools.chain(before, others), budget):
        failures[type(candidate)] += 1
        attempt = _attempted(start, candidate, goal)
        if attempt is not None:
            failures[type(candidate)] = 0
            attempts.append(attempt)
            if not attempt.left:
                break
    return attempts


def _carried(start: _Attempt, goal: Any, budget: int) -> _Attempt:
    """Where those patches lead that stand in the goal, one after the other, as far as each leads nearer."""
    attempt = start
    for candidate in _Clues(start.difference).patches[:budget]:
        attempt = _attempted(attempt, candidate, goal) or attempt
    return attempt


def _attempted(start: _Attempt, candidate: Patch, goal: Any) -> _Attempt | None:
    """What a patch leads to; None where that is no nearer to the goal, or it refuses the tree.

    A patch for layers of models with example inputs is put into those models alone that have such layers;
    they are called to know. So it is first put into all: what leads no nearer then, does not afterwards.
    """
    attempt = None
    is_quick = _has_inputs(start.tree) and not _calls_models(candidate, start.tree)
    quickly: list[Any] = [{}] * is_quick
    for inputs in [*quickly, None]:
        try:
            tree = tried(start.tree, candidate, inputs)
        except Exception:  # noqa: BLE001 - a patch that refuses this tree does not lead on
            return None
        attempt = _Attempt(tree, (*start.patches, candidate), diff(tree, goal))
        if attempt.left >= start.left:
            return None
    return attempt


def _has_inputs(tree: Any) -> bool:
    return callable(getattr(type(tree), "example_inputs", None))


def _calls_models(patch: Patch, tree: Any) -> bool:
    """Whether a patch asks for the example inputs of a tree that has some, to plan what it does."""
    return _has_inputs(tree) and _plans(type(patch))


def _best_of_each(attempts: Iterable[_Attempt]) -> list[_Attempt]:
    """The best attempt by each patcher, best first."""
    best: dict[type[Patch], _Attempt] = {}
    for attempt in sorted(attempts, key=_Attempt.rank):
        best.setdefault(type(attempt.patches[-1]), attempt)
    return list(best.values())


def _candidates(difference: Difference, known: Iterable[type[Patch]]) -> Iterator[Patch]:
    """Patches that may explain a difference: the likeliest of each patcher first, then the next of each."""
    clues = _Clues(difference)
    yield from clues.patches
    calls = [itertools.islice(_calls(patcher, clues), _CALLS) for patcher in known]
    for row in itertools.zip_longest(*calls):
        yield from [candidate for candidate in row if candidate is not None]


def _calls(patcher: type[Patch], clues: _Clues) -> Iterator[Patch]:
    """The patches of one class: with the required arguments alone, in turns with an optional one."""
    fields = patcher.__symjax_schema__.fields.values()
    required = [field for field in fields if field.required]
    rows = itertools.product(*[clues.values_for(field) for field in required])
    names = [field.name for field in required]
    plain, likeliest = itertools.tee(dict(zip(names, row, strict=True)) for row in rows)
    first = next(likeliest, {})
    varied = (
        {**first, field.name: value}
        for field in fields
        if not field.required
        for value in clues.values_for(field)
        if not eq(value, field.default)
    )
    for pair in itertools.zip_longest(plain, varied):
        for arguments in pair:
            if arguments is not None:
                yield from _made(patcher, arguments)


def _made(patcher: type[Patch], arguments: dict[str, Any]) -> Iterator[Patch]:
    """The patch with these arguments, if it takes them."""
    try:
        yield patcher(**arguments)
    except Exception:  # noqa: BLE001 - whatever a check of its own raises, it refuses them
        return


class _Clues:
    """What a difference says about the arguments of the patch that made it."""

    def __init__(self, difference: Difference) -> None:
        self.patches: list[Patch] = []
        self._values: Counter[_Value] = Counter()
        for left, right in difference.flat.values():
            self._add_ratio(left, right)
            self._add(right)
            self._add(right)
            for _, value, _ in itertools.islice(walk(right), _CLUES):
                self._add(value)

    def values_for(self, field: Field) -> list[Any]:
        """What an argument may have been, the likeliest first."""
        hint = parse_hint(resolve_hint(field.hint, field.owner))
        values = [_converted(value.value, hint) for value, _ in self._values.most_common()]
        values += _listed(hint)
        distinct = {_Value(value): value for value in values if admits(value, hint)}
        return list(distinct.values())[:_VALUES]

    def _add(self, value: Any) -> None:
        if isinstance(value, Patch) and value not in self.patches:
            self.patches.append(value)
        name = value.__name__ if callable(value) and public_name(value) is not None else None
        if is_symbolic(value):
            name = type(value).__name__
        if name is not None:
            self._values[_Value(name)] += 1
        if not is_symbolic(value):
            self._values[_Value(value)] += 1

    def _add_ratio(self, left: Any, right: Any) -> None:
        numbers = (int, float)
        if type(left) in numbers and type(right) in numbers and left and math.isfinite(left):
            self._values[_Value(float(f"{right / left:.12g}"))] += 2
            if type(left) is int and type(right) is int:
                self._values[_Value(right - left)] += 1


class _Value:
    """A value as a key: equal where `symjax.eq` says so."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Value) and eq(self.value, other.value)

    def __hash__(self) -> int:
        return tree_hash(self.value)


def _converted(value: Any, hint: Hint) -> Any:
    """A number as the hint has it: a whole ratio may be an int, an int a float."""
    kinds = {arm.kind for arm in arms_of(hint) if isinstance(arm, Scalar)}
    if type(value) is float and float not in kinds and int in kinds and value.is_integer():
        return int(value)
    return float(value) if type(value) is int and float in kinds and int not in kinds else value


def _listed(hint: Hint) -> list[Any]:
    """The values that a hint lists by itself; no dtypes that JAX would warn of, and truncate."""
    refused = () if jax.dtypes.canonicalize_dtype("float64") == "float64" else _WIDE
    listed = [value for arm in arms_of(hint) if isinstance(arm, LiteralOf) for value in arm.values]
    values = [value for value in listed if value not in refused]
    values += [member for cls in enums_in(hint) for member in cls]
    return values + [value for arm in arms_of(hint) if arm == Scalar(bool) for value in (True, False)]
