"""`trace_axes`: which axes of a model's parameters are of one size for one reason, read from its program."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax

from ..outlines.calling import Outline
from ..outlines.inputs import abstract_key
from .extents import Extent, Extents
from .rules.programs import constants_of, interpret
from .rules.values import Value


class Axes:
    """What the program of a model says of the axes of its parameters; see `trace_axes`.

    An axis has an *extent*: a tuple of the numbers of classes, whose sizes multiply to its size, major
    first. Axes with a class in common grow and shrink together. A class may be a *sum*, of a concatenation
    or of what is cut apart: its size follows from those of its terms.

    Attributes:
        parameters: The extents of the axes of each parameter, by its path (``params/Dense_0/kernel``).
        pinned: Why the size of a class cannot be chosen, for those of which this is known: it stands in the
            model's inputs or outputs, or counts positions.
        loose: Classes that arrays in the code share, such as a table of positions: whether these follow when
            the parameters change, only another call can tell.
        counts: Classes that number things, such as heads and groups: what was cut off at the front of an
            axis.
    """

    def __init__(self, extents: Extents, parameters: Mapping[str, Value]) -> None:
        self._extents = extents
        self.parameters = {
            path: tuple([extents.flat(extent) for extent in value]) for path, value in parameters.items()
        }
        self.pinned = extents.pins(lightly=False)
        self.loose = extents.pins(lightly=True)
        self.counts = extents.counts()

    def places(self) -> dict[int, list[tuple[str, int]]]:
        """The parameters' axes in which each class occurs, as paths and positions."""
        places: dict[int, list[tuple[str, int]]] = {}
        for path, value in self.parameters.items():
            for axis, extent in enumerate(value):
                for number in dict.fromkeys(self.leaves(extent)):
                    places.setdefault(number, []).append((path, axis))
        return places

    def size(self, extent: Extent, sizes: Mapping[int, int] | None = None) -> int:
        """The size of an extent, where some classes have other sizes.

        Args:
            extent: That of an axis.
            sizes: New sizes of classes that are no sums; the others stay.
        """
        return math.prod([self._size(number, sizes or {}) for number in extent])

    def shapes(self, sizes: Mapping[int, int]) -> dict[str, tuple[int, ...]]:
        """The shapes of all parameters, where some classes have other sizes."""
        return {
            path: tuple([self.size(extent, sizes) for extent in value])
            for path, value in self.parameters.items()
        }

    def terms(self, number: int) -> tuple[Extent, ...]:
        """The extents that a class is the sum of; none if it is no sum."""
        terms = self._extents.terms((number,))
        return () if terms == ((number,),) else terms

    def drivers(self, extent: Extent, fixed: frozenset[int] | set[int]) -> set[int]:
        """The classes that change when the size of an axis is to: the minor one of a product, all of a sum.

        Args:
            extent: That of the axis.
            fixed: Classes that must stay.

        Returns:
            The classes; none if the axis cannot change.
        """
        free = [number for number in extent if number not in fixed]
        things = [number for number in free if number not in self.counts]
        for number in reversed(things or free):
            terms = self.terms(number)
            if not terms:
                return {number}
            drivers = set().union(*[self.drivers(term, fixed) for term in terms])
            if drivers:
                return drivers
        return set()

    def _size(self, number: int, sizes: Mapping[int, int]) -> int:
        if number in sizes:
            return sizes[number]
        terms = self.terms(number)
        if terms:
            return sum([self.size(term, sizes) for term in terms])
        return self._extents.size((number,))

    def leaves(self, extent: Extent) -> list[int]:
        """The classes, no sums, of which the size of an extent is made."""
        leaves: list[int] = []
        for number in extent:
            terms = self.terms(number)
            leaves += [leaf for term in terms for leaf in self.leaves(term)] if terms else [number]
        return leaves

    def __str__(self) -> str:
        lines = []
        for number, places in self.places().items():
            where = ", ".join([f"{path}[{axis}]" for path, axis in places])
            why = self.pinned.get(number) or self.loose.get(number)
            lines.append(f"{self.size((number,))}: {where}{f' ({why})' if why else ''}")
        return "\n".join(lines)


def trace_axes(program: Callable[..., Any], parameters: Any, *inputs: Any) -> Axes:
    """Finds which axes of a program's parameters are of one size for one reason.

    The program is traced and never run; each of its operations says something: the features of a layer
    are the channels of the next, a sum has terms of one shape, a reshape merges height, width and channels,
    a concatenation adds up. What an unknown operation depends on is pinned. It sees the program alone, so it
    serves Linen, NNX and plain JAX alike.

    Args:
        program: A function of parameters and inputs, ``model.apply`` for instance.
        parameters: The parameters, or their shapes (`jax.ShapeDtypeStruct`).
        *inputs: The other arguments, or their shapes. What they have in common with a parameter is pinned,
            and so is what the results have.

    Returns:
        The extents of the axes of each parameter.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> def program(p, x):
        ...     return jax.nn.relu(x @ p['a']) @ p['b']
        >>> print(trace_axes(program, {'a': jnp.ones((3, 8)), 'b': jnp.ones((8, 2))}, jnp.ones((4, 3))))
        3: a[0] (an input has this size)
        8: a[1], b[0]
        2: b[1] (an output has this size)
    """
    extents = Extents()
    closed = jax.make_jaxpr(program)(parameters, *inputs)
    values: list[Value] = [
        tuple([extents.fresh(size) for size in getattr(variable.aval, "shape", ())])
        for variable in closed.jaxpr.invars
    ]
    paths = [
        jax.tree_util.keystr(path, simple=True, separator="/")
        for path, _ in jax.tree_util.tree_leaves_with_path(parameters)
    ]
    for value in values[len(paths) :]:
        _pin(extents, value, "an input has this size")
    for value in interpret(extents, closed.jaxpr, constants_of(extents, closed), values):
        _pin(extents, value, "an output has this size")
    return Axes(extents, dict(zip(paths, values, strict=False)))


def _pin(extents: Extents, value: Value, reason: str) -> None:
    for extent in value:
        extents.pin(extent, reason)


def model_axes(outline: Outline) -> Axes:
    """The axes of a model's variables, as far as its outputs depend on them.

    Args:
        outline: An abstract call of the model. The parameters' paths start with the name of their collection.
    """

    def program(variables: Any, key: Any, arrays: Any) -> Any:
        return outline.call(variables, key, arrays)[0]

    return trace_axes(program, outline.variables, abstract_key(), outline.program.arrays)
