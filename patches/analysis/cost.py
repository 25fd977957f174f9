"""`cost`: parameters, floating-point operations and bytes of models, by layer and in all, before they run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import jax
import jax.numpy as jnp

from symjax.core.errors import NoSuchPath, relocate, summary, unknown
from symjax.core.paths import ROOT, Path
from symjax.core.schema import is_symbolic
from symjax.core.tracebacks import hiding_frames

from ..outlines.calling import Outline, outline
from ..outlines.finding import Model, models
from ..outlines.inputs import Inputs, abstract_key, inputs_of_call
from .work import Meter, Scope, Work


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What a layer costs, without the layers in it.

    Attributes:
        path: Where it stands in the experiment: the path of its model, then its path in the model.
        kind: What its class is called; ``''`` where that is not known.
        parameters: How many numbers its parameters are.
        forward: A call of the model as in evaluation, or as the inputs say.
        gradient: A call as in training and the gradient with respect to the parameters, both.
    """

    path: Path
    kind: str = ""
    parameters: int = 0
    forward: Work = field(default_factory=Work)
    gradient: Work = field(default_factory=Work)

    def __add__(self, other: LayerCost) -> LayerCost:
        return LayerCost(
            self.path,
            self.kind or other.kind,
            self.parameters + other.parameters,
            self.forward + other.forward,
            self.gradient + other.gradient,
        )


@dataclass(frozen=True)
class Cost:
    """What models cost; printed as a table.

    Attributes:
        layers: What each layer costs, without the layers in it.
        notes: What could not be counted as it runs.
    """

    layers: tuple[LayerCost, ...]
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers all parameters are."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def forward(self) -> Work:
        """The work of one call."""
        return sum((layer.forward for layer in self.layers), Work())

    @property
    def gradient(self) -> Work:
        """The work of one call in training, with the gradient."""
        return sum((layer.gradient for layer in self.layers), Work())

    def at(self, path: str | Path) -> LayerCost:
        """What a layer costs together with all layers in it.

        Args:
            path: Where it stands, as in ``'model.encoder'``; ``''`` for everything.

        Raises:
            KeyError: There is no such layer.
        """
        base = Path.parse(path)
        inside = [layer for layer in self.layers if layer.path.startswith(base)]
        if not inside:
            raise NoSuchPath(unknown("layer at", str(base), [layer.path for layer in self.layers], "layers"))
        kind = next((layer.kind for layer in inside if layer.path == base), "")
        return functools.reduce(LayerCost.__add__, inside, LayerCost(base, kind))

    def table(self, depth: int | None = None) -> str:
        """The costs as text: a line for each layer, which counts the layers in it, and one for all.

        A last line says how many layers have no line of their own.

        Args:
            depth: How many keys of a path a line may have at most; by default as many as 80 lines allow.
        """
        rows = [path for path in _outer_paths(self.layers) if path]
        if depth is None:
            depths = range(max(map(len, rows), default=0), 0, -1)
            depth = next((d for d in depths if sum(len(path) <= d for path in rows) <= _MOST), 1)
        lines = [_line(str(p), self.at(p)) for p in rows if len(p) <= depth]
        body = [_HEAD, *lines, _line("in all", replace(self.at(ROOT), kind=""))]
        widths = [max(len(line[column]) for line in body) for column in range(len(_HEAD))]
        text = ["  ".join(_aligned(line, widths)).rstrip() for line in body]
        notes = [*self.notes, *_cut([path for path in rows if len(path) > depth], depth)]
        return "\n".join([*text, *(f"({note})" for note in notes)])

    def __str__(self) -> str:
        return self.table()


_MOST: Final = 80  # lines of a table, unless one asks for more
_HEAD: Final = ("layer", "class", "parameters", "FLOPs", "bytes", "gradient FLOPs", "gradient bytes")


@hiding_frames
def cost(tree: Any, /, *args: Any, **kwargs: Any) -> Cost:
    """What the models of an experiment cost, by layer and in all. Nothing is allocated, nothing compiled.

    The operations are those that XLA's analysis finds in the lowered program, each as often as the scans
    around it make it run (XLA counts a loop's body once). Layers are told apart by the name stack,
    into which Flax writes the path of each module. Bytes are those that all operations read and write by
    themselves; the compiler fuses many, so this is an upper bound. A loop whose number of turns is not
    known counts as one turn, and a note says so; of the branches of a conditional the dearest counts.

    Args:
        tree: An experiment, a model, or a function of arrays, such as a method that trains.
        *args: Example inputs, arrays or `jax.ShapeDtypeStruct`: the positional arguments of the one model;
            or `Inputs`; or a mapping of paths of models to inputs. By default what ``tree.example_inputs()``
            gives. Models without inputs are not counted.
        **kwargs: Arguments of the one model by name.

    Returns:
        What each layer costs. The gradient is that with respect to the parameters, or of a function
        to its inputs.

    Raises:
        ValueError: No model, or no inputs, or they may be for several models.
        KeyError: Inputs for a path at which no model stands.
        Exception: What a model raises, with a note that names the path of the layer at fault.

    Example:
        >>> import jax
        >>> from symjax import linen as nn, patches
        >>> model = nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(10)])
        >>> costs = patches.cost(model, jax.ShapeDtypeStruct((8, 16), 'float32'))
        >>> costs.parameters == 17 * 32 + 33 * 10
        True
        >>> costs.forward.flops == 8 * (2 * 16 * 32 + 32 + 32 + 2 * 32 * 10 + 10)
        True
    """
    meter = Meter()
    rows: dict[Path, LayerCost] = {}
    for model, inputs in _called(tree, args, kwargs):
        try:
            for row in _rows(model, inputs, meter):
                rows[row.path] = rows.get(row.path, LayerCost(row.path)) + row
        except Exception as error:
            relocate(error, model.path, f"{model}: {type(model.node).__name__} was called with {inputs!r}")
            raise
    return Cost(tuple(rows.values()), tuple(meter.notes))


def _called(tree: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[tuple[Model, Inputs]]:
    """The models that are counted, with their inputs; a function is one."""
    if callable(tree) and not is_symbolic(tree) and not models(tree):
        whole = args[0] if len(args) == 1 and isinstance(args[0], Inputs) else Inputs(*args, **kwargs)
        return [(Model(ROOT, tree, "plain", False), whole)]
    standing = {model.path: model for model in models(tree)}
    return [(standing[path], inputs) for path, inputs in inputs_of_call(tree, args, kwargs).items()]


def _rows(model: Model, inputs: Inputs, meter: Meter) -> Iterator[LayerCost]:
    """The costs of one model, several rows for a layer."""
    evaluated = outline(model, inputs)
    layer = functools.cache(functools.partial(_layer_of, layers=evaluated.layers))

    def row(names: Scope, **costs: Any) -> LayerCost:
        keys = [int(name) if name.isdecimal() else name for name in names]
        return LayerCost(model.path / Path(keys), evaluated.layers.get(names, ""), **costs)

    yield from (row(names) for names in evaluated.layers)
    for path, leaf in jax.tree.leaves_with_path(evaluated.params):
        names = tuple(str(key) for key in Path.from_jax(path))
        yield row(_prefix_in(evaluated.layers, names), parameters=leaf.size)
    for scope, work in meter.entries(evaluated.jaxpr()):
        yield row(layer(scope), forward=work)
    for scope, work in _gradient_entries(evaluated, meter):
        yield row(layer(scope), gradient=work)


def _gradient_entries(outlined: Outline, meter: Meter) -> list[tuple[Scope, Work]]:
    """The work of a call and of its gradient; a note where it has none."""
    try:
        return meter.entries(_gradient_jaxpr(outlined))
    except Exception as error:  # noqa: BLE001 - a model need not have one: a loop, or no number, may stand there
        meter.notes[f"no gradient: {summary(error)}"] = None
        return []


def _gradient_jaxpr(outlined: Outline) -> Any:
    """A call in training and its gradient, traced: to the parameters, or to the inputs if there are none."""
    program = outlined.program
    train = True if program.trains is None else program.trains
    by_params = bool(jax.tree.leaves(outlined.params))

    def run(operand: Any, variables: Mapping[str, Any], key: jax.Array, arrays: Any) -> Any:
        if by_params:
            variables = {**variables, "params": operand}
        else:
            arrays = operand
        outputs, collections = program.apply(variables, key, arrays, train)
        return _numbers(outputs), (outputs, collections)

    def gradient(variables: Any, key: Any, arrays: Any) -> Any:
        operand = variables["params"] if by_params else arrays
        called: Callable[[Any], Any] = functools.partial(run, variables=variables, key=key, arrays=arrays)
        outputs, pullback, others = jax.vjp(called, operand, has_aux=True)
        if not outputs:
            raise TypeError("the outputs hold no floating-point numbers")
        return outputs, others, pullback([jnp.ones_like(output) for output in outputs])

    return jax.make_jaxpr(gradient)(outlined.variables, abstract_key(), program.arrays)


def _numbers(outputs: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(outputs) if jnp.issubdtype(leaf.dtype, jnp.inexact)]


def _layer_of(scope: Scope, layers: Mapping[Scope, str]) -> Scope:
    """The layer in which an equation stands; the scopes themselves where no layers are known.

    A scope names a method as in ``encoder.embed``. A module that is called in another than its parent
    stands below that one in the name stack.
    """
    if not layers:
        return scope
    around = {path[:depth] for path in layers for depth in range(len(path) + 1)}
    place: Scope = ()
    for name in (name.partition(".")[0] for name in scope):
        for depth in range(len(place), -1, -1):
            if (*place[:depth], name) in around:
                place = (*place[:depth], name)
                break
    return next(place[:depth] for depth in range(len(place), -1, -1) if place[:depth] in layers or not depth)


def _prefix_in(layers: Mapping[Scope, str], names: Scope) -> Scope:
    """The layer to which a parameter belongs, by its path."""
    prefixes = (names[:depth] for depth in range(len(names) - 1, 0, -1))
    return next((prefix for prefix in prefixes if prefix in layers), ())


def _outer_paths(layers: Iterable[LayerCost]) -> list[Path]:
    """The paths of layers and of all around them, each behind those around it, in the order of the model."""
    paths: dict[Path, None] = {}
    for layer in layers:
        keys = layer.path.keys
        paths.update(dict.fromkeys(Path(keys[:depth]) for depth in range(len(keys) + 1)))
    children: dict[Path, list[Path]] = {}
    for path in paths:
        if path:
            children.setdefault(path.parent, []).append(path)

    def below(path: Path) -> Iterator[Path]:
        yield path
        for child in children.get(path, ()):
            yield from below(child)

    return list(below(ROOT)) if paths else []


def _cut(paths: list[Path], depth: int) -> Iterator[str]:
    """Says which lines a table does not have, if any."""
    if paths:
        deepest = max(map(len, paths))
        yield (
            f"{len(paths)} layers below {depth} keys, such as {paths[0]}, are counted in those around them; "
            f"table(depth={deepest}) shows them"
        )


def _line(name: str, row: LayerCost) -> tuple[str, ...]:
    numbers = (row.parameters, row.forward.flops, row.forward.bytes, row.gradient.flops, row.gradient.bytes)
    return (name, row.kind, *map(short_number, numbers))


def short_number(number: float) -> str:
    """A number with three digits and a unit.

    Example:
        >>> short_number(1_234_567), short_number(544)
        ('1.23 M', '544')
    """
    for unit in ("", " k", " M", " G", " T", " P"):
        if abs(number) < 999.5:
            return f"{number:.0f}{unit}" if number == int(number) or number >= 100 else f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g} E"


def _aligned(line: tuple[str, ...], widths: list[int]) -> list[str]:
    texts = [text.ljust(width) for text, width in zip(line[:2], widths, strict=False)]
    return [*texts, *(text.rjust(width) for text, width in zip(line[2:], widths[2:], strict=True))]
