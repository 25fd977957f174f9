"""NNX models as pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jax
from flax import nnx

from symjax.adoption.linen.applying import Call, Collections
from symjax.adoption.nnx.building import build, is_builder
from symjax.adoption.nnx.errors import note_layer

from .inputs import Inputs, abstract_key, takes
from .scopes import name_scopes

Init: TypeAlias = Callable[[jax.Array, tuple[Any, ...]], Collections]
Apply: TypeAlias = Callable[[Mapping[str, Any], jax.Array, tuple[Any, ...], bool], tuple[Any, Collections]]


def nnx_functions(node: Any, inputs: Inputs) -> tuple[bool | None, Init, Apply]:
    """A module as pure functions of its variables by collection, all of which are carried.

    Args:
        node: A node of a module, or a built one.
        inputs: What it is called with.

    Returns:
        Whether the inputs say that the model trains, None if they do not say; its `init` and `apply`, as a
        `Program` has them.
    """
    graph, shapes = _shapes(node)

    def initialize(key: jax.Array, arrays: tuple[Any, ...]) -> Collections:
        return _by_collection(nnx.state(_built(node, key)))

    def run(
        variables: Mapping[str, Any], key: jax.Array, arrays: tuple[Any, ...], train: bool
    ) -> tuple[Any, Collections]:
        module = nnx.merge(graph, _as_state(shapes, variables))
        name_scopes(module)
        module.train() if train else module.eval()
        call = Call(*inputs.filled(arrays), inputs.method)
        function = getattr(module, inputs.method or "__call__")
        further: dict[str, Any] = dict(call.flags(module, train))
        if "rngs" not in call.kwargs and takes(function, call.args, {**call.kwargs, **further, "rngs": None}):
            further["rngs"] = nnx.Rngs(key)
        try:
            outputs = function(*call.args, **call.kwargs, **further)
        except Exception as error:
            note_layer(error, module)
            raise
        collections = _by_collection(nnx.state(module))
        return outputs, {name: value for name, value in collections.items() if name != "params"}

    trains = Call(*inputs.filled(inputs.arrays), inputs.method).trains(nnx.merge(graph, shapes))
    return trains, initialize, run


def nnx_layers(node: Any) -> dict[tuple[str, ...], str]:
    """The class names of the modules in a model, by their paths."""
    graph, shapes = _shapes(node)
    return name_scopes(nnx.merge(graph, shapes))


def collections_of(module: nnx.Module) -> Collections:
    """The variables of a built module by the name of their type, as in Linen, and by path."""
    return _by_collection(nnx.state(module))


def module_with(node: Any, variables: Mapping[str, Any]) -> Any:
    """A module with these variables, in the form of `collections_of`; nothing is drawn.

    Args:
        node: A node of the module, or a built one of the same structure, which stays as it is.
        variables: All of them.
    """
    graph, shapes = _shapes(node)
    return nnx.merge(graph, _as_state(shapes, variables))


def _shapes(node: Any) -> tuple[Any, Any]:
    """The structure of a module, and its variables with shapes in the place of arrays."""
    return jax.eval_shape(lambda key: nnx.split(_built(node, key)), abstract_key())  # type: ignore[no-any-return]


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
