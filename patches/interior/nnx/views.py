"""Built NNX layers shown as the nodes of which they could have been built: their arguments, read back."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from flax import nnx

from symjax import nnx as symbolic_nnx
from symjax.adoption.nnx.building import RNGS, Building
from symjax.adoption.symbolize import adopt_with
from symjax.core.containers import freeze
from symjax.core.fields import Field
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE, Options, Schema
from symjax.names.symbols import any_symbolized
from symjax.types.hint_reading import resolve

from ...roles.marks import is_marked
from .bridge import Bridge, BridgeNode
from .graph import items_of, own_class, variables_of
from .inserting import around, inserted_node
from .rematerializing import policy_of, rematerialized_node

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_SEARCHED: Final = 2  # how many sizes are looked for at once; a constructor is tried for each combination


class Reading(NamedTuple):
    """What was read back from a built layer.

    Attributes:
        node: A node of the layer's class. Arguments that cannot be read back and have no default are missing.
        unread: The names of the arguments that the layer does not store, defaults stand in their place.
    """

    node: Any
    unread: tuple[str, ...]


class Reader:
    """Reads the arguments of built layers back; of each layer once. A `Bridge` is shown as its Linen layer.

    An argument is looked for among the layer's attributes and properties, under its name, also with an
    underscore before it. A size that is stored nowhere (as the rank of a LoRA) is looked for among the sizes
    of the layer's variables: it is the one with which the constructor makes the same variables. Anything else
    that is not stored, initializers above all, counts as its default.
    """

    def __init__(self) -> None:
        self._readings: dict[int, tuple[nnx.Module, Reading]] = {}

    def read(self, module: nnx.Module) -> Reading:
        """The arguments of a layer, as a node; the same node each time."""
        known = self._readings.get(id(module))
        if known is None:
            known = self._readings[id(module)] = module, self._read(module)
        return known[1]

    def originals(self) -> Iterator[tuple[Any, nnx.Module]]:
        """The nodes that were read, and the layers that they stand for.

        Not those of Linen: what a layer is called with may change, on which its parameters depend.
        """
        for module, reading in self._readings.values():
            if not isinstance(module, Bridge):
                yield reading.node, module

    def _read(self, module: nnx.Module) -> Reading:
        if isinstance(module, Bridge):
            return Reading(module.linen, ())
        layer, inserted = self._read_layer(module), around(module)
        again = policy_of(module)
        if again is not None:
            layer = layer._replace(node=rematerialized_node(layer.node, *again))
        if inserted is None:
            return layer
        before, after = map(self._shown, inserted)
        return Reading(inserted_node(layer.node, before, after), layer.unread)

    def _read_layer(self, module: nnx.Module) -> Reading:
        cls = symbolic_class(own_class(type(module)))
        schema: Schema = getattr(cls, ATTRIBUTE)
        schema.validator()
        values: dict[str, Any] = {}
        for name, field in schema.fields.items():
            if name in schema.names:
                value = self._argument(module, schema, field)
                if value is not MISSING:
                    values[name] = value
        unread = tuple(
            name for name in schema.names if name not in values and schema.fields[name].kind not in _VARIADIC
        )
        if any(_decides(schema.fields[name]) for name in unread):
            values = _searched(module, schema, values) or values
        arguments = {**schema.defaults, **values}
        node = schema.revive({name: arguments[name] for name in schema.names if name in arguments})
        return Reading(node, tuple(name for name in unread if name not in values))

    def _argument(self, module: nnx.Module, schema: Schema, field: Field) -> Any:
        """What a layer stores of an argument; `MISSING` for nothing."""
        if field.kind is inspect.Parameter.VAR_POSITIONAL:
            sequences = [value for _, value in items_of(module) if isinstance(value, nnx.List | list | tuple)]
            return tuple(self._shown(item) for item in sequences[0]) if len(sequences) == 1 else MISSING
        if field.kind is inspect.Parameter.VAR_KEYWORD:
            return freeze(self._passed_on(module, schema))
        for name in (field.name, f"_{field.name}"):
            value = _attribute(module, name)
            if value is not MISSING and not _is_made(value):
                return self._admitted(schema, field.name, value)
        return MISSING

    def _admitted(self, schema: Schema, name: str, value: Any) -> Any:
        try:
            return schema.validator().admit_one(name, self._shown(value), Path((name,)))
        except (TypeError, ValueError):  # the constructor has put something else in the place of its argument
            return MISSING

    def _passed_on(self, module: nnx.Module, schema: Schema) -> dict[str, Any]:
        """The arguments that a constructor hands to that of its base class, where they are no defaults."""
        bases = iter(own_class(type(module)).__mro__)
        next(base for base in bases if "__init__" in vars(base))
        outer = next((base for base in bases if "__init__" in vars(base)), None)
        if outer is None or not issubclass(outer, nnx.Module):
            return {}
        arguments = {}
        for parameter in list(inspect.signature(vars(outer)["__init__"]).parameters.values())[1:]:
            value = _attribute(module, parameter.name)
            own = parameter.name in schema.fields or parameter.name == RNGS or parameter.kind in _VARIADIC
            if not own and value is not MISSING and value is not parameter.default and not _is_made(value):
                arguments[parameter.name] = self._shown(value)
        return arguments

    def _shown(self, value: Any) -> Any:
        """A stored value with nodes in the place of modules."""
        if isinstance(value, nnx.List | list | tuple) and not hasattr(value, "_fields"):
            return tuple(self._shown(item) for item in value)
        if isinstance(value, nnx.Dict | dict):
            return {key: self._shown(item) for key, item in items_of(value)}
        return self.read(value).node if isinstance(value, nnx.Module) else value


def symbolic_class(cls: type[nnx.Module]) -> Any:
    """The class of the nodes of a module class."""
    if getattr(nnx, cls.__name__, None) is cls:
        return getattr(symbolic_nnx, cls.__name__)
    return any_symbolized(cls) or adopt_with(cls, Options())


def difference(module: nnx.Module, other: nnx.Module) -> str | None:
    """What two modules of one class differ in, their numbers aside, in words; None for nothing.

    Axes that all variables of `module` have in front of those of `other` do not count: `nnx.vmap` stacks so.
    """
    ours, theirs = map(_kept_variables, (module, other))
    if only := ours.keys() ^ theirs.keys():
        return f"only one of them has {min(map(str, only))}"
    stack = stacked(module, other)
    for path, variable in ours.items():
        one, another = (variable.shape, variable.dtype), ((*stack, *theirs[path].shape), theirs[path].dtype)
        if type(variable) is not type(theirs[path]) or one != another:
            return f"{path} is {_text(variable, *one)} or {_text(theirs[path], *another)}"
    statics, others = _statics(module), _statics(other)
    for path in statics.keys() & others.keys():
        if statics[path] != others[path]:
            return f"{path} is {statics[path]!r} or {others[path]!r}"
    return None


def _kept_variables(module: nnx.Module) -> dict[Path, nnx.Variable[Any]]:
    """The variables but for sources of randomness: a layer may have been made without."""
    variables = variables_of(module).items()
    return {path: variable for path, variable in variables if not isinstance(variable, nnx.RngState)}


def stacked(module: nnx.Module, single: nnx.Module) -> tuple[int, ...]:
    """The axes in front of all variables of a module that those of a single one do not have."""
    singles = variables_of(single)
    for path, variable in variables_of(module).items():
        if not isinstance(variable, nnx.RngState) and path in singles:
            return tuple(variable.shape[: max(0, len(variable.shape) - len(singles[path].shape))])
    return ()


def again(module: nnx.Module, node: Any) -> nnx.Module:
    """A layer made of the arguments that were read back from one, with shapes in the place of arrays."""
    return abstract(BridgeNode(node, module.inputs) if isinstance(module, Bridge) else node)


def abstract(node: Any) -> nnx.Module:
    """The module that a node stands for, with shapes in the place of arrays."""
    module: nnx.Module = nnx.eval_shape(lambda: Building(nnx.Rngs(0)).make(node))
    return module


def _decides(field: Field) -> bool:
    """Whether variables may tell an argument that is not stored: a required one, a yes or no, a size."""
    return field.required or type(field.default) is bool or _may_be_size(field)


def _may_be_size(field: Field) -> bool:
    """Whether an argument may be a size, or nothing."""
    return not field.required and field.default is None and resolve(field.hint, field.owner) == int | None


def _searched(module: nnx.Module, schema: Schema, values: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments with those that the layer does not store; None where none make the same layer."""
    missing = [f for name, f in schema.fields.items() if f.required and name not in values]
    own = any(isinstance(value, nnx.Variable) for _, value in items_of(module))
    if len(missing) > _SEARCHED or not all(map(_is_size, missing)):
        return None
    if not own and not is_marked(schema.revive(dict(values))):  # a composite: its layers are what counts
        return None
    sizes = _sizes(module)
    for numbers in itertools.product(sizes, repeat=len(missing)):
        complete = {**values, **{f.name: number for f, number in zip(missing, numbers, strict=True)}}
        for arguments in _varied(schema, complete):
            if _makes(schema, arguments, module):
                return arguments
    return None if missing else _with_optional_sizes(schema, values, module)


def _with_optional_sizes(schema: Schema, values: dict[str, Any], module: nnx.Module) -> dict[str, Any] | None:
    """The arguments with sizes that need not be given, of tables that are made at once, and are not stored.

    Tables of rotary embeddings have half the size in one axis, a sine and a cosine each.
    """
    names = [name for name, field in schema.fields.items() if name not in values and _may_be_size(field)]
    if not 0 < len(names) <= _SEARCHED:
        return None
    sizes = _sizes(module)
    for numbers in itertools.product([*sizes, *(2 * size for size in sizes)], repeat=len(names)):
        arguments = {**values, **dict(zip(names, numbers, strict=True))}
        if _makes(schema, arguments, module):
            return arguments
    return None


def _varied(schema: Schema, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments; then without one that has a default, for it may have been derived from the others.

    Then each time with another answer to a question that the layer does not store.
    """
    yield values
    for name, default in schema.defaults.items():
        if name not in values and type(default) is bool:
            yield {**values, name: not default}
    for name in values:
        default = schema.defaults.get(name, MISSING)
        if default is not MISSING and values[name] is not default:
            yield {**values, name: default}


def _makes(schema: Schema, values: Mapping[str, Any], module: nnx.Module) -> bool:
    """Whether a layer of these arguments is like one that is built."""
    try:
        return difference(module, abstract(schema.revive({**schema.defaults, **values}))) is None
    except Exception:  # noqa: BLE001 - a constructor that refuses some arguments may raise anything
        return False


def _sizes(module: nnx.Module) -> list[int]:
    """The sizes that a constructor may have been given: those of the variables, and the numbers stored."""
    shapes = [variable.shape for variable in variables_of(module).values()]
    stored = [value for _, value in items_of(module) if type(value) is int and value > 0]
    return list(dict.fromkeys(itertools.chain(*shapes, stored)))


def _is_size(field: Field) -> bool:
    """Whether an argument may be a size: its hint says so, or nothing else."""
    return resolve(field.hint, field.owner) in (int, Any)


def _attribute(module: nnx.Module, name: str) -> Any:
    try:
        return getattr(module, name, MISSING)
    except Exception:  # noqa: BLE001 - a property of somebody's own may raise anything
        return MISSING


def _is_made(value: Any) -> bool:
    """Whether a constructor has made a value, which it can hardly have been given."""
    return isinstance(value, nnx.Variable | nnx.Rngs | nnx.RngStream) or inspect.ismethod(value)


_STATIC: Final = (bool, int, float, str, tuple, type(None))


def _statics(module: nnx.Module) -> dict[Path, Any]:
    """The simple attributes of a module and those in it."""
    values: dict[Path, Any] = {}
    seen: set[int] = set()

    def visit(value: Any, path: Path) -> None:
        if isinstance(value, nnx.Variable | nnx.Rngs | nnx.RngStream) or id(value) in seen:
            return
        if isinstance(value, nnx.Pytree):
            seen.add(id(value))
        if type(value) in _STATIC and not (isinstance(value, tuple) and any(True for _ in items_of(value))):
            values[path] = value
        for key, item in items_of(value):
            visit(item, path / key)

    visit(module, ROOT)
    return values


def _text(variable: nnx.Variable[Any], shape: Any, dtype: Any) -> str:
    return f"{type(variable).__name__}{list(shape)} of {dtype}"
