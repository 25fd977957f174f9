"""`Inputs`: what a model is called with, as an example of shapes; and which model in a tree gets which."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jax

from symjax.core.errors import brief, known, unknown
from symjax.core.leaves import is_array
from symjax.core.paths import Path
from symjax.text.array_forms import shape_text
from symjax.text.formatting import format as format_tree

from ..roles.marks import noting_roles
from .finding import Model, models

ExampleInputs: TypeAlias = Any
"""An array, a tuple of positional arguments, `Inputs`, a mapping of paths of models to these; or None."""


class Inputs:
    """Example inputs of a model: the arguments of a call, of which shapes and dtypes count alone.

    Arrays, also `jax.ShapeDtypeStruct`, are what the model computes with; everything else (``train=True``,
    a mask that is None) is handed to it as it is.

    Args:
        *args: Arguments by position.
        method: The name of the method that is called; by default ``__call__``.
        **kwargs: Arguments by name.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> inputs = Inputs(jnp.ones((2, 3)), train=False)
        >>> inputs
        Inputs(f32[2,3], train=False)
        >>> inputs.arrays
        (ShapeDtypeStruct(shape=(2, 3), dtype=float32),)
    """

    __slots__ = ("args", "kwargs", "method")
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    method: str | None

    def __init__(self, /, *args: Any, method: str | None = None, **kwargs: Any) -> None:
        if method is not None and not isinstance(method, str):
            raise TypeError(f"expected the name of a method, got {brief(method)}")
        object.__setattr__(self, "args", jax.tree.map(_abstract, args))
        abstract = {name: jax.tree.map(_abstract, value) for name, value in kwargs.items()}
        object.__setattr__(self, "kwargs", abstract)
        object.__setattr__(self, "method", method)

    @property
    def arrays(self) -> tuple[jax.ShapeDtypeStruct, ...]:
        """The shapes and dtypes of all arrays among the arguments, in order."""
        leaves = jax.tree.leaves((self.args, self.kwargs))
        return tuple(leaf for leaf in leaves if isinstance(leaf, jax.ShapeDtypeStruct))

    def filled(self, arrays: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments by position and by name, with arrays in the place of their shapes.

        Args:
            arrays: As many as `arrays` has, in its order; real ones, or tracers.
        """
        leaves, treedef = jax.tree.flatten((self.args, self.kwargs))
        rest = iter(arrays)
        filled = [next(rest) if isinstance(leaf, jax.ShapeDtypeStruct) else leaf for leaf in leaves]
        args, kwargs = jax.tree.unflatten(treedef, filled)
        return args, kwargs

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Inputs are immutable; make others instead of setting {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Inputs):
            return NotImplemented
        return (self.args, self.kwargs, self.method) == (other.args, other.kwargs, other.method)

    __hash__ = None  # type: ignore[assignment] # arguments may be of any type

    def __repr__(self) -> str:
        shown = [*map(_show, self.args), *(f"{name}={_show(value)}" for name, value in self.kwargs.items())]
        if self.method is not None:
            shown.append(f"method={self.method!r}")
        return f"Inputs({', '.join(shown)})"


def abstract_key() -> Any:
    """The shape of a random key, with which models are called abstractly."""
    return jax.eval_shape(jax.random.key, 0)


def takes(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether a function can be called with these arguments, as its signature says."""
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return False
    return True


@noting_roles()
def inputs_for(tree: Any, inputs: ExampleInputs = None) -> dict[Path, Inputs]:
    """Which model of a tree is called with what.

    Args:
        tree: An experiment, or a model.
        inputs: An array, or what holds some, as the only argument of the one model; a tuple of positional
            arguments; `Inputs`; or a mapping of paths of models to one of these. A model whose argument
            is a dict gets it as ``Inputs({…})``. By default what ``tree.example_inputs()`` gives, if the tree
            has that method.

    Returns:
        Inputs by path, in the order of the tree; none where none are known.

    Raises:
        ValueError: The tree holds no model; or several, and `inputs` do not say for which they are.
        KeyError: A path at which no model stands.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> inputs_for({'model': nn.Sequential([nn.Dense(3)])}, jnp.ones((2, 3)))
        {Path('model'): Inputs(f32[2,3])}
    """
    if inputs is None:
        example = getattr(type(tree), "example_inputs", None)
        inputs = None if example is None else example(tree)
        if inputs is None:
            return {}
    standing = models(tree)
    if not standing:
        raise ValueError(f"this {type(tree).__name__} holds no model that inputs could be for")
    if isinstance(inputs, Mapping):
        return _by_path(standing, inputs)
    return {_the_one(standing).path: _as_inputs(inputs)}


@noting_roles()
def inputs_of_call(tree: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[Path, Inputs]:
    """`inputs_for` what a function such as ``check(exp, *inputs)`` was called with.

    Args:
        tree: An experiment, or a model.
        args: The positional arguments of the one model; or one that stands for all, see `inputs_for`; or
            none.
        kwargs: Arguments of the one model by name.

    Raises:
        ValueError: No inputs; otherwise as `inputs_for`.
    """
    if kwargs:
        by_path = inputs_for(tree, Inputs(*args, **kwargs))
    else:
        by_path = inputs_for(tree, args[0] if len(args) == 1 else args or None)
    if not by_path:
        raise ValueError(
            "example inputs are needed: arrays, jax.ShapeDtypeStruct or patches.Inputs(…) after the tree; or "
            f"let {type(tree).__name__} have a method example_inputs(self) that gives them"
        )
    return by_path


def _by_path(standing: tuple[Model, ...], inputs: Mapping[Any, Any]) -> dict[Path, Inputs]:
    by_path = {model.path: model for model in standing}
    for path in inputs:
        if path not in by_path:
            message = unknown("model at", str(path), by_path, "its models are at")
            raise KeyError(
                f"{message}; a mapping among inputs that is an argument of a model goes into Inputs(…)"
            )
    return {path: _as_inputs(inputs[path]) for path in by_path if path in inputs}


def _the_one(standing: tuple[Model, ...]) -> Model:
    """The only model, or the only one among layers."""
    candidates = [model for model in standing if not model.is_layer] or standing
    if len(candidates) > 1:
        raise ValueError(
            f"these inputs may be for any of {len(candidates)} models; give a mapping of paths to inputs, "
            f"{{'{candidates[0]}': …}} ({known(candidates, 'models')})"
        )
    return candidates[0]


def _as_inputs(inputs: Any) -> Inputs:
    if isinstance(inputs, Inputs):
        return inputs
    return Inputs(*inputs) if type(inputs) is tuple else Inputs(inputs)


def _abstract(leaf: Any) -> Any:
    if not is_array(leaf):
        return leaf
    # As JAX would have it: NumPy's float64 is a float32, unless JAX was told otherwise.
    dtype = jax.dtypes.canonicalize_dtype(leaf.dtype, allow_extended_dtype=True)
    struct: Any = jax.ShapeDtypeStruct
    return struct(leaf.shape, dtype)


def _show(value: Any) -> str:
    return shape_text(value) if isinstance(value, jax.ShapeDtypeStruct) else format_tree(value)
