"""`InLinen`: a layer of NNX inside of a Linen layer that wraps it."""

from __future__ import annotations

from typing import Any, ClassVar

import flax.linen
import jax
import jax.numpy as jnp
from flax import nnx

from symjax.adoption.linen.modules import Module
from symjax.adoption.nnx.building import Building, is_builder
from symjax.core.paths import ROOT, Path
from symjax.verbs.tree import map_items, replace

from .graph import variables_of


class InLinen(Module):
    """A layer of NNX as one of Linen: what a library layer that wraps others, written in Linen, is given.

    Its variables have the names that they have in NNX, under the collections of their types. By the
    convention of `symjax.apply` it is deterministic unless a ``dropout`` key is given, and uses running
    averages unless ``batch_stats`` is mutable.

    Attributes:
        layer: The layer, as a node.

    Example:
        >>> import jax
        >>> from symjax import nnx
        >>> variables = InLinen(nnx.Linear(4, 3)).init(jax.random.key(0), jax.numpy.ones((2, 4)))
        >>> jax.tree.map(jax.numpy.shape, variables)
        {'params': {'bias': (3,), 'kernel': (4, 3)}}
    """

    __symjax_keeps_nodes__: ClassVar[bool] = True

    layer: Any

    @flax.linen.compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer."""
        graphdef, shapes = nnx.split(nnx.eval_shape(lambda: Building(nnx.Rngs(0)).make(self.layer)))
        module = nnx.merge(graphdef, shapes)
        values = self._values(module)
        for path, variable in variables_of(module).items():
            variable.set_value(values[path])
        modes = {
            "deterministic": not self.has_rng("dropout"),
            "use_running_average": not self.is_mutable_collection("batch_stats"),
        }
        module.set_attributes(**modes, raise_if_not_found=False)
        outputs = module(*args, **kwargs)
        for path, variable in variables_of(module).items():
            if isinstance(variable, nnx.RngState | nnx.Param) or self.is_initializing():
                continue
            collection, (name, *inner) = _collection(variable), map(str, path)
            if self.is_mutable_collection(collection):
                tree = _with(self.get_variable(collection, name), inner, variable)
                self.put_variable(collection, name, tree)
        return outputs

    def _values(self, module: nnx.Module) -> dict[Path, Any]:
        """The values of the layer's variables: Linen's, and keys of its own for sources of randomness."""
        variables = variables_of(module)
        trees: dict[tuple[str, str], dict[Path, Any]] = {}
        values: dict[Path, Any] = {}
        for path, variable in variables.items():
            if not isinstance(variable, nnx.RngState):
                trees.setdefault((_collection(variable), str(next(iter(path)))), {})[path] = variable
            elif jnp.issubdtype(variable.dtype, jax.dtypes.prng_key):
                name = "dropout" if self.has_rng("dropout") else "params"
                values[path] = self.make_rng(name) if self.has_rng(name) else jax.random.key(0)
            else:
                values[path] = jnp.zeros(variable.shape, variable.dtype)
        for (collection, name), paths in trees.items():
            start = _Start(self.layer, tuple(paths))
            if collection == "params":
                tree = self.param(name, start)
            else:
                key = self.make_rng("params") if self.is_initializing() else None
                tree = self.variable(collection, name, start, key).value
            for path in paths:
                values[path] = _at(tree, list(map(str, path))[1:])
        return values


class _Start:
    """How some variables of a layer start, as one tree; an initializer as Linen has it."""

    def __init__(self, layer: Any, paths: tuple[Path, ...]) -> None:
        self._layer, self._paths = layer, paths

    def __call__(self, key: Any) -> Any:
        variables = variables_of(Building(nnx.Rngs(key)).make(self._layer))
        tree: Any = None
        for path in self._paths:
            tree = _with(tree, list(map(str, path))[1:], variables[path])
        return tree


def in_linen(node: Any) -> Any:
    """A Linen node with the layers of NNX among its arguments as layers of Linen."""

    def visit(value: Any, path: Path) -> Any:
        if is_builder(value):
            return InLinen(value)
        changes = map_items(value, path, visit)
        return replace(value, changes, path) if changes else value

    return visit(node, ROOT)


def _collection(variable: nnx.Variable[Any]) -> str:
    name: str = "params" if isinstance(variable, nnx.Param) else nnx.variable_name_from_type(type(variable))
    return name


def _at(tree: Any, names: list[str]) -> Any:
    for name in names:
        tree = tree[name]
    return tree


def _with(tree: Any, names: list[str], variable: nnx.Variable[Any]) -> Any:
    """A tree of dicts with the value of a variable at a path."""
    if not names:
        return variable.get_value()
    return {**(tree or {}), names[0]: _with((tree or {}).get(names[0]), names[1:], variable)}
