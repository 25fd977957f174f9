"""Everything that the laws are stated for: each covered name of each room, made and used by its example."""

import contextlib
import dataclasses
import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any

import flax.linen
import flax.linen.initializers
import flax.nnx
import jax
import numpy as np
import optax

import symjax.linen
import symjax.nnx
import symjax.optax
from symjax.adoption.static_arguments import STATIC

from . import linen_examples, names, nnx_examples, optax_examples
from .laws import Floats, Numbers, Place


@dataclasses.dataclass(frozen=True)
class Subject:
    """Something public of Flax, JAX or Optax that has a symbolic version.

    Attributes:
        room: Where it belongs.
        name: Its name in the room.
        make: Makes it with the names of a namespace: the room's original, or the symbolic view.
        use: What one does with it: a layer's variables and output, an optimizer's steps, a schedule's values.
        original: The namespace of the original.
        view: The symbolic view.
    """

    room: names.Room
    name: str
    make: Callable[[Any], Any]
    use: Callable[[Any], Any]
    original: Any
    view: Any

    def __repr__(self) -> str:
        return f"{self.room.title} {self.name}"

    def plain(self) -> Any:
        """Made of the original."""
        return self.make(Numbers(self.original, lambda place, value: value))

    def node(self) -> Any:
        """Made of the symbolic view."""
        return self.make(self.view)

    def floats(self, namespace: Any) -> Floats:
        """All floats that are leaves of the node, those of defaults too."""
        return Floats(self.make, namespace, self.is_static)

    def is_static(self, place: Place) -> bool:
        """Whether the curated table says that this float is structure."""
        owner, argument = place
        return argument in STATIC.get(f"{self.room.view}.{owner}", ())


def _layer(name: str, cls: type) -> Subject:
    found = linen_examples.example(name, cls)
    return Subject(
        names.LINEN,
        name,
        lambda nn: getattr(nn, name)(**found.arguments(nn)),
        functools.partial(linen_examples.run, found),
        flax.linen,
        symjax.linen,
    )


def _nnx_layer(name: str, cls: Any) -> Subject:
    found = nnx_examples.example(name, cls)
    make = functools.partial(nnx_examples.make, name, found)
    use = functools.partial(nnx_examples.run, found)
    return Subject(names.NNX, name, make, use, nnx_examples.Plain(), symjax.nnx)


def _partitioned(name: str, function: Any) -> Subject:
    if name not in ("with_partitioning", "with_logical_partitioning"):
        raise LookupError(
            f"flax.linen.{name} is new here: add its module to VALUES in names.py if it is a function of arrays, "
            "its name to EXCEPTIONS there with a reason, or make it a subject in subjects.py"
        )
    return Subject(
        names.LINEN_FUNCTIONS,
        name,
        lambda nn: getattr(nn, name)(nn.initializers.normal(stddev=0.5), ("rows", None)),
        lambda made: made(jax.random.key(0, impl="unsafe_rbg"), (2, 3)),
        flax.linen,
        symjax.linen,
    )


def _parameter(initializer: Any) -> Any:
    with flax.nnx.use_eager_sharding(False):  # there is no mesh
        return flax.nnx.Param(initializer(jax.random.key(0, impl="unsafe_rbg"), (2, 3)))


def _annotated(name: str, function: Any) -> Subject:
    arguments = {"with_partitioning": {"sharding": ("rows", None)}, "with_metadata": {"note": "kept"}}
    if name not in arguments:
        raise LookupError(
            f"flax.nnx.{name} is new here: add its module to VALUES in names.py if it is a function of arrays, "
            "its name to EXCEPTIONS there with a reason, or make it a subject in subjects.py"
        )
    return Subject(
        names.NNX_FUNCTIONS,
        name,
        lambda nn: getattr(nn, name)(nn.initializers.normal(stddev=0.5), **arguments[name]),
        _parameter,
        flax.nnx,
        symjax.nnx,
    )


INITIALIZER_ARGUMENTS: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.5},
    "variance_scaling": {"scale": 2.0, "mode": "fan_in", "distribution": "normal"},
}
SHAPES: dict[str, tuple[int, ...]] = {"delta_orthogonal": (3, 2, 4)}


def _initializer(name: str, function: Any) -> Subject:
    arguments = INITIALIZER_ARGUMENTS.get(name, {})
    required = {p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty}
    if not required <= arguments.keys():
        raise LookupError(
            f"the initializer {name} is new here and requires {', '.join(sorted(required - arguments.keys()))}: "
            "add its arguments to INITIALIZER_ARGUMENTS in subjects.py"
        )
    shape = SHAPES.get(name, (3, 4))
    return Subject(
        names.INITIALIZERS,
        name,
        lambda initializers: getattr(initializers, name)(**arguments),
        lambda made: made(jax.random.key(0, impl="unsafe_rbg"), shape),
        flax.linen.initializers,
        symjax.linen.initializers,
    )


def _of_optax(name: str, function: Any) -> Subject:
    found = optax_examples.example(name, function)

    def make(ox: Any) -> Any:
        arguments = found.arguments(ox)
        if optax_examples.is_loss(function):
            arguments = {k: v for k, v in arguments.items() if not isinstance(v, np.ndarray)}
        args, kwargs = ((), arguments) if isinstance(arguments, dict) else (arguments, {})
        return operator.attrgetter(name)(ox)(*args, **kwargs)

    return Subject(names.OPTAX, name, make, optax_examples.use_of(found, function), optax, symjax.optax)


# How a name of each room becomes a subject. Another package is another room and another line here.
MAKERS: dict[str, Callable[[str, Any], Subject]] = {
    names.LINEN.title: _layer,
    names.LINEN_FUNCTIONS.title: _partitioned,
    names.NNX.title: _nnx_layer,
    names.NNX_FUNCTIONS.title: _annotated,
    names.INITIALIZERS.title: _initializer,
    names.OPTAX.title: _of_optax,
}


def subjects() -> list[Subject]:
    """All of them; a name without an example is left out here, and fails in `test_coverage.py`."""
    found = []
    for room in names.ROOMS:
        left_out = names.exceptions(room)
        for name, value in names.members(room).items():
            if name not in left_out and not names.is_value(room, value):
                with contextlib.suppress(LookupError):
                    found.append(MAKERS[room.title](name, value))
    return found
