"""Models as pure functions of arrays, one interface for all kinds; and outlines of them, by abstract calls.

Nothing here allocates an array or compiles a program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import flax.linen
import jax

from symjax.adoption.linen.applying import Call, Collections, apply_call, init_call, linen_module
from symjax.adoption.linen.errors import note_layer
from symjax.core.errors import brief

from .finding import Model
from .inputs import Inputs, abstract_key, takes
from .listing import listing

Arrays: TypeAlias = tuple[Any, ...]
Outcome: TypeAlias = tuple[Any, Collections]
"""What a call gives: the outputs, and the collections beside ``params``."""


@dataclass(frozen=True, slots=True)
class Program:
    """A model as two pure functions, which JAX can trace.

    Attributes:
        arrays: Shapes and dtypes of the arrays that the model is called with: what `Inputs.arrays` are.
        trains: Whether the inputs say that the model trains; None if they do not say.
        init: ``(key, arrays)`` to the variables by collection.
        apply: ``(variables, key, arrays, train)`` to the outputs and the collections beside ``params``, by
            the convention of `symjax.apply`. An NNX module is put into training or evaluation, too.
    """

    arrays: tuple[jax.ShapeDtypeStruct, ...]
    trains: bool | None
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
        layers: The modules that were called, by path in the model, and what their classes are called; where
            patches are inside of the model, those that they put there. Of an NNX model all modules; none of
            a model of another kind.
    """

    model: Model
    inputs: Inputs
    program: Program
    variables: Collections
    outputs: Any
    collections: Collections
    train: bool
    layers: Mapping[tuple[str, ...], str]

    @property
    def params(self) -> Any:
        """Shapes and dtypes of the parameters; an empty dict where there are none."""
        return self.variables.get("params", {})

    def jaxpr(self) -> Any:
        """The traced call, ``(variables, key, arrays) -> (outputs, collections)``.

        It is a `jax.extend.core.ClosedJaxpr`. The name stack of each equation says in which layer it
        stands.
        """
        return jax.make_jaxpr(self.call)(self.variables, abstract_key(), self.program.arrays)

    def init_jaxpr(self) -> Any:
        """The traced initialization, ``(key, arrays) -> variables``."""
        return jax.make_jaxpr(self.program.init)(abstract_key(), self.program.arrays)

    def call(self, variables: Mapping[str, Any], key: jax.Array, arrays: Arrays) -> Outcome:
        """The call, as a function of arrays."""
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
        >>> from symjax.patches.outlines.finding import models
        >>> (model,) = models(nn.Dense(3))
        >>> shapes = outline(model, Inputs(jnp.ones((2, 4))))
        >>> shapes.outputs.shape, shapes.params['kernel'].shape
        ((2, 3), (4, 3))
    """
    program = program_of(model, inputs)
    train = bool(program.trains) if train is None else train
    key = abstract_key()
    variables = jax.eval_shape(program.init, key, program.arrays)
    layers: dict[tuple[str, ...], str] = {}
    if model.kind == "nnx":
        from .nnx_calling import nnx_layers  # NNX is slow to import

        layers = nnx_layers(model.node)

    def call(variables: Collections, key: jax.Array, arrays: Arrays) -> Outcome:
        with listing(layers):
            return program.apply(variables, key, arrays, train)

    outputs, collections = jax.eval_shape(call, variables, key, program.arrays)
    return Outline(model, inputs, program, variables, outputs, collections, train, layers)


def program_of(model: Model, inputs: Inputs) -> Program:
    """A model as two pure functions of arrays.

    Args:
        model: One of `models`.
        inputs: What it is called with; their arrays become the arguments of the functions.

    Raises:
        TypeError: The model cannot be called.
    """
    if model.kind == "nnx":
        from .nnx_calling import nnx_functions  # NNX is slow to import

        program = Program(inputs.arrays, *nnx_functions(model.node, inputs))
    else:
        program = (_linen_program if model.kind == "linen" else _plain_program)(model.node, inputs)
    return replace(program, init=_naming_axes(program.init), apply=_naming_axes(program.apply))


def _naming_axes(function: Callable[..., Any]) -> Any:
    """A function that may reduce over named axes (``axis_name='batch'``), of which each has one item here."""
    axes: list[str] = []  # as they come to light; the first trace, which failed there, is thrown away

    def bound(names: Sequence[str], operands: tuple[Any, ...]) -> Any:
        if not names:
            return function(*operands)
        over_axis: Any = jax.vmap(lambda: bound(names[1:], operands), axis_size=1, axis_name=names[0])
        return jax.tree.map(lambda leaf: leaf[0], over_axis())

    def named(*operands: Any) -> Any:
        try:
            return bound(axes, operands)
        except NameError as error:  # JAX's: nothing but its text says which axis
            unbound = re.search(r"unbound axis name: (\w+)", str(error))
            if unbound is None or unbound[1] in axes:
                raise
        axes.append(unbound[1])
        return named(*operands)

    return named


def _call(inputs: Inputs, arrays: Arrays) -> Call:
    return Call(*inputs.filled(arrays), inputs.method)


def _trains(model: Any, inputs: Inputs) -> bool | None:
    return _call(inputs, inputs.arrays).trains(model)


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
            note_layer(error, context.module, context.method_name, args)
        raise


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
        if takes(node.init, (key, *args), kwargs):
            return {"params": node.init(key, *args, **kwargs)}
        return {"params": node.init(key)}

    def run(variables: Mapping[str, Any], key: jax.Array, arrays: Arrays, train: bool) -> Outcome:
        args, kwargs = inputs.filled(arrays)
        if method == "apply":
            args = (variables["params"], *args)
        kwargs = {**kwargs, **Call(args, kwargs, method).flags(node, train)}
        function = getattr(node, method) if method else node
        if "key" not in kwargs and takes(function, args, {**kwargs, "key": key}):
            kwargs["key"] = key
        return function(*args, **kwargs), {}

    return Program(inputs.arrays, _trains(node, inputs), initialize, run)
