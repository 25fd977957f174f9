"""The parameters of the models that run while a program is traced, and of those that are nodes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import flax.linen
import jax

from symjax.core.paths import Path

from .calling import program_of
from .finding import Model
from .inputs import Inputs, abstract_key

_NO_CALLS: Final = ("setup", "<lambda>")  # the latter prepares a lifted module, before it is called

Shapes: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
"""The parameters of a model: their paths and shapes."""


@contextlib.contextmanager
def noting_parameters() -> Iterator[set[Shapes]]:
    """Notes the parameters of the Linen models that are called meanwhile, to initialize or to compute.

    Those of a model that another one calls are part of the other's. Models with the same parameters are one:
    an `init` after an `eval_shape` of it makes no second model.

    Yields:
        The parameters of each model, in a set that grows.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> with noting_parameters() as noted:
        ...     _ = jax.eval_shape(nn.Dense(3).init, jax.random.key(0), jax.numpy.ones((1, 2)))
        >>> noted
        {(('bias', (3,)), ('kernel', (2, 3)))}
    """
    noted: set[Shapes] = set()
    outermost = True

    def note(run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        nonlocal outermost
        module = context.module
        inner = not outermost or module.scope is None or module.path
        if inner or context.method_name in _NO_CALLS:
            return run(*args, **kwargs)
        outermost = False
        try:
            result = run(*args, **kwargs)
        finally:
            outermost = True
        noted.add(_shapes(module.variables.get("params", {})))
        return result

    with flax.linen.intercept_methods(note):
        yield noted


def node_parameters(model: Model) -> Shapes:
    """The parameters of a model that is made without inputs, as those of NNX are.

    Args:
        model: One of `models`, of the kind ``'nnx'``.

    Raises:
        Exception: What the model raises when it is made.
    """
    variables = jax.eval_shape(program_of(model, Inputs()).init, abstract_key(), ())
    return _shapes(variables.get("params", {}))


def count(shapes: Shapes) -> int:
    """How many numbers these parameters are.

    Example:
        >>> count((('bias', (3,)), ('kernel', (2, 3))))
        9
    """
    return sum(math.prod(shape) for _, shape in shapes)


def _shapes(params: Any) -> Shapes:
    return tuple(sorted((str(Path.from_jax(p)), leaf.shape) for p, leaf in jax.tree.leaves_with_path(params)))
