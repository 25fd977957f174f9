"""The modules that a model calls, and which variables each would have by itself with other arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import flax.linen
import jax

from symjax.core.paths import ROOT

from ...interior.views import is_lifted, view
from ...outlines.calling import Outline, program_of
from ...outlines.finding import Kind, Model
from ...outlines.inputs import Inputs, abstract_key

Shapes: TypeAlias = dict[str, tuple[int, ...]]
"""The shapes of variables by path: the collection, then names, joined by slashes."""


def shapes_of(variables: Any) -> Shapes:
    """The shapes of arrays in a tree of mappings, by path."""
    leaves = jax.tree_util.tree_leaves_with_path(variables)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf.shape for path, leaf in leaves}


@dataclass(frozen=True)
class Called:
    """A module that a model calls.

    Attributes:
        names: Its path in the model.
        node: Its arguments, as a node.
        kind: What it is written in.
        inputs: What it was called with; nothing for NNX, where it does not matter.
    """

    names: tuple[str, ...]
    node: Any
    kind: Kind
    inputs: Inputs

    @property
    def path(self) -> str:
        """Its path in the model, names joined by slashes."""
        return "/".join(self.names)

    def shapes(self, node: Any) -> Shapes:
        """The variables that the module would have by itself with other arguments.

        Raises:
            Exception: What the module raises.
        """
        if isinstance(node, flax.linen.RNNCellBase):
            return shapes_of(jax.eval_shape(self._init_cell, abstract_key(), node, self.inputs.args[-1]))
        program = program_of(Model(ROOT, node, self.kind, False), self.inputs)
        return shapes_of(jax.eval_shape(program.init, abstract_key(), self.inputs.arrays))

    @staticmethod
    def _init_cell(key: Any, node: Any, inputs: Any) -> Any:
        """The variables of a recurrent cell, whose carry is as wide as the cell."""
        return node.init(key, node.initialize_carry(key, inputs.shape), inputs)

    def widened(self, width: int) -> Inputs:
        """What it was called with, where arrays whose last axis is of some size have twice that.

        A block adds to its input: its own width cannot change alone.
        """
        arrays = [
            jax.ShapeDtypeStruct((*array.shape[:-1], 2 * width), array.dtype)  # type: ignore[no-untyped-call]
            if array.shape[-1:] == (width,)
            else array
            for array in self.inputs.arrays
        ]
        args, kwargs = self.inputs.filled(tuple(arrays))
        return Inputs(*args, method=self.inputs.method, **kwargs)

    def names_of(self, shapes: Shapes, variables: Shapes) -> dict[str, tuple[str, int]]:
        """The variables of the model that are the module's own.

        Args:
            shapes: Those of the module by itself.
            variables: Those of the model.

        Returns:
            By path in the module: the path in the model, and how many axes are in front, of a scan or `vmap`.
        """
        result = {}
        for name, shape in shapes.items():
            collection, _, rest = name.partition("/")
            full = "/".join([collection, *self.names, rest])
            if variables.get(full, ())[-len(shape) :] == shape or not shape:
                result[name] = full, len(variables.get(full, ())) - len(shape)
        return result


def called(outline: Outline) -> list[Called]:
    """The modules that a model calls, each once, in order; the model itself is not listed.

    A module stands before those that it calls.
    """
    if outline.model.kind == "linen":
        return _called_in_linen(outline)
    if outline.model.kind == "nnx":
        return _held_in_nnx(outline.model.node)
    return []


def _called_in_linen(outline: Outline) -> list[Called]:
    modules: dict[tuple[str, ...], Called] = {}

    def record(run: Callable[..., Any], args: Any, kwargs: Mapping[str, Any], context: Any) -> Any:
        module, method = context.module, context.method_name
        if module.scope is not None and module.path and method != "setup" and not is_lifted(module):
            shown = view(module)
            if shown is not None and (method == "__call__" or module.path not in modules):
                node = shown.node.clone(name=None)
                inputs = Inputs(*args, method=None if method == "__call__" else method, **kwargs)
                modules[module.path] = Called(tuple(module.path), node, "linen", inputs)
        return run(*args, **kwargs)

    with flax.linen.intercept_methods(record):
        jax.eval_shape(
            lambda *arrays: outline.call(*arrays),  # new to JAX: what it has traced before is not called
            outline.variables,
            abstract_key(),
            outline.program.arrays,
        )
    return list(modules.values())


def _held_in_nnx(node: Any) -> list[Called]:
    from symjax.adoption.nnx.building import is_builder  # NNX is slow to import

    from ...interior.nnx.graph import modules_of
    from ...interior.nnx.views import Reader, abstract

    module = abstract(node) if is_builder(node) else node
    reader = Reader()
    return [
        Called(tuple(map(str, path)), reader.read(layer).node, "nnx", Inputs())
        for path, layer in modules_of(module)
        if path
    ]
