"""Dropout rates that `jit` traces, in Flax's own layers.

Flax asks in Python whether a rate is 0 or 1, to skip work that is not needed then; a traced rate cannot
answer. While one of Flax's layers runs, such a rate stands in it as a `TracedRate`, which answers as every
rate between the two does. A rate that is a number never gets here: Flax's code runs as it is.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from symjax.adoption.flax_private import interceptors

BETWEEN = 0.5  # answers Flax's questions as all rates between 0 and 1 do
_LINEN_RATES = ((nn.Dropout, "rate"), (nn.MultiHeadDotProductAttention, "dropout_rate"))


class TracedRate:
    """A traced rate, as the dropout code of Flax takes it.

    Compared with 0 and 1 it lies between them; in all else it is the traced value. A rate that turns out
    to be 0 keeps everything, and one that is 1 drops everything, with gradients that are zero.

    Args:
        value: The traced rate, a scalar.
    """

    __slots__ = ("value",)
    __hash__ = object.__hash__

    def __init__(self, value: jax.Array) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return True

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    def __rsub__(self, other: Any) -> Any:
        kept = other - self.value
        if type(other) not in (int, float) or other != 1:
            return kept
        # The share that is kept: nothing is below -1, as nothing is below 0; but it can be divided by.
        return jnp.where(self.value == 1, -1, kept)


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    def method(self: TracedRate, other: Any) -> Any:
        at_an_end = type(other) in (int, float) and other in (0, 1)
        return compare(BETWEEN if at_an_end else self.value, other)

    return method


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Any:
    return lambda self, other: compute(self.value, other)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(TracedRate, f"__{_name}__", _comparison(getattr(operator, _name)))
for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(TracedRate, f"__{_name}__", _arithmetic(getattr(operator, _name)))
for _name in ("add", "mul"):
    setattr(TracedRate, f"__r{_name}__", _arithmetic(getattr(operator, _name)))


@contextlib.contextmanager
def standing_in(module: Any, name: str) -> Iterator[None]:
    """While it lasts, a layer's attribute `name` is a `TracedRate` if it is traced."""
    attributes = vars(module)
    rate = attributes.get(name)
    if not isinstance(rate, jax.core.Tracer):
        yield
        return
    attributes[name] = TracedRate(rate)
    try:
        yield
    finally:
        attributes[name] = rate


def intercept_rates(run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
    """An interceptor for `flax.linen.intercept_methods`: dropout and attention take traced rates."""
    for layer, name in _LINEN_RATES:
        if isinstance(context.module, layer):
            with standing_in(context.module, name):
                return run(*args, **kwargs)
    return run(*args, **kwargs)


def taking_rates() -> contextlib.AbstractContextManager[None]:
    """While it lasts, the Linen layers that run in it take traced rates, those of plain Flax too."""
    if intercept_rates in interceptors():
        return contextlib.nullcontext()
    return nn.intercept_methods(intercept_rates)
