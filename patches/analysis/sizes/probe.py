"""What a field of a model does, found out by calling it abstractly with another value of the field."""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import jax

from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE
from symjax.verbs.equality import eq
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import items, value_at
from symjax.verbs.walk import walk

from ...outlines.calling import Outline, Program, outline, program_of
from ...outlines.finding import LAYERS, Model
from ...outlines.inputs import Inputs, abstract_key
from ...roles.marks import classes_with_role, has_role
from ..axes import Axes, model_axes
from ..emptiness import Emptied, emptied
from ..rules.values import SCAN, WINDOW
from .called import Shapes, shapes_of
from .flops import product_flops

Kind: TypeAlias = Literal[
    "width", "depth", "partition", "window", "task", "tied", "none", "leaf", "tested", "choice", "switch"
]
"""What a field is.

=============  ==================================================================================
``width``      an int that an axis of parameters grows with
``depth``      an int that parameters are added with, more each time, or layers of a scan
``partition``  an int that parameters change their shape with, but not their count: heads
``window``     an int that only the window of a convolution grows with
``task``       an int that the shape of the outputs changes with, or the table that inputs look up
``tied``       an int that cannot change alone: it hangs on others, or on the inputs
``none``       an int that no parameter depends on
``leaf``       a float that JAX can trace
``tested``     a float that Python tests, or that is structure
``choice``     a function or class
``switch``     a bool, or an int whose steps all do the same beyond one where parameters come or go
=============  ==================================================================================
"""


class Effect(NamedTuple):
    """What a field does.

    Attributes:
        path: Where the field stands in the tree.
        value: What it is.
        kind: What it does.
        tried: The value with which this was found out; None if there was none that the model takes.
        arrays: How many parameters changed their shape, came, or went.
        size: The count of all parameters, as a multiple of what it was.
        flops: The operations of all products, as a multiple of what they were.
        grown: The axes of parameters that changed their size, as paths and positions.
        together: Fields that had to change with it.
        threshold: Whether layers come or go once with it, which are not repeated, and no axis is as long as
            it says: a factor of which 1 means that there is nothing to multiply, such as the expansion of
            an inverted residual (Sandler et al., "MobileNetV2", 2018, section 3.3).
        remark: More, for people.
    """

    path: Path
    value: Any
    kind: Kind
    tried: Any = None
    arrays: int = 0
    size: float = 1.0
    flops: float = 1.0
    grown: tuple[tuple[str, int], ...] = ()
    together: tuple[Path, ...] = ()
    threshold: bool = False
    remark: str = ""


class Reply(NamedTuple):
    """What an abstract call of a model tells.

    Attributes:
        params: The shapes of its parameters.
        outputs: Shapes and dtypes of its outputs.
        flops: How many operations its products are.
        emptied: The first window that fits nowhere; None if all fit.
    """

    params: Shapes
    outputs: Any
    flops: int
    emptied: Emptied | None = None

    @property
    def shapes_of_outputs(self) -> Any:
        """The shapes of the outputs, in their structure."""
        return jax.tree.map(_shape, self.outputs)


@dataclass(frozen=True)
class Probe:
    """A model that is called with other values of its fields, to see what these do.

    Attributes:
        tree: The tree.
        model: The model in it.
        inputs: What it is called with.
        base: The call of the model as it is.
        axes: The axes of its parameters.
    """

    tree: Any
    model: Model
    inputs: Inputs
    base: Outline
    axes: Axes

    @classmethod
    def of(cls, tree: Any, model: Model, inputs: Inputs) -> Probe:
        """Calls a model of a tree as it is."""
        base = outline(model, inputs)
        return cls(tree, model, inputs, base, model_axes(base))

    @functools.cached_property
    def reply(self) -> Reply:
        """What the call of the model as it is tells."""
        jaxpr = self.base.jaxpr().jaxpr
        return Reply(shapes_of(self.base.params), self.base.outputs, product_flops(jaxpr), emptied(jaxpr))

    @functools.cached_property
    def integers(self) -> list[Effect]:
        """What each field does that is an int."""
        return self.effects((int,))

    def effects(self, kinds: tuple[type, ...] = (object,)) -> list[Effect]:
        """What each field of the model does whose value is of one of some classes; an int is no bool."""
        fields = [
            (self.model.path / path, value)
            for path, value in adjustable(self.model.node)
            if isinstance(value, kinds) and not (type(value) is bool and int in kinds)
        ]
        effects = [self._effect(path, value) for path, value in fields]
        return self._released(effects)

    def _effect(self, path: Path, value: Any) -> Effect:
        if type(value) is bool:
            return self._switch(path, value)
        if type(value) is int:
            return self._integer((path,), value)
        if type(value) is float:
            return self._float(path, value)
        return Effect(path, value, "choice", remark=", ".join(_roles(value)))

    def called(self, updates: Mapping[Any, Any]) -> Reply:
        """The model with other values of the tree's fields, called.

        Raises:
            Exception: What the model raises.
        """
        program = self._program(updates)

        def call(variables: Any, key: Any, arrays: Any) -> Any:
            return program.apply(variables, key, arrays, self.base.train)[0]

        variables = jax.eval_shape(program.init, abstract_key(), program.arrays)
        trace = jax.make_jaxpr(call, return_shape=True)
        closed, outputs = trace(variables, abstract_key(), program.arrays)
        jaxpr = closed.jaxpr
        params = shapes_of(variables.get("params", {}))
        return Reply(params, outputs, product_flops(jaxpr), emptied(jaxpr))

    def _program(self, updates: Mapping[Any, Any]) -> Program:
        """The model with other values of the tree's fields."""
        node = value_at(rebind(self.tree, updates), self.model.path)
        return program_of(self.model._replace(node=node), self.inputs)

    def keeps_outputs(self, new: Reply) -> bool:
        """Whether another call gives outputs of the same shapes."""
        return bool(self.reply.shapes_of_outputs == new.shapes_of_outputs)

    def called_alike(self, updates: Mapping[Any, Any]) -> Reply:
        """The model with other values of the tree's fields, called, to outputs of the same shapes.

        Raises:
            ValueError: The outputs would change their shapes, or an array would be empty that was not.
            Exception: What the model raises.
        """
        if not updates:
            return self.reply
        new = self.called(updates)
        if not self.keeps_outputs(new):
            before, after = self.reply.shapes_of_outputs, new.shapes_of_outputs
            raise ValueError(f"the outputs would be of shape {after} instead of {before}")
        if new.emptied and not self.reply.emptied:
            raise ValueError(f"the inputs are too small for that: {new.emptied}")
        return new

    def _switch(self, path: Path, value: bool) -> Effect:
        try:
            new = self.called({path: not value})
        except Exception as error:  # noqa: BLE001 - other people's models may raise anything
            return Effect(path, value, "switch", remark=_refusal(error))
        return self._compared(path, value, not value, new)._replace(kind="switch", remark="")

    def _float(self, path: Path, value: float) -> Effect:
        def run(number: Any, key: Any, arrays: Any) -> Any:
            program = self._program({path: number})
            return program.apply(program.init(key, arrays), key, arrays, self.base.train)

        try:
            jax.eval_shape(run, value, abstract_key(), self.base.program.arrays)
        except Exception as error:  # noqa: BLE001 - as above
            return Effect(path, value, "tested", remark=_refusal(error))
        return Effect(path, value, "leaf")

    def _integer(self, paths: tuple[Path, ...], value: int) -> Effect:
        """What one field does, or several of one value that change together."""
        refusal = ""
        for number in _candidates(value):
            try:
                new = self.called(dict.fromkeys(paths, number))
            except Exception as error:  # noqa: BLE001 - as above
                refusal = refusal or _refusal(error)
                continue
            effect = self._compared(paths[0], value, number, new)
            if new.params.keys() != self.reply.params.keys() and effect.kind == "depth":
                effect = self._confirmed(effect, paths, new)
            # One of something may stand for any number, as arrays do; but into one part everything divides.
            if number > 1 or value == 2 or effect.kind == "partition":
                return effect
        return Effect(paths[0], value, "tied" if refusal else "none", remark=refusal)

    def _confirmed(self, effect: Effect, paths: tuple[Path, ...], new: Reply) -> Effect:
        """What seems to be a depth, since parameters come or go, but may only cross a threshold.

        A depth adds more the larger it is. What adds once, or as much as it takes away, is no depth: an axis
        that grows further tells a width.
        """
        base, tried = self.reply, effect.tried
        grows, refused = False, True
        for number in _further(effect.value, tried):
            try:
                more = self.called(dict.fromkeys(paths, number))
            except Exception:  # noqa: BLE001 - as above
                continue
            refused = False
            replies = {effect.value: base, tried: new, number: more}
            first, second, third = [replies[each] for each in sorted(replies)]
            if len(first.params) < len(second.params) < len(third.params):
                return effect
            grows = _resized(first, second) or _resized(second, third)
            if grows:
                break  # else it may count pairs of layers: another number tells
        if refused:
            return effect
        named = any(base.params[name][axis] == effect.value > 1 for name, axis in effect.grown)
        remark = f"layers come or go between {effect.value} and {tried}"
        return effect._replace(kind="width" if grows else "switch", threshold=not named, remark=remark)

    def _compared(self, path: Path, old: Any, tried: Any, new: Reply) -> Effect:
        """What a field does, as a call with another value of it shows."""
        before, after = self.reply.params, new.params
        common = before.keys() & after.keys()
        changed = {name for name in common if before[name] != after[name]}
        size = _count(after) / max(1, _count(before))
        effect = Effect(
            path,
            old,
            "none",
            tried,
            len(changed) + len(before.keys() ^ after.keys()),
            size,
            grown=_grown({name: before[name] for name in sorted(changed)}, after),
            flops=new.flops / max(1, self.reply.flops),
        )
        kept = sum((Counter(before.values()) & Counter(after.values())).values())
        # More of what is repeated adds parameters; a number that makes a model take another branch may as
        # well put one parameter in the place of two.
        adds = (len(after) > len(before)) == (tried > old)
        depth = adds and 2 * kept >= len(before)
        kind, remark = self._kind(effect, before.keys() != after.keys(), depth, new)
        return effect._replace(kind=kind, remark=remark)

    def _kind(self, effect: Effect, moved: bool, depth: bool, new: Reply) -> tuple[Kind, str]:
        """The kind of an int.

        Args:
            effect: What is known of it.
            moved: Whether parameters came or went.
            depth: Whether more came or went than changed: most shapes are still there, whatever their names,
                for blocks are numbered anew.
            new: The call with another value.
        """
        if not self.keeps_outputs(new):
            return "task", "the outputs change their shape"
        if not effect.arrays:
            return "none", ""
        if moved:
            return ("depth", "") if depth else ("width", "")
        if effect.size == 1.0:
            return "partition", ""
        return self._kind_of_growth(effect.grown)

    def _kind_of_growth(self, grown: tuple[tuple[str, int], ...]) -> tuple[Kind, str]:
        """The kind of an int with which axes grow, by what is known of their classes."""
        classes = {
            number
            for name, axis in grown
            for number in self.axes.leaves(self.axes.parameters[f"params/{name}"][axis])
        }
        reasons = {self.axes.pinned.get(number) for number in classes}
        if None in reasons or not reasons:
            return "width", ""
        if reasons == {SCAN}:
            return "depth", ""
        if WINDOW in reasons:
            return "window", ""
        reason = sorted(map(str, reasons))[0]
        return "task", reason

    def _released(self, effects: list[Effect]) -> list[Effect]:
        """The effects, with those of ints that can only change together."""
        groups: dict[int, list[Effect]] = defaultdict(list)
        for effect in effects:
            if effect.kind == "tied":
                groups[effect.value].append(effect)
        for value, group in groups.items():
            if len(group) < 2:
                continue
            paths = tuple([effect.path for effect in group])
            joint = self._integer(paths, value)
            if joint.kind != "tied":
                for effect in group:
                    others = tuple([path for path in paths if path != effect.path])
                    remark = f"together with {', '.join(map(str, others))}"
                    effects[effects.index(effect)] = joint._replace(
                        path=effect.path, together=others, remark=remark
                    )
        return effects


def _further(value: int, tried: int) -> list[int]:
    """Values that tell whether a field goes on to do what it did from one value to another."""
    if tried > value:
        return list(dict.fromkeys([tried + 1, 2 * tried - value, 2 * tried]))
    return [number for number in (tried - 1, value + 1, 2 * value) if number > 0]


def _resized(before: Reply, after: Reply) -> bool:
    """Whether axes of parameters differ, of which there are as many."""
    common = before.params.keys() & after.params.keys()
    alike = len(before.params) == len(after.params)
    return alike and any(before.params[name] != after.params[name] for name in common)


def _shape(leaf: Any) -> Any:
    return getattr(leaf, "shape", leaf)


def _count(shapes: Shapes) -> int:
    return sum(map(math.prod, shapes.values()))


def _grown(before: Shapes, after: Shapes) -> tuple[tuple[str, int], ...]:
    """The axes of parameters whose size differs, where the number of axes is the same."""
    return tuple(
        [
            (name, axis)
            for name, shape in before.items()
            if len(shape) == len(after[name])
            for axis, (old, new) in enumerate(zip(shape, after[name], strict=True))
            if old != new
        ]
    )


def _candidates(value: int) -> list[int]:
    """Values to try for an int, the one that tells most first."""
    if value < 0:
        return []  # an axis, counted from the end
    others = [2 * value, value // 2 if value % 2 == 0 else 0, value + 1, 1]
    return [number for number in dict.fromkeys(others) if number > 0 and number != value]


def adjustable(node: Any) -> Iterator[tuple[Path, Any]]:
    """The numbers, switches and functions in a model, by path; not those of patches inside."""
    for path, value, _ in walk(node):
        kinds = type(value) in (bool, int, float) or (callable(value) and not items(value))
        if path and kinds and INSIDE not in path and not _is_default(node, path):
            yield path, value


def _is_default(node: Any, path: Path) -> bool:
    """Whether a value is what a layer's argument is if it is not given."""
    holder = node
    for key in path:
        item = dict(items(holder) or ())[key]
        if has_role(holder, *LAYERS):
            defaults: Mapping[str, Any] = getattr(holder, ATTRIBUTE).defaults
            return key in defaults and eq(item, defaults[str(key)])
        holder = item
    return False


def _roles(value: Any) -> list[str]:
    """The roles of a function, or of the instances of a class."""
    names = (*LAYERS, *_FURTHER)
    if isinstance(value, type):
        return [name for name in names if issubclass(value, tuple(classes_with_role(name)))]
    return [name for name in names if has_role(value, name)]


_FURTHER: Final = ("activation", "recurrent_cell", "initializer")


def _refusal(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:100]
