"""Functions that build a Linen module: a node stands for the module that the function builds."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
from jax.extend.core import get_opaque_trace_state

from symjax.adoption.flax_private import is_running, unbound
from symjax.adoption.functions import FunctionSchema, Maker, built_type, call, symbolize_function
from symjax.adoption.ties import record_ties
from symjax.core.errors import brief, note
from symjax.core.inside import INSIDE, PatchableSchema
from symjax.core.marks import MissingError
from symjax.core.schema import ATTRIBUTE, Options, Schema
from symjax.types.adopters import Memo, adopted
from symjax.verbs.rebind import rebind

_BUILT = "_sj_built"  # in a node's dict: the module that it stands for
_trace = functools.partial(get_opaque_trace_state, convention="flax")
_OUTSIDE = _trace()


class _Built(NamedTuple):
    """The module that a node stands for, and the trace in which it was built.

    What a function computes under a trace are tracers, wherever it hides them in the module: such a module
    is none of another trace. One that was built outside of all is good everywhere.
    """

    module: Any
    trace: Any


class LinenFunctionSchema(PatchableSchema, FunctionSchema):
    """Functions that build Linen modules."""

    kind: ClassVar[str] = "linen_function"

    ties: ClassVar[bool] = True

    def tied(self, values: dict[str, Any]) -> dict[str, Any]:
        """See `Schema.tied`; a module that is given twice is one to the function."""
        return record_ties(values)


class LinenFunction(Maker):
    """A function with its arguments, in the place of the Linen module that it builds.

    Where a module is running, a call of the class gives the module itself, as a child of the one that runs.
    """

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - see the class
        node = super().__new__(cls)
        if not is_running():
            return node
        cls.__init__(node, *args, **kwargs)
        schema: Schema = getattr(cls, ATTRIBUTE)
        values = schema.read(node)
        return node if schema.holes(values) else call(cls, values)

    def make(self) -> Any:
        """The module, built at the first use and kept; under a trace, at the first use there.

        Raises:
            MissingError: Arguments of the function are missing.
            TypeError: The function has built something else.
        """
        attributes: Any = self.__dict__
        built = attributes.get(_BUILT)
        if built is not None and (built.trace == _OUTSIDE or built.trace == _trace()):
            return built.module
        new = _Built(self._build(), _trace())
        if built is None:
            return attributes.setdefault(_BUILT, new).module  # another thread may have been faster
        attributes[_BUILT] = new
        return new.module

    def _build(self) -> Any:
        with unbound():
            module = call(type(self), getattr(type(self), ATTRIBUTE).read(self))
            if isinstance(module, LinenFunction):
                return module.make()
            if not isinstance(module, nn.Module):
                raise TypeError(
                    f"{type(self).__name__} says by its annotation that it builds a Linen module, and has "
                    f"built {brief(module)} of type {type(module).__name__}"
                )
            inside = vars(self).get(INSIDE, ())
            module = adopted(module, Memo())
            return rebind(module, {INSIDE: (*vars(module).get(INSIDE, ()), *inside)}) if inside else module

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Calls the module."""
        return self.make()(*args, **kwargs)

    if not typing.TYPE_CHECKING:  # or no misspelt attribute would be found

        def __getattr__(self, name: str) -> Any:
            error = getattr(type(self), ATTRIBUTE).absent_attribute(self, name)
            if name.startswith("_") or isinstance(error, MissingError):
                raise error
            module = self.make()
            try:
                return getattr(module, name)
            except AttributeError as missing:
                note(missing, f"The module was built by {type(self).__name__}: {error}")
                raise


def symbolize_linen_function(function: Callable[..., Any], options: Options) -> type:
    """The class of a function that builds a Linen module; see `symjax.symbolize`."""
    options = options._replace(factory=LinenFunction)
    return symbolize_function(function, options, LinenFunctionSchema, built_type(function, nn.Module))
