"""The numbers that sizes of a model hang on: fields of the tree, and arguments of modules made inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeAlias

from symjax.core.paths import Path
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import items

from ...outlines.calling import Outline
from ...roles.marks import has_role, member
from .called import Called, Shapes, called, shapes_of
from .probe import Effect

Place: TypeAlias = tuple[str, int]
"""An axis of a variable: its path, and the position."""

COUNTS: Final = (
    ("convolution", "feature_group_count"),
    ("normalization", "num_groups"),
    ("attention", "num_heads"),
)
"""The arguments of roles that number the parts into which a width is divided."""


@dataclass(frozen=True)
class Knob:
    """A number that axes of variables grow with.

    Attributes:
        value: The number.
        places: The axes.
        paths: The fields of the tree that hold it; several if they can only change together.
        module: The path of the module inside of the model whose argument is to be changed; None for fields.
        argument: The name of the argument, and in a tuple its index.
        companions: Where numbers stand that are always the same, in the tree or among the arguments: the
            groups of a depthwise convolution, and its channels.
        owner: The path of the module whose argument it is, wherever that stands; ``''`` for fields.
    """

    value: int
    places: tuple[Place, ...]
    paths: tuple[Path, ...] = ()
    module: str | None = None
    argument: Path = field(default_factory=Path)
    companions: tuple[Path, ...] = ()
    owner: str = ""

    def __str__(self) -> str:
        where = ", ".join(map(str, self.paths)) if self.paths else f"{self.module}: {self.argument}"
        return f"{where} ({self.value})"


def field_knobs(effects: Iterable[Effect]) -> list[Knob]:
    """The knobs that fields of the tree are: its widths, but for those with which layers come or go.

    Those with more axes come first: a width, and then a factor by which some of its axes are longer.
    """
    knobs: dict[frozenset[Path], Knob] = {}
    for effect in effects:
        if effect.kind == "width" and effect.grown and not effect.threshold:
            paths = (effect.path, *effect.together)
            places = tuple([(f"params/{name}", axis) for name, axis in effect.grown])
            knobs.setdefault(frozenset(paths), Knob(effect.value, places, paths))
    return sorted(knobs.values(), key=lambda knob: -len(knob.places))


class _Trial(NamedTuple):
    """An argument of a module, another value of it, and the module's variables with both."""

    argument: Path
    value: int
    tried: int
    before: Shapes
    after: Shapes


class Modules:
    """The modules that a model calls, and the knobs that their arguments are; each is tried once.

    Attributes:
        called: The modules, outer ones first.
        order: The paths of the modules, in the order of the model's calls.
    """

    def __init__(self, outline: Outline) -> None:
        self._variables = shapes_of(outline.variables)
        self._model = outline.model
        self._tried: dict[Any, list[_Trial]] = {}
        in_order = called(outline)
        self.called = sorted(in_order, key=lambda module: len(module.names))
        self.order = [module.path for module in in_order]

    def counts(self) -> list[int]:
        """The numbers of groups and heads in the model's layers, but for depthwise convolutions."""
        counts = []
        for module in self.called:
            for role, name in COUNTS:
                own = member(module.node, role, name)
                value = None if own is None else getattr(module.node, own, None)
                if type(value) is int and value > 0 and not is_depthwise(module.node):
                    counts.append(value)
        return counts

    def knobs(self, module: Called) -> list[Knob]:
        """The arguments of a module that axes of its variables grow with, and nothing else changes with."""
        widths = [trial for trial in self._trials(module) if not _is_count(module, trial.argument)]
        places = [(trial, self._places(module, trial)) for trial in widths]
        return [self._knob(module, trial, its) for trial, its in places if its]

    def has_parts(self, knob: Knob) -> bool:
        """Whether a knob is an argument of a module that calls others."""
        return any(module.path.startswith(f"{knob.owner}/") for module in self.called)

    def numbered(self) -> list[Place]:
        """The axes that number heads: those that grow with such an argument while others shrink."""
        layers = [module for module in self.called if has_role(module.node, "attention")]
        trials = [(module, trial) for module in layers for trial in self._trials(module)]
        return [
            place
            for module, trial in trials
            if _is_count(module, trial.argument)
            for place in self._places(module, trial, along=True)
        ]

    def _places(self, module: Called, trial: _Trial, along: bool = False) -> tuple[Place, ...]:
        """The axes that change with an argument, or those alone that grow when it grows."""
        own = module.names_of(trial.before, self._variables)
        sign = trial.tried - trial.value
        return tuple(
            [
                (own[name][0], own[name][1] + axis)
                for name, shape in trial.before.items()
                if name in own and len(shape) == len(trial.after[name])
                for axis, (old, new) in enumerate(zip(shape, trial.after[name], strict=True))
                if ((new - old) * sign > 0 if along else new != old)
            ]
        )

    def _knob(self, module: Called, trial: _Trial, places: tuple[Place, ...]) -> Knob:
        place = self._in_tree(module)
        argument, companions = trial.argument, _companions(module, trial.argument)
        if place is None:
            return Knob(trial.value, places, (), module.path, argument, companions, module.path)
        path = self._model.path / place
        companions = tuple([path / companion for companion in companions])
        return Knob(trial.value, places, (path / argument,), None, argument, companions, module.path)

    def _in_tree(self, module: Called) -> Path | None:
        """Where a module stands in the tree, if it is a field there, which Flax names it after."""
        return next((path for path in _held(self._model.node) if _matches(path, module)), None)

    def _trials(self, module: Called) -> list[_Trial]:
        key = (module.node, repr(module.inputs))
        try:
            if key not in self._tried:
                self._tried[key] = list(_trials_of(module))
            return self._tried[key]
        except TypeError:  # an argument that cannot be hashed
            return list(_trials_of(module))


def is_depthwise(node: Any) -> bool:
    """Whether a layer is a convolution in as many groups as it has features."""
    features, groups = (_argument(node, name) for name in ("features", "feature_group_count"))
    return type(groups) is int and groups == features > 1


def _argument(node: Any, name: str) -> Any:
    own = member(node, "convolution", name)
    return None if own is None else getattr(node, own, None)


def _companions(module: Called, argument: Path) -> tuple[Path, ...]:
    """The arguments that are as large as a depthwise convolution is wide, if an argument says that."""
    if str(argument) != member(module.node, "convolution", "features") or not is_depthwise(module.node):
        return ()
    names = [member(module.node, "convolution", name) for name in ("feature_group_count", "in_features")]
    return tuple([Path((name,)) for name in names if name is not None])


def _is_count(module: Called, argument: Path) -> bool:
    names = [member(module.node, role, name) for role, name in COUNTS]
    return next(iter(argument)) in names


def _trials_of(module: Called) -> Iterator[_Trial]:
    """The numbers among a module's arguments, with which its variables change."""
    numbers = list(_numbers(module.node))
    if not numbers:
        return
    try:
        before = module.shapes(module.node)
    except Exception:  # noqa: BLE001 - other people's modules; one that cannot be called alone has no knobs
        return
    for path, value in numbers:
        attempts = [(2 * value, module), (2 * value, replace(module, inputs=module.widened(value)))]
        if _is_count(module, path):
            attempts.append((1, module))  # which divides everything
        for number, called_so in attempts:
            try:
                after = called_so.shapes(rebind(module.node, {path: number}))
            except Exception:  # noqa: BLE001 - as above
                continue
            if after.keys() == before.keys() and after != before:
                yield _Trial(path, value, number, before, after)
            break


def _numbers(node: Any) -> Iterator[tuple[Path, int]]:
    """The positive numbers among a module's arguments, and the last ones of tuples: ``(heads, features)``."""
    for key, value in items(node) or ():
        path = Path((key,))
        if type(value) is tuple and value:
            path, value = path / (len(value) - 1), value[-1]
        if type(value) is int and value > 0:
            yield path, value


def _held(node: Any) -> Iterator[Path]:
    """The paths of all values in a model that have values of their own."""
    stack = [(Path(), node)]
    while stack:
        path, value = stack.pop()
        for key, item in items(value) or ():
            if items(item):
                yield path / key
                stack.append((path / key, item))


def _matches(path: Path, module: Called) -> bool:
    """Whether a module is named after a field.

    ``layers[0].inner`` is ``layers_0/inner`` in Linen, and ``layers/0/inner`` in NNX.
    """
    names: list[str] = []
    for key in path:
        if type(key) is int and module.kind == "linen" and names:
            names[-1] += f"_{key}"
        else:
            names.append(str(key))
    return tuple(names) == module.names
