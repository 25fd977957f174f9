"""`effects`: what each field of a model does, found out by abstract calls alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from symjax.core.errors import brief, nearest_first, unknown
from symjax.core.tracebacks import hiding_frames

from ..outlines.finding import models
from ..outlines.inputs import inputs_of_call
from .sizes.probe import Effect, Kind, Probe


class Effects(Mapping[str, Effect]):
    """The fields of a tree's models by path, each with its `Effect`; prints as a table."""

    def __init__(self, effects: Sequence[Effect]) -> None:
        self._effects = {str(effect.path): effect for effect in effects}

    def __getitem__(self, path: str) -> Effect:
        if path not in self._effects:
            listed = nearest_first(path, self._effects)
            raise KeyError(unknown("field", path, listed, "the fields of its models"))
        return self._effects[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._effects)

    def __len__(self) -> int:
        return len(self._effects)

    def of(self, *kinds: Kind) -> tuple[Effect, ...]:
        """The fields of some kinds, in the order of the tree."""
        return tuple([effect for effect in self.values() if effect.kind in kinds])

    def __str__(self) -> str:
        rows = [("field", "value", "kind", "parameters", "FLOPs", "")]
        rows += [_row(effect) for effect in self.values()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]) for row in rows
        ]
        return "\n".join([line.rstrip() for line in lines])

    __repr__ = __str__


def _row(effect: Effect) -> tuple[str, str, str, str, str, str]:
    change = f"{effect.arrays} change, {effect.size:.3g}x" if effect.arrays else ""
    flops = "" if effect.flops == 1.0 else f"{effect.flops:.3g}x"
    return str(effect.path), brief(effect.value), effect.kind, change, flops, effect.remark


@hiding_frames
def effects(tree: Any, /, *args: Any, **kwargs: Any) -> Effects:
    """Finds out what each field of a tree's models does, by abstract calls alone: nothing is computed.

    Ints are changed, mostly doubled, and the shapes of parameters and outputs compared, see `Kind`; where
    layers come, once more, to see whether more come again. Where the model refuses, other values are tried
    (a half, one more), and then all that were refused with the same value at once. Floats are traced.
    Fields in configurations, in lists, in arguments of functions that build modules and of NNX nodes count;
    of the arguments of layers those that were given.

    Args:
        tree: An experiment, or a model.
        *args: Example inputs, arrays or `jax.ShapeDtypeStruct`: the positional arguments of the one model;
            or `Inputs`; or a mapping of paths of models to inputs. By default what ``tree.example_inputs()``
            gives.
        **kwargs: Arguments of the one model by name.

    Returns:
        The fields by path.

    Raises:
        ValueError: No model, or no inputs, or they may be for several models.
        KeyError: Inputs for a path at which no model stands.
        Exception: What a model raises as it is.

    Example:
        >>> import flax.linen, jax, jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import patches
        >>> @sj.symbolize
        ... class Net(flax.linen.Module):
        ...     width: int = 8
        ...     depth: int = 2
        ...     classes: int = 3
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         for _ in range(self.depth):
        ...             x = flax.linen.Dense(self.width)(x)
        ...         return flax.linen.Dense(self.classes)(x)
        >>> print(patches.effects(Net(), jnp.ones((1, 4))))
        field    value  kind   parameters       FLOPs
        width    8      width  5 change, 2.9x   3.07x
        depth    2      depth  6 change, 2.04x  2.07x
        classes  3      task   2 change, 1.19x  1.2x   the outputs change their shape
    """
    by_path = inputs_of_call(tree, args, kwargs)
    standing = {model.path: model for model in models(tree)}
    probes = [Probe.of(tree, standing[path], its) for path, its in by_path.items()]
    return Effects([effect for probe in probes for effect in probe.effects()])
