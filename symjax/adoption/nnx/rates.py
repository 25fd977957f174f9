"""Dropout and attention of Flax NNX with rates that `jit` traces.

NNX has nothing like `flax.linen.intercept_methods`, and modules that nobody here wrote make its layers
themselves. So the methods of two of Flax's classes are wrapped, once, when this file is imported. The wrapped
ones do as before, but where a rate is traced: there Flax's raise. See `traced_rates.py`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
from flax import nnx

from symjax.adoption.linen.rates import BETWEEN, standing_in


def _call_with(call: Callable[..., Any], name: str) -> Any:
    """A layer's call, during which its rate may be traced."""

    @functools.wraps(call)
    def wrapped(self: nnx.Module, *args: Any, **kwargs: Any) -> Any:
        with standing_in(self, name):
            return call(self, *args, **kwargs)

    return wrapped


def _init_with(init: Callable[..., Any], name: str) -> Any:
    """A layer's constructor, after which a traced rate is data, as NNX has it, and no part of the structure.

    Until then another stands in its place: the constructor may ask whether it is 0.
    """
    signature = inspect.signature(init)

    @functools.wraps(init)
    def wrapped(self: nnx.Module, *args: Any, **kwargs: Any) -> None:
        if not any(isinstance(value, jax.core.Tracer) for value in (*args, *kwargs.values())):
            init(self, *args, **kwargs)
            return
        call = signature.bind(self, *args, **kwargs)
        rate = call.arguments.get(name)
        if isinstance(rate, jax.core.Tracer):
            call.arguments[name] = BETWEEN
        init(*call.args, **call.kwargs)
        if isinstance(rate, jax.core.Tracer):
            setattr(self, name, nnx.data(rate))

    return wrapped


for _layer, _name in ((nnx.Dropout, "rate"), (nnx.MultiHeadAttention, "dropout_rate")):
    setattr(_layer, "__call__", _call_with(_layer.__call__, _name))  # noqa: B010 - mypy refuses assignment
    setattr(_layer, "__init__", _init_with(vars(_layer)["__init__"], _name))  # noqa: B010 - likewise
