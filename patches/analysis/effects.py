"""`effects`: what each field of a model does, found out by abstract calls alone."""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import jax

from symjax.core.errors import brief, unknown
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE
from symjax.core.tracebacks import hiding_frames
from symjax.verbs.equality import eq
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import items, value_at
from symjax.verbs.walk import walk

from ..core.errors import nearest_first
from ..core.patch import Patch
from ..models.calling import Outline, outline, program_of
from ..models.finding import LAYERS, Model, models
from ..models.inputs import Inputs, inputs_of_call
from ..roles.marks import classes_with_role, has_role
from .axes import Axes, abstract_key, model_axes
from .axis_rules import SCAN, WINDOW
from .called import Shapes, shapes_of

Kind: TypeAlias = Literal[
    "width", "depth", "partition", "window", "task", "tied", "none", "leaf", "tested", "choice", "switch"
]
"""What a field is.

=============  ==================================================================================
``width``      an int that an axis of parameters grows with
``depth``      an int that parameters are added with, or layers of a scan
``partition``  an int that parameters change their shape with, but not their count: heads
``window``     an int that only the window of a convolution grows with
``task``       an int that the shape of the outputs changes with, or the table that inputs look up
``tied``       an int that cannot change alone: it hangs on others, or on the inputs
``none``       an int that no parameter depends on
``leaf``       a float that JAX can trace
``tested``     a float that Python tests, or that is structure
``choice``     a function or class
``switch``     a bool
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
        grown: The axes of parameters that changed their size, as paths and positions.
        together: Fields that had to change with it.
        remark: More, for people.
    """

    path: Path
    value: Any
    kind: Kind
    tried: Any = None
    arrays: int = 0
    size: float = 1.0
    grown: tuple[tuple[str, int], ...] = ()
    together: tuple[Path, ...] = ()
    remark: str = ""


class Effects(Mapping[str, Effect]):
    """The fields of a tree's models by path, each with its `Effect`; prints as a table."""

    def __init__(self, effects: Sequence[Effect]) -> None:
        self._effects = {str(effect.path): effect for effect in effects}

    def __getitem__(self, path: str) -> Effect:
        if path not in self._effects:
            listed = nearest_first(path, self._effects)
            raise KeyError(unknown("field", path, listed, "the fields of its models"))
        return self._effects[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._effects)

    def __len__(self) -> int:
        return len(self._effects)

    def of(self, *kinds: Kind) -> tuple[Effect, ...]:
        """The fields of some kinds, in the order of the tree."""
        return tuple([effect for effect in self.values() if effect.kind in kinds])

    def __str__(self) -> str:
        rows = [("field", "value", "kind", "parameters", "")]
        rows += [_row(effect) for effect in self.values()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]) for row in rows
        ]
        return "\n".join([line.rstrip() for line in lines])

    __repr__ = __str__


def _row(effect: Effect) -> tuple[str, str, str, str, str]:
    change = f"{effect.arrays} change, {effect.size:.3g}x" if effect.arrays else ""
    return str(effect.path), brief(effect.value), effect.kind, change, effect.remark


@hiding_frames
def effects(tree: Any, /, *args: Any, **kwargs: Any) -> Effects:
    """Finds out what each field of a tree's models does, by abstract calls alone: nothing is computed.

    Ints are changed, mostly doubled, and the shapes of parameters and outputs compared, see `Kind`. Where
    the model refuses, other values are tried (a half, one more), and then all that were refused with
    the same value at once. Floats are traced. Fields in configurations, in lists, in arguments of
    functions that build modules and of NNX nodes count; of the arguments of layers those that were given.

    Args:
        tree: An experiment, or a model.
        *args: Example inputs, arrays or `jax.ShapeDtypeStruct`: the positional arguments of the one model;
            or `Inputs`; or a mapping of paths of models to inputs. By default what ``tree.example_inputs()``
            gives.
        **kwargs: Arguments of the one model by name.

    Returns:
        The fields by path.

    Raises:
        ValueError: No model, or no inputs, or they may be for several models.
        KeyError: Inputs for a path at which no model stands.
        Exception: What a model raises as it is.

    Example:
        >>> import flax.linen, jax, jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import patches
        >>> @sj.symbolize
        ... class Net(flax.linen.Module):
        ...     width: int = 8
        ...     depth: int = 2
        ...     classes: int = 3
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         for _ in range(self.depth):
        ...             x = flax.linen.Dense(self.width)(x)
        ...         return flax.linen.Dense(self.classes)(x)
        >>> print(patches.effects(Net(), jnp.ones((1, 4))))
        field    value  kind   parameters
        width    8      width  5 change, 2.9x
        depth    2      depth  6 change, 2.04x
        classes  3      task   2 change, 1.19x  the outputs change their shape
    """
    by_path = inputs_of_call(tree, args, kwargs)
    standing = {model.path: model for model in models(tree)}
    probes = [Probe.of(tree, standing[path], its) for path, its in by_path.items()]
    return Effects([effect for probe in probes for effect in probe.effects()])


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
    def integers(self) -> list[Effect]:
        """What each field does that is an int."""
        return self.effects((int,))

    def effects(self, kinds: tuple[type, ...] = (object,)) -> list[Effect]:
        """What each field of the model does whose value is of one of some classes; an int is no bool."""
        fields = [
            (self.model.path / path, value)
            for path, value in _fields(self.model.node)
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

    def called(self, updates: Mapping[Path, Any]) -> Outline:
        """The model with other values of the tree's fields, called.

        Raises:
            Exception: What the model raises.
        """
        changed = rebind(self.tree, updates)
        return outline(self.model._replace(node=value_at(changed, self.model.path)), self.inputs)

    def keeps_outputs(self, new: Outline) -> bool:
        """Whether another call gives outputs of the same shapes."""
        return bool(self._shapes_of_outputs(self.base) == self._shapes_of_outputs(new))

    @staticmethod
    def _shapes_of_outputs(outline: Outline) -> Any:
        return jax.tree.map(_shape, outline.outputs)

    def failure(self, updates: Mapping[Path, Any]) -> Exception | None:
        """Why the model cannot have other values of the tree's fields; None if it runs to the same shapes."""
        if not updates:
            return None
        try:
            new = self.called(updates)
        except Exception as error:  # noqa: BLE001 - other people's models may raise anything
            return error
        if self.keeps_outputs(new):
            return None
        shapes = [self._shapes_of_outputs(outline) for outline in (new, self.base)]
        return ValueError("the outputs would be of shape {} instead of {}".format(*shapes))

    def _switch(self, path: Path, value: bool) -> Effect:
        try:
            new = self.called({path: not value})
        except Exception as error:  # noqa: BLE001 - other people's models may raise anything
            return Effect(path, value, "switch", remark=_refusal(error))
        return self._compared(path, value, not value, new)._replace(kind="switch", remark="")

    def _float(self, path: Path, value: float) -> Effect:
        def run(number: Any, key: Any, arrays: Any) -> Any:
            node = value_at(rebind(self.tree, {path: number}), self.model.path)
            program = program_of(self.model._replace(node=node), self.inputs)
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
            else:
                return self._compared(paths[0], value, number, new)
        return Effect(paths[0], value, "tied" if refusal else "none", remark=refusal)

    def _compared(self, path: Path, old: Any, tried: Any, new: Outline) -> Effect:
        """What a field does, as a call with another value of it shows."""
        before, after = shapes_of(self.base.params), shapes_of(new.params)
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
            _grown({name: before[name] for name in sorted(changed)}, after),
        )
        kept = sum((Counter(before.values()) & Counter(after.values())).values())
        kind, remark = self._kind(effect, before.keys() != after.keys(), 2 * kept < len(before), new)
        return effect._replace(kind=kind, remark=remark)

    def _kind(self, effect: Effect, moved: bool, most: bool, new: Outline) -> tuple[Kind, str]:
        """The kind of an int.

        Args:
            effect: What is known of it.
            moved: Whether parameters came or went.
            most: Whether most changed their shape, whatever their names: blocks are numbered anew.
            new: The call with another value.
        """
        if not self.keeps_outputs(new):
            return "task", "the outputs change their shape"
        if not effect.arrays:
            return "none", ""
        if moved:
            return ("width", "") if most else ("depth", "")
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


def _fields(node: Any) -> Iterator[tuple[Path, Any]]:
    """The numbers, switches and functions in a model, by path."""
    for path, value, _ in walk(node):
        kinds = type(value) in (bool, int, float) or (callable(value) and not items(value))
        if path and kinds and not isinstance(value, Patch) and not _is_default(node, path, value):
            yield path, value


def _is_default(node: Any, path: Path, value: Any) -> bool:
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
