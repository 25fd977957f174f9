"""Making NNX layers anew, in the place of built ones: parameters are kept where path and shape agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from symjax.adoption.nnx.building import Building, is_builder
from symjax.core.errors import at
from symjax.core.paths import ROOT, Path
from symjax.core.schema import schema_of
from symjax.verbs.rebind import rebind
from symjax.verbs.walk import walk

from ...core.errors import ReadingError
from .bridge import BridgeNode, Shapes, is_linen
from .graph import modules_of, variables_of
from .in_linen import in_linen
from .inputs import inputs_of, tried
from .inserting import is_insertion, wants_inputs
from .views import Reader, Reading, abstract, again, difference, kept_variables, stacked

_MODES = ("deterministic", "use_running_average")


class Maker:
    """Makes the layers that rules put in the place of others.

    Args:
        reader: Reads layers back.
        rngs: Where new parameters come from.
        calls: With what layers are called, by path, where that is known; see `inputs.recorded`.
        trained: Whether a parameter of the old layer counts more than what the new one would start with.
            Otherwise it is kept only where the two would start alike: the model is just being built, and the
            old one may have been initialized in a way that cannot be read back.
    """

    def __init__(
        self, reader: Reader, rngs: nnx.Rngs, calls: Mapping[Path, Shapes] | None = None, trained: bool = True
    ) -> None:
        self._reader = reader
        self._rngs = rngs
        self._calls = calls or {}
        self._trained = trained

    def make(self, layer: nnx.Module, new: Any, path: Path, around: Iterable[nnx.Module]) -> Any:
        """What a rule has returned for a layer, built.

        Args:
            layer: The layer.
            new: A node of NNX or Linen; what is none is returned as it is.
            path: Where the layer stands.
            around: The modules that hold it, innermost first.

        Raises:
            ReadingError: The rule has changed a layer whose arguments cannot be read back.
            ValueError: A Linen layer, and what the layer is called with is not known.
        """
        node = self._reader.read(layer).node
        if type(new) is type(node):
            self._check_reading(layer, node, path)
        if is_linen(new) or wants_inputs(new):
            new = bridged(new, self._inputs(layer, node, path))
        if not is_builder(new):
            return new
        stack = self._stack(layer, around)
        if is_abstract(layer):
            return nnx.eval_shape(lambda: self._build(new, stack, nnx.Rngs(0), path))
        module = self._build(new, stack, self._rngs, path)
        if module is not layer:
            every = self._trained or any(value is node for _, value, _ in walk(new))
            _keep(module, layer, variables_of(module) if every else _alike(self._reader.read(layer), new))
        return module

    def _check_reading(self, layer: nnx.Module, node: Any, path: Path) -> None:
        """Raises where a layer made of the arguments that were read back would be another one."""
        missing = missing_in(node.layer if is_insertion(node) else node)
        if wants_inputs(node):
            node = bridged(node, self._inputs(layer, node, path))
        problem = f"it stores no {', '.join(missing)}" if missing else _unlike(layer, node)
        if problem is not None:
            raise ReadingError(
                f"this {type(node).__name__} cannot be made anew with other arguments, for its own cannot be "
                f"read back: {problem}. Let its class keep its arguments as attributes, or put a layer of "
                f"another class in its place {at(path)}"
            )

    def _inputs(self, layer: nnx.Module, node: Any, path: Path) -> Shapes:
        inputs = inputs_of(layer, node, path, self._calls)
        if inputs is None:
            raise ValueError(
                f"the parameters of a Linen layer depend on what it is called with, and what this "
                f"{type(node).__name__} is called with is not known: patch the built module with example "
                f"inputs, patches.built(module, rules, inputs=…) {at(path)}"
            )
        return inputs

    def _build(self, node: Any, stack: tuple[int, ...], rngs: nnx.Rngs, path: Path) -> Any:
        """A module; one for each place of a stack, as `nnx.vmap` makes them."""
        if not stack:
            building = Building(rngs)
            for original, module in self._reader.originals():
                building.reuse(original, module)
            return building.make(node, path)
        graphdef: Any = None

        def single(key: jax.Array) -> Any:
            nonlocal graphdef
            graphdef, state = nnx.split(Building(nnx.Rngs(key)).make(node, path))
            return state

        make: Any = single
        for _ in stack:
            make = jax.vmap(make)
        state = make(jax.random.split(rngs.params(), stack))
        return nnx.merge(graphdef, state)

    def _stack(self, layer: nnx.Module, around: Iterable[nnx.Module]) -> tuple[int, ...]:
        """The axes in front of all variables of a layer; if it has none, those of what holds it."""
        for module in (layer, *around):
            for _, inner in modules_of(module):
                node = self._reader.read(inner).node
                # Sources of randomness tell nothing: a layer of dropout in a stack has no more than those.
                if kept_variables(inner) and not missing_in(node) and _unlike(inner, node) is None:
                    return stacked(inner, again(inner, node))
        return ()


def bridged(new: Any, inputs: Shapes) -> Any:
    """What a rule has returned, as a node of NNX that knows what it is called with."""
    return BridgeNode(in_linen(new), inputs) if is_linen(new) else rebind(new, {"inputs": inputs})


def fitting(old: Any, new: Any, path: Path = ROOT) -> Any:
    """What a rule puts in the place of a node of NNX, as such a node: a Linen layer is bridged.

    Args:
        old: The node.
        new: What a rule has returned for it.
        path: Where it stands, for messages.

    Raises:
        ValueError: With what the layer is called cannot be told from its arguments.
    """
    if not (is_linen(new) or wants_inputs(new)) or not is_builder(old):
        return new
    inputs = tried(abstract(old), old)
    if inputs is None:
        raise ValueError(
            f"a Linen layer cannot stand for this {type(old).__name__} of NNX: with what it would be called, "
            f"on which its parameters depend, cannot be told from the arguments {at(path)}"
        )
    return bridged(new, inputs)


def missing_in(node: Any) -> list[str]:
    """The required arguments that a node does not have."""
    schema = schema_of(node)
    assert schema is not None
    return schema.holes(schema.arguments(node))


def mode_of(module: nnx.Module) -> dict[str, bool]:
    """What all layers of a module agree on: where `eval` has been called, it counts for new layers too."""
    modes = [
        getattr(layer, name) for _, layer in modules_of(module) for name in _MODES if name in vars(layer)
    ]
    return dict.fromkeys(_MODES, True) if modes and all(mode is True for mode in modes) else {}


def is_abstract(module: nnx.Module) -> bool:
    """Whether a module has shapes in the place of arrays."""
    values = (variable.get_value() for variable in variables_of(module).values())
    return any(isinstance(value, jax.ShapeDtypeStruct) for value in values)


def _unlike(layer: nnx.Module, node: Any) -> str | None:
    """What a layer made of a node differs in from a layer; None for nothing."""
    try:
        return difference(layer, again(layer, node))
    except Exception as error:  # noqa: BLE001 - a constructor may raise anything; the text says what
        return f"its constructor raises {type(error).__name__}: {error}"


def _alike(reading: Reading, new: Any) -> Iterable[Path]:
    """The variables that start alike in a layer that was read and in a new one of its class.

    What was read back from a layer is no matter of how its variables start.
    """
    if type(reading.node) is not type(new):
        return ()
    schema = schema_of(new)
    old, values = schema.arguments(reading.node), schema.arguments(new)  # type: ignore[union-attr]
    changed = [name for name in reading.unread if values.get(name) is not old.get(name)]
    return variables_of(abstract(new)).keys() - _started_by(new, [n for n in changed if callable(values[n])])


def _started_by(node: Any, initializers: Sequence[str]) -> set[Path]:
    """The variables of a layer that start with what some of its arguments return, as its program tells."""
    if not initializers:
        return set()
    paths: list[Path] = []

    def start(value: jax.Array) -> list[jax.Array]:
        def fill(key: Any, shape: Any, dtype: Any = jnp.float32, *_: Any, **__: Any) -> jax.Array:
            return jnp.full(shape, value, dtype)

        module = Building(nnx.Rngs(0)).make(rebind(node, dict.fromkeys(initializers, fill)))
        variables = variables_of(module)
        paths[:] = variables
        return [variable.get_value() for variable in variables.values()]

    program = jax.make_jaxpr(start)(1.0).jaxpr
    reached = {id(program.invars[0])}
    for equation in program.eqns:
        if not reached.isdisjoint(map(id, equation.invars)):
            reached.update(map(id, equation.outvars))
    return {path for path, result in zip(paths, program.outvars, strict=True) if id(result) in reached}


def _keep(module: Any, old: nnx.Module, paths: Iterable[Path]) -> None:
    """Gives a new module the values of the old one's variables where path, kind and shape agree.

    What is said of a variable beside its value, its sharding above all, is kept where the axes are as many.

    Args:
        module: The new module.
        old: The old one.
        paths: The variables that may be kept.
    """
    known, olds = set(paths), variables_of(old)
    for path, variable in variables_of(module).items():
        before = olds.get(path)
        if before is None or type(before) is not type(variable) or len(before.shape) != len(variable.shape):
            continue
        variable.set_metadata({**before.get_metadata(), **variable.get_metadata()})
        if before.shape == variable.shape and (path in known or isinstance(variable, nnx.RngState)):
            value = before.get_value()
            same = value.dtype == variable.dtype or isinstance(variable, nnx.RngState)
            variable.set_value(value if same else value.astype(variable.dtype))
