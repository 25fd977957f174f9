"""The layers of built NNX modules, shown to rules and made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import flax.linen
import jax
from flax import nnx

from symjax.adoption.nnx.building import Building, is_builder
from symjax.core.errors import at, locate
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import schema_of
from symjax.verbs.equality import surely_eq

from .bridge import BridgeNode
from .nnx_graph import is_container, items_of, modules_of, variables_of, with_items
from .nnx_inputs import Inputs, inputs_of
from .nnx_views import Reader, ReadingError, abstract, difference, stacked

Rule: TypeAlias = Callable[[Path, Any, Any], Any]
_MODES = ("deterministic", "use_running_average")


class Edited(NamedTuple):
    """A module that was patched.

    Attributes:
        module: The module.
        places: The paths of the layers that were replaced.
    """

    module: Any
    places: tuple[Path, ...]


class Editing:
    """Replaces layers of a module by a rule.

    The rule sees each layer as a node whose arguments were read back, and the functions that layers store,
    outermost first. What it replaces is not entered. A layer that is shared is shown once, at its first
    place, and stays shared.

    Args:
        rngs: Where new parameters come from; parameters are kept where path and shape agree.
        calls: With what layers are called, by path, where that is known; see `nnx_inputs.recorded`.
        fields: Modules that are fields of a tree, where the rule has seen them: only what is in them is shown.
        foreign: Modules that are left alone, and all that is in them.
    """

    def __init__(
        self,
        rngs: nnx.Rngs,
        calls: Mapping[Path, Inputs] | None = None,
        fields: tuple[nnx.Module, ...] = (),
        foreign: tuple[nnx.Module, ...] = (),
    ) -> None:
        self.rngs = rngs
        self.calls = calls or {}
        self._fields = {id(module) for module in fields}
        self._reader = Reader()
        self._new: dict[int, tuple[Any, Any]] = {id(module): (module, module) for module in foreign}
        self._around: list[nnx.Module] = []
        self._places: list[Path] = []

    def run(self, module: nnx.Module, rule: Rule) -> Edited:
        """A module with layers replaced; `module` itself is changed, and no longer of use.

        Args:
            module: The module.
            rule: A function of a layer's path, its node, and the node of the layer around it (None for none). It
                returns a node of NNX or Linen, a module, a function, or the same node.

        Raises:
            ReadingError: The rule has changed a layer whose arguments cannot be read back.
        """
        self._rule = rule
        self._mode = _mode(module)
        new = self._visit(module, ROOT, None)
        return Edited(new, tuple(self._places))

    def node(self, module: nnx.Module) -> Any:
        """The node as which a layer is shown."""
        return self._reader.read(module).node

    def _visit(self, value: Any, path: Path, parent: Any) -> Any:
        if isinstance(value, nnx.Pytree):
            if id(value) not in self._new:
                self._new[id(value)] = value, self._visit_layer(value, path, parent)
            return self._new[id(value)][1]
        if isinstance(value, list | tuple | dict):
            return self._visit_items(value, path, parent)
        if callable(value) and not isinstance(value, type | nnx.Variable):
            return self._asked(path, value, parent)
        return value

    def _visit_layer(self, layer: Any, path: Path, parent: Any) -> Any:
        if not isinstance(layer, nnx.Module) or is_container(layer):
            return self._visit_items(layer, path, parent)
        node = self.node(layer)
        new = node if id(layer) in self._fields else self._asked(path, node, parent)
        if new is not node:
            try:
                return self._replacement(layer, node, new, path)
            except Exception as error:
                locate(error, path, f"while building what a patch puts in the place of {type(node).__name__}")
                raise
        self._around.append(layer)
        try:
            return self._visit_items(layer, path, node)
        finally:
            self._around.pop()

    def _visit_items(self, value: Any, path: Path, parent: Any) -> Any:
        items = dict(items_of(value))
        new = {key: self._visit(item, path / key, parent) for key, item in items.items()}
        changes = {key: item for key, item in new.items() if item is not items[key]}
        return with_items(value, changes) if changes else value

    def _asked(self, path: Path, value: Any, parent: Any) -> Any:
        new = self._rule(path, value, parent)
        if new is value or surely_eq(new, value):
            return value
        self._places.append(path)
        return new

    def _replacement(self, layer: nnx.Module, node: Any, new: Any, path: Path) -> Any:
        """What a rule has returned, built, with the parameters that it has in common with the old layer."""
        if type(new) is type(node):
            self._check_reading(layer, node, path)
        if isinstance(new, flax.linen.Module) or _is_linen_function(new):
            new = BridgeNode(new, self._inputs(layer, node, path))
        if not is_builder(new):
            return new
        stack = self._stack(layer)
        if is_abstract(layer):
            module = nnx.eval_shape(lambda: self._build(new, stack, nnx.Rngs(0), path))
        else:
            module = self._build(new, stack, self.rngs, path)
        _keep(module, layer)
        if self._mode:
            module.set_attributes(**self._mode, raise_if_not_found=False)
        return module

    def _check_reading(self, layer: nnx.Module, node: Any, path: Path) -> None:
        """Raises where a layer made of the arguments that were read back would be another one."""
        reading = self._reader.read(layer)
        missing = [name for name, value in schema_of(node).values(node) if value is MISSING]  # type: ignore[union-attr]
        problem = f"it stores no {', '.join(missing)}" if missing else _unlike(layer, node)
        if problem is not None:
            unread = f"; it does not store {', '.join(reading.unread)}" if reading.unread else ""
            raise ReadingError(
                f"the arguments of this {type(node).__name__} cannot be read back, so it cannot be made anew with "
                f"others: {problem}{unread}. A rule may return a layer of another class, or its class may keep "
                f"its arguments as attributes {at(path)}"
            )

    def _inputs(self, layer: nnx.Module, node: Any, path: Path) -> Inputs:
        inputs = inputs_of(layer, node, path, self.calls)
        if inputs is None:
            raise ValueError(
                f"with what {type(node).__name__} is called is not known, on which the parameters of a Linen layer "
                f"in its place depend: give example inputs, by inputs=… {at(path)}"
            )
        return inputs

    def _build(self, node: Any, stack: tuple[int, ...], rngs: nnx.Rngs, path: Path) -> Any:
        """A module; one for each place of a stack, as `nnx.vmap` makes them."""
        if not stack:
            building = Building(rngs)
            for original, module in self._reader.originals():
                building.reuse(original, module)
            return building.make(node, path)
        graphdef = None

        def single(key: jax.Array) -> Any:
            nonlocal graphdef
            graphdef, state = nnx.split(Building(nnx.Rngs(key)).make(node, path))
            return state

        make: Any = single
        for _ in stack:
            make = jax.vmap(make)
        state = make(jax.random.split(rngs.params(), stack))
        return nnx.merge(graphdef, state)

    def _stack(self, layer: nnx.Module) -> tuple[int, ...]:
        """The axes in front of all variables of a layer; of one without any, those of what stands around it."""
        for around in (layer, *reversed(self._around)):
            for _, inner in modules_of(around):
                if any(isinstance(value, nnx.Variable) for _, value in items_of(inner)):
                    node = self.node(inner)
                    if _unlike(inner, node) is None:
                        return stacked(inner, abstract(node))
        return ()


def is_abstract(module: nnx.Module) -> bool:
    """Whether a module has shapes in the place of arrays."""
    values = (variable.get_value() for variable in variables_of(module).values())
    return any(isinstance(value, jax.ShapeDtypeStruct) for value in values)


def _unlike(layer: nnx.Module, node: Any) -> str | None:
    """What a layer made of a node differs in from a layer; None for nothing."""
    try:
        return difference(layer, abstract(node))
    except Exception as error:  # noqa: BLE001 - a constructor may raise anything; the text says what
        return f"its constructor raises {type(error).__name__}: {error}"


def _is_linen_function(value: Any) -> bool:
    schema = schema_of(value)
    return schema is not None and schema.kind == "linen_function"


def _mode(module: nnx.Module) -> dict[str, bool]:
    """What all layers of a module agree on: `eval` has been called, and counts for new layers too."""
    modes: dict[str, set[Any]] = {name: set() for name in _MODES}
    for _, layer in modules_of(module):
        for name in _MODES:
            if name in vars(layer):
                modes[name].add(getattr(layer, name))
    return dict.fromkeys(_MODES, True) if {True} in modes.values() and {False} not in modes.values() else {}


def _keep(module: Any, old: nnx.Module) -> None:
    """Gives a new module the values of the old one's variables where path, kind and shape agree.

    What is said of a variable beside its value, its sharding above all, is kept where the axes are as many.
    """
    olds = variables_of(old)
    for path, variable in variables_of(module).items():
        before = olds.get(path)
        if before is None or type(before) is not type(variable):
            continue
        if len(before.shape) == len(variable.shape):
            own = variable.get_metadata()
            variable.set_metadata({**before.get_metadata(), **own})
        if before.shape == variable.shape:
            value = before.get_value()
            same = value.dtype == variable.dtype or isinstance(variable, nnx.RngState)
            if isinstance(value, jax.ShapeDtypeStruct):
                continue
            variable.set_value(value if same else value.astype(variable.dtype))
