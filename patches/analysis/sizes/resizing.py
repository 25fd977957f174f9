"""Other widths for a model, planned as a whole: what is tied stays tied, and what the task fixes stays."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from symjax.core.errors import at, note
from symjax.core.inside import INSIDE, is_patchable
from symjax.core.paths import Path
from symjax.core.tracebacks import caller_level

from ...core.errors import PatchWarning
from ...interior.layers import edit_layers
from ...outlines.finding import Model
from ...outlines.inputs import Inputs
from ..axes import Axes
from .called import Called
from .knobs import Knob, Modules, Place, field_knobs
from .probe import Probe

_UNITS: Final = (1, 2, 8)
"""What new widths are multiples of besides, each tried where a model refuses (it rotates pairs)."""


class Resized(NamedTuple):
    """Other widths of a model.

    Attributes:
        updates: New widths by path in the tree, and what is to be put into the model's argument `inside`.
        flops: How many operations the model's products are then.
    """

    updates: dict[Path, Any]
    flops: int


@dataclass(frozen=True)
class Resizing:
    """A model's widths, and how they hang together.

    Attributes:
        probe: The model.
        fields: The fields of the tree that are widths.
        modules: The modules that the model calls.
    """

    probe: Probe
    fields: list[Knob]
    modules: Modules
    _known: dict[str, Resized] = field(default_factory=dict, repr=False)
    _shared: dict[tuple[Path, ...], bool] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tree: Any, model: Model, inputs: Inputs) -> Resizing:
        """Finds the widths of a model, by abstract calls.

        Args:
            tree: The tree in which the model stands.
            model: The model.
            inputs: What it is called with.
        """
        probe = Probe.of(tree, model, inputs)
        return cls(probe, field_knobs(probe.integers), Modules(probe.base))

    def scaled(self, factor: float) -> Resized:
        """The updates of the tree that multiply the widths by a factor.

        What hangs together is multiplied by one ratio, the nearest at which all its sizes are whole and those
        that were divisible by a number of groups or heads stay so.

        Args:
            factor: Greater than 0.

        Returns:
            No updates if there is no width that could change. Where the model refuses some of the new widths,
            which stand in its code too, these stay as they are, with a warning.

        Raises:
            Exception: What the model raises if it takes none of the new widths, with a note that names them.
        """
        first: Exception | None = None
        plans: list[_Plan] = []
        for fixed, unit in self._attempts():
            plan = self._planned(factor, fixed, unit)
            plans.append(plan)
            if not plan and first is not None:
                continue
            try:
                resized = self._tried(plan)
            except Exception as error:  # noqa: BLE001 - other people's models may raise anything
                first = first or error
                continue
            if first is not None:
                self._warn(plans[0], plan, first)
            return resized
        assert first is not None
        return self._in_part((plans[0], plans[-1]), first)

    def _attempts(self) -> Iterator[tuple[frozenset[int], int]]:
        """What stays, and what new widths are multiples of besides, one after the other."""
        fixed = self._fixed
        yield from ((fixed, unit) for unit in _UNITS)
        yield fixed | self._own(), 1

    @functools.cached_property
    def _fixed(self) -> frozenset[int]:
        """The classes that are pinned, and those that number heads."""
        axes = self.probe.axes
        heads = {number for place in self.modules.numbered() for number in axes.leaves(_extent(axes, place))}
        return frozenset(heads | axes.pinned.keys())

    def _in_part(self, plans: Iterable[_Plan], failure: Exception) -> Resized:
        """What the model takes of a plan that it refuses as a whole.

        Raises:
            Exception: The failure, if there is none.
        """
        whole, *_ = plans
        for plan in plans:
            groups = [group for group in plan if self._takes([group])]
            if groups and self._takes(groups):
                self._warn(whole, groups, failure)
                return self._tried(groups)
        note(failure, f"with the widths {_show(whole)} {at(self.probe.model.path)}")
        raise failure

    def _tried(self, plan: _Plan) -> Resized:
        """What comes of a plan, if the model runs with it, and ends in the same shapes."""
        key = str([(str(knob), value) for knob, value in itertools.chain(*plan)])
        if key not in self._known:  # neighbouring factors often have the same widths
            updates = self._updates(plan)
            self._known[key] = Resized(updates, self.probe.called_alike(updates).flops)
        return self._known[key]

    def _takes(self, plan: _Plan) -> bool:
        try:
            self._tried(plan)
        except Exception:  # noqa: BLE001 - other people's models may raise anything
            return False
        return True

    def _own(self) -> set[int]:
        """The classes of variables that the model makes itself: their sizes may stand in its code."""
        places = {place for module in self.modules.called for place in self._places(module)}
        parameters = self.probe.axes.parameters.items()
        own = [(name, axis) for name, value in parameters for axis in range(len(value))]
        return {
            number
            for place in own
            if place not in places
            for number in self.probe.axes.leaves(_extent(self.probe.axes, place))
        }

    def _warn(self, plan: _Plan, taken: _Plan, failure: Exception) -> None:
        """Says what stays as it is, although neither inputs nor outputs fix it, and why."""
        changed = {place for group in taken for knob, _ in group for place in knob.places}
        stay = [knob for group in plan for knob, _ in group if changed.isdisjoint(knob.places)]
        if stay:
            warnings.warn(
                f"{', '.join(map(str, stay))} of {self.probe.model} cannot be as wide as planned and stay: "
                f"{type(failure).__name__}: {failure}",
                PatchWarning,
                stacklevel=caller_level(),
            )

    def _planned(self, factor: float, fixed: frozenset[int], unit: int) -> _Plan:
        """The new values of all knobs, in groups of those that hang together."""
        knobs, fixed = self._chosen(fixed)
        axes, divisor = self.probe.axes, math.lcm(unit, *self._counts())
        groups = [
            (group, _ratio(group, axes, fixed, factor, divisor)) for group in _groups(knobs, axes, fixed)
        ]
        sizes = {
            number: int(axes.size((number,)) * ratio)
            for group, ratio in groups
            for knob in group
            for number in _drivers(knob, axes, fixed)
        }
        plan = [[(knob, _value(knob, ratio, axes, sizes)) for knob in group] for group, ratio in groups]
        return [group for group in plan if any(value != knob.value for knob, value in group)]

    def _counts(self) -> list[int]:
        partitions = [effect.value for effect in self.probe.integers if effect.kind == "partition"]
        return [*self.modules.counts(), *partitions]

    def _chosen(self, fixed: frozenset[int]) -> tuple[list[Knob], frozenset[int]]:
        """The knobs that are turned, and the classes that stay because not all that has them can be."""
        axes = self.probe.axes
        while True:
            knobs, rejected = self._sorted(fixed)
            covered = {place for knob in knobs for place in knob.places}
            stuck = {
                number
                for knob in rejected
                if not self.modules.has_parts(knob)  # those have their own
                for place in knob.places
                if place not in covered
                for number in axes.leaves(_extent(axes, place))
            }
            if stuck <= fixed:
                return knobs, fixed
            fixed = fixed | stuck

    def _sorted(self, fixed: frozenset[int]) -> tuple[list[Knob], list[Knob]]:
        """Knobs that can be turned, from the outside in, and those that cannot."""
        chosen: list[Knob] = []
        rejected: list[Knob] = []
        covered: set[Place] = set()
        for knob in self._knobs(fixed, covered):
            if not covered.isdisjoint(knob.places) and not self._goes_with(chosen, knob, covered):
                continue
            if all(_free(place, self.probe.axes, fixed) for place in knob.places):
                chosen.append(knob)
                covered.update(knob.places)
            else:
                rejected.append(knob)
        return chosen, rejected

    def _goes_with(self, chosen: list[Knob], knob: Knob, covered: Set[Place]) -> bool:
        """Whether a field has axes of its own beside those that it shares with fields, as the terms of a sum.

        The others are factors: an axis that both double would be four times as long.
        """
        if knob.owner or set(knob.places) <= covered:
            return False
        paths = (*itertools.chain.from_iterable(other.paths for other in chosen), *knob.paths)
        if paths not in self._shared:
            self._shared[paths] = self._doubles_once([*chosen, knob])
        return self._shared[paths]

    def _doubles_once(self, knobs: list[Knob]) -> bool:
        """Whether no axis gets longer than twice what it was when these fields are doubled."""
        updates = {path: 2 * knob.value for knob in knobs for path in knob.paths}
        try:
            new = self.probe.called(updates).params
        except Exception:  # noqa: BLE001 - other people's models may raise anything
            return False
        old = self.probe.reply.params
        return old.keys() == new.keys() and all(
            after <= 2 * before
            for name, shape in old.items()
            for before, after in zip(shape, new[name], strict=True)
        )

    def _knobs(self, fixed: frozenset[int], covered: Set[Place]) -> Iterator[Knob]:
        """The fields; then the arguments of modules that have an axis that is free, and not covered yet."""
        yield from self.fields
        for module in self.modules.called:
            if any(
                place not in covered and _free(place, self.probe.axes, fixed)
                for place in self._places(module)
            ):
                yield from self.modules.knobs(module)

    def _places(self, module: Called) -> Iterator[Place]:
        for name, value in self.probe.axes.parameters.items():
            if f"{name.partition('/')[2]}/".startswith(f"{module.path}/"):
                yield from ((name, axis) for axis in range(len(value)))

    def _updates(self, plan: _Plan) -> dict[Path, Any]:
        """New values by path; those of modules that are made inside as patches of the model."""
        updates: dict[Path, Any] = {}
        inside: dict[str, dict[str, Any]] = {}
        for knob, value in itertools.chain(*plan):
            if value == knob.value:
                continue
            if knob.module is None:
                updates.update(dict.fromkeys(knob.paths, value))
                updates.update(dict.fromkeys(knob.companions, value))
            else:
                arguments = (knob.argument, *knob.companions)
                inside.setdefault(knob.module, {}).update({str(name): value for name in arguments})
        if inside:
            model = self.probe.model
            if not is_patchable(model.node):
                name = type(model.node).__name__
                raise TypeError(f"{name} makes layers inside and cannot be patched there {at(model.path)}")
            before = tuple(getattr(model.node, INSIDE, ()) or ())
            in_order = {path: inside[path] for path in self.modules.order if path in inside}
            updates[model.path / INSIDE] = (*before, *_nested(in_order))
        return updates


_Plan: TypeAlias = list[list[tuple[Knob, int]]]
"""New values of knobs, in groups of those that hang together."""


def _show(plan: _Plan) -> str:
    return ", ".join([f"{knob} to be {value}" for group in plan for knob, value in group])


def _extent(axes: Axes, place: Place) -> tuple[int, ...]:
    name, axis = place
    return axes.parameters[name][axis]


def _free(place: Place, axes: Axes, fixed: frozenset[int]) -> set[int]:
    return axes.drivers(_extent(axes, place), fixed)


def _drivers(knob: Knob, axes: Axes, fixed: frozenset[int]) -> set[int]:
    return {number for place in knob.places for number in _free(place, axes, fixed)}


def _groups(knobs: Iterable[Knob], axes: Axes, fixed: frozenset[int]) -> list[list[Knob]]:
    """The knobs in groups of those that turn the same classes."""
    groups: list[tuple[set[int], list[Knob]]] = []
    for knob in knobs:
        numbers, members = set(_drivers(knob, axes, fixed)), [knob]
        apart = []
        for others, its in groups:
            if others & numbers:
                numbers, members = numbers | others, its + members
            else:
                apart.append((others, its))
        groups = [*apart, (numbers, members)]
    return [members for _, members in groups]


def _ratio(group: list[Knob], axes: Axes, fixed: frozenset[int], factor: float, divisor: int) -> Fraction:
    """The ratio nearest to a factor at which all sizes of a group are whole and as divisible as before."""
    values = [knob.value for knob in group]
    inside = [knob for knob in group if knob.module is not None]
    sizes = [axes.size((number,)) for knob in inside for number in _drivers(knob, axes, fixed)]
    steps = [Fraction(math.gcd(value, divisor), value) for value in values]
    steps.append(Fraction(1, math.gcd(*values, *sizes)))
    step = Fraction(math.lcm(*[s.numerator for s in steps]), math.gcd(*[s.denominator for s in steps]))
    return max(1, math.floor(Fraction(factor) / step + Fraction(1, 2))) * step


def _value(knob: Knob, ratio: Fraction, axes: Axes, sizes: Mapping[int, int]) -> int:
    """The new value of a knob: in proportion to an axis that grows with it."""
    if knob.module is None:
        return int(knob.value * ratio)
    extent = _extent(axes, knob.places[0])
    return int(Fraction(knob.value * axes.size(extent, sizes), axes.size(extent)))


def _nested(updates: Mapping[str, dict[str, Any]]) -> list[edit_layers]:
    """Patches of modules by path, outer ones first: within a module that it changes a patch acts no more."""
    levels: dict[int, dict[str, dict[str, Any]]] = {}
    for path, changes in updates.items():
        level = sum(path.startswith(f"{other}/") for other in updates)
        levels.setdefault(level, {})[path] = changes
    return [edit_layers(levels[level]) for level in sorted(levels)]
