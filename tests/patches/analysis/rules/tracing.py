"""Programs of parameters, and which axes of these are one."""

import jax
import jax.numpy as jnp

from symjax.patches.analysis.axes import trace_axes


def shaped(**shapes):
    return {name: jax.ShapeDtypeStruct(shape, "float32") for name, shape in shapes.items()}


def axes_of(function, *inputs, **shapes):
    """The axes of a function of parameters and inputs; its outputs are summed up, lest they pin."""
    return trace_axes(lambda p, *x: jnp.sum(function(p, *x)), shaped(**shapes), *inputs)


def shared(axes):
    """The classes that several axes share, as ``a0 b1``."""
    places = axes.places().values()
    return {" ".join(f"{name}{axis}" for name, axis in its) for its in places if len(its) > 1}
