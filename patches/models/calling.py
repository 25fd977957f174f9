"""Models as pure functions of arrays, one interface for all kinds; and outlines of them, by abstract calls.

Nothing here allocates an array or compiles a program.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import flax.linen
import jax
from flax import nnx

from symjax.adoption.linen.applying import Call, Collections, apply_call, init_call, linen_module
from symjax.adoption.linen.errors import note_layer as note_linen_layer
from symjax.adoption.nnx.building import build, is_builder
from symjax.adoption.nnx.errors import note_layer as note_nnx_layer
from symjax.core.errors import brief

from .finding import Model
from .inputs import Inputs

Arrays: TypeAlias = tuple[Any, ...]
Outcome: TypeAlias = tuple[Any, Collections]
"""What a call gives: the outputs, and the collections beside ``params``."""


@dataclass(frozen=True, slots=True)
class Program:
    """A model as two pure functions, which JAX can trace.

    Attributes:
        arrays: Shapes and dtypes of the arrays that the model is called with: what `Inputs.arrays` are.
        trains: Whether the inputs say that the model trains.
        init: ``(key, arrays)`` to the variables by collection.
        apply: ``(variables, key, arrays, train)`` to the outputs and the collections beside ``params``, by
            the convention of `symjax.apply`. An NNX module is put into training or evaluation, too.
    """

    arrays: tuple[jax.ShapeDtypeStruct, ...]
    trains: bool
    init: Callable[[jax.Array, Arrays], Collections]
    apply: Callable[[Mapping[str, Any], jax.Array, Arrays, bool], Outcome]


@dataclass(frozen=True, slots=True)
class Outline:
    """What an abstract call tells of a model.

    Attributes:
        model: The model.
        inputs: What it was called with.
        program: The model as pure functions.
        variables: Shapes and dtypes of its variables, by collection; ``params`` are its parameters.
        outputs: Those of its outputs.
        collections: Those of the collections beside ``params`` after the call.
        train: Whether the call was one of training.
    """

    model: Model
    inputs: Inputs
    program: Program
    variables: Collections
    outputs: Any
    collections: Collections
    train: bool

    @property
    def params(self) -> Any:
        """Shapes and dtypes of the parameters; an empty dict where there are none."""
        return self.variables.get("params", {})

    def jaxpr(self) -> Any:
        """The traced call, ``(variables, key, arrays) -> (outputs, collections)``.

        It is a `jax.extend.core.ClosedJaxpr`. Flax writes into the name stack of each equation in which
        layer it stands.
        """
        return jax.make_jaxpr(self._call)(self.variables, _abstract_key(), self.program.arrays)

    def init_jaxpr(self) -> Any:
        """The traced initialization, ``(key, arrays) -> variables``."""
        return jax.make_jaxpr(self.program.init)(_abstract_key(), self.program.arrays)

    def _call(self, variables: Mapping[str, Any], key: jax.Array, arrays: Arrays) -> Outcome:
        return self.program.apply(variables, key, arrays, self.train)


def outline(model: Model, inputs: Inputs, train: bool | None = None) -> Outline:
    """What an abstract call of a model tells: its variables, its outputs, its jaxprs.

    The call is that of `symjax.apply`, so a model that takes a flag such as ``train`` is told.

    Args:
        model: One of `models`.
        inputs: What it is called with.
        train: Whether the call is one of training; by default if the inputs say so, as
            in ``Inputs(x, train=True)``.

    Raises:
        TypeError: The model cannot be called.
        Exception: What the model raises, with a note that names the layer at fault.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> from symjax.patches.models.finding import models
        >>> (model,) = models(nn.Dense(3))
        >>> shapes = outline(model, Inputs(jnp.ones((2, 4))))
        >>> shapes.outputs.shape, shapes.params['kernel'].shape
        ((2, 3), (4, 3))
    """
    program = program_of(model, inputs)
    train = program.trains if train is None else train
    key = _abstract_key()
    variables = jax.eval_shape(program.init, key, program.arrays)
    outputs, collections = jax.eval_shape(
        lambda variables, key, arrays: program.apply(variables, key, arrays, train),
        variables,
        key,
        program.arrays,
    )
    return Outline(model, inputs, program, variables, outputs, collections, train)


def program_of(model: Model, inputs: Inputs) -> Program:
    """A model as two pure functions of arrays.

    Args:
        model: One of `models`.
        inputs: What it is called with; their arrays become the arguments of the functions.

    Raises:
        TypeError: The model cannot be called.
    """
    make = {"linen": _linen_program, "nnx": _nnx_program, "plain": _plain_program}[model.kind]
    program = make(model.node, inputs)
    return replace(program, init=_naming_axes(program.init), apply=_naming_axes(program.apply))


def _naming_axes(function: Callable[..., Any]) -> Any:
    """A function that may reduce over named axes (``axis_name='batch'``), of which each has one item here."""

    def named(*operands: Any) -> Any:
        try:
            return function(*operands)
        except NameError as error:  # JAX's: nothing but its text says which axis
            unbound = re.search(r"unbound axis name: (\w+)", str(error))
            if unbound is None:
                raise
        over_axis = jax.vmap(lambda: named(*operands), axis_size=1, axis_name=unbound[1])
        return jax.tree.map(lambda leaf: leaf[0], over_axis())

    return named


def _abstract_key() -> Any:
    return jax.eval_shape(jax.random.key, 0)


def _call(inputs: Inputs, arrays: Arrays) -> Call:
    return Call(*inputs.filled(arrays), inputs.method)


def _trains(model: Any, inputs: Inputs) -> bool:
    return bool(_call(inputs, inputs.arrays).trains(model))


# Linen.


def _linen_program(node: Any, inputs: Inputs) -> Program:
    module = linen_module(node)

    def initialize(key: jax.Array, arrays: Arrays) -> Collections:
        with flax.linen.intercept_methods(_note_linen):
            return init_call(module, _call(inputs, arrays), key)

    def run(variables: Mapping[str, Any], key: jax.Array, arrays: Arrays, train: bool) -> Outcome:
        with flax.linen.intercept_methods(_note_linen):
            return apply_call(module, _call(inputs, arrays), variables, key, train)

    return Program(inputs.arrays, _trains(module, inputs), initialize, run)


def _note_linen(run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
    """An interceptor that tells of an error at which layer it happened, those of plain Flax too."""
    try:
        return run(*args, **kwargs)
    except Exception as error:
        if context.module.scope is not None:
            note_linen_layer(error, context.module, context.method_name, args)
        raise


# NNX.


def _nnx_program(node: Any, inputs: Inputs) -> Program:
    """A module as its structure and its variables by collection; all of them are carried."""
    graph, shapes = jax.eval_shape(lambda key: nnx.split(_built(node, key)), _abstract_key())

    def initialize(key: jax.Array, arrays: Arrays) -> Collections:
        return _by_collection(nnx.state(_built(node, key)))

    def run(variables: Mapping[str, Any], key: jax.Array, arrays: Arrays, train: bool) -> Outcome:
        module = nnx.merge(graph, _as_state(shapes, variables))
        module.train() if train else module.eval()
        call = _call(inputs, arrays)
        function = getattr(module, inputs.method or "__call__")
        further: dict[str, Any] = dict(call.flags(module, train))
        if "rngs" not in call.kwargs and _takes(
            function, call.args, {**call.kwargs, **further, "rngs": None}
        ):
            further["rngs"] = nnx.Rngs(key)
        try:
            outputs = function(*call.args, **call.kwargs, **further)
        except Exception as error:
            note_nnx_layer(error, module)
            raise
        collections = _by_collection(nnx.state(module))
        return outputs, {name: value for name, value in collections.items() if name != "params"}

    return Program(inputs.arrays, _trains(nnx.merge(graph, shapes), inputs), initialize, run)


def _built(node: Any, key: jax.Array) -> Any:
    return build(node, rngs=nnx.Rngs(key)) if is_builder(node) else node


def _by_collection(state: Any) -> Collections:
    """The values of variables by the name of their type, as in Linen, and by path."""
    collections: Collections = {}
    for path, variable in nnx.to_flat_state(state):
        inner = collections.setdefault(_collection(variable), {})
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = variable.get_value() if isinstance(variable, nnx.Variable) else variable
    return collections


def _as_state(shapes: Any, variables: Mapping[str, Any]) -> Any:
    """The inverse of `_by_collection`, given a state of the same structure."""
    flat = []
    for path, variable in nnx.to_flat_state(shapes):
        value: Any = variables[_collection(variable)]
        for key in path:
            value = value[key]
        flat.append((path, variable.replace(value) if isinstance(variable, nnx.Variable) else value))
    return nnx.from_flat_state(flat)


def _collection(variable: Any) -> str:
    """The name of a variable's collection: that of Linen, where its type has one there."""
    if isinstance(variable, nnx.Param):
        return "params"
    try:
        return nnx.variable_name_from_type(type(variable))
    except ValueError:
        return type(variable).__name__ if isinstance(variable, nnx.Variable) else "arrays"


# Anything else.


def _plain_program(node: Any, inputs: Inputs) -> Program:
    """An object with ``init`` and ``apply``; or one that is called, and has no variables of its own."""
    method = "apply" if callable(getattr(node, "apply", None)) else inputs.method
    if not callable(getattr(node, method or "__call__", None)):
        raise TypeError(f"{brief(node)} cannot be called: it has neither `init` and `apply` nor `__call__`")

    def initialize(key: jax.Array, arrays: Arrays) -> Collections:
        if method != "apply":
            return {}
        args, kwargs = inputs.filled(arrays)
        if _takes(node.init, (key, *args), kwargs):
            return {"params": node.init(key, *args, **kwargs)}
        return {"params": node.init(key)}

    def run(variables: Mapping[str, Any], key: jax.Array, arrays: Arrays, train: bool) -> Outcome:
        args, kwargs = inputs.filled(arrays)
        if method == "apply":
            args = (variables["params"], *args)
        kwargs = {**kwargs, **Call(args, kwargs, method).flags(node, train)}
        function = getattr(node, method or "__call__")
        if "key" not in kwargs and _takes(function, args, {**kwargs, "key": key}):
            kwargs["key"] = key
        return function(*args, **kwargs), {}

    return Program(inputs.arrays, _trains(node, inputs), initialize, run)


def _takes(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether a function can be called with these arguments, as its signature says."""
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return False
    return True
