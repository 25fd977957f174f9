"""What `plan` and `evaluate` are called with: read, and refused before anything is traced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax

from symjax.core.errors import at, brief, note
from symjax.core.schema import is_symbolic

from ..spaces.dna import DNA
from ..spaces.opening import require_space
from ..spaces.space import Space
from .arguments import Aval, aval_of


def check_function(fn: object, shared: int) -> None:
    """Refuses what is no function, one that cannot be called so, and a method of one experiment.

    Args:
        fn: The function.
        shared: How many arguments all configurations share.

    Raises:
        TypeError: It is one of these.
    """
    if not callable(fn):
        raise TypeError(
            f"expected a function of (experiment, key), got {brief(fn)}; "
            "search.evaluate(fn, space, dnas, key) takes it first"
        )
    bound = getattr(fn, "__self__", None)
    if is_symbolic(bound):
        name = getattr(fn, "__name__", "run")
        raise TypeError(
            f"expected a function of (experiment, key), got a method bound to one experiment; "
            f"give {type(bound).__name__}.{name} itself"
        )
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):  # no Python function: it says itself what it takes
        return
    try:
        signature.bind(*[None] * (2 + shared))
    except TypeError as error:
        arguments = f"{shared} shared argument{'' if shared == 1 else 's'}"
        advice = (
            "what all configurations share, such as data, stands behind the key: "
            "search.evaluate(fn, space, dnas, key, data)"
        )
        if not shared and _takes(signature, 1):
            advice = "it takes a key, too, out of which it draws what it draws: def fn(experiment, key)"
        raise TypeError(
            f"{_name_of(fn)}{signature} cannot be called with an experiment, a key and {arguments}: {error}; "
            f"{advice}"
        ) from None


def _takes(signature: inspect.Signature, number: int) -> bool:
    """Whether a function can be called with so many arguments."""
    try:
        signature.bind(*[None] * number)
    except TypeError:
        return False
    return True


def _name_of(fn: Callable[..., Any]) -> str:
    return str(getattr(fn, "__qualname__", type(fn).__name__)).rpartition("<locals>.")[2]


def check_space(space: object) -> None:
    """Refuses what is no space, and a space whose trees cannot run.

    Raises:
        TypeError: It is no space.
        ValueError: Choices are left closed.
    """
    require_space(space)
    assert isinstance(space, Space)
    if space.closed:
        raise ValueError(
            f"the space leaves choices closed, so that its trees cannot run; open or replace "
            f"{', '.join(map(str, space.closed))} {at(space.closed[0])}"
        )


def batch_of(space: Space, configurations: object) -> DNA:
    """A batch out of what a user calls one.

    Args:
        space: The space.
        configurations: A batch of DNAs, a single DNA, or a list of DNAs or of trees of the space.

    Returns:
        The batch, in NumPy arrays.

    Raises:
        TypeError: It is something else, `space` is no space, or `jit` traces it.
        ValueError: A DNA of another space or out of range, or a tree that is not in the space; a note says
            which one of the list.
    """
    require_space(space)
    if isinstance(configurations, Iterator):
        raise TypeError(
            f"expected a batch of DNAs, got {brief(configurations)}, which can be gone through but once; "
            "wrap it in list(…)"
        )
    if isinstance(configurations, list | tuple):
        dnas = [_dna(space, value, place) for place, value in enumerate(configurations)]
        configurations = DNA.concat(dnas) if dnas else space.sample(jax.random.key(0), 0)
    if not isinstance(configurations, DNA) or len(configurations.shape) > 1:
        raise TypeError(
            "expected a batch of DNAs, as space.sample(key, n) gives one, or a list of trees of the space; "
            f"got {brief(configurations)}"
        )
    configurations.check_spec(space.spec)
    if any(isinstance(genes, jax.core.Tracer) for genes in (configurations.choices, configurations.floats)):
        raise TypeError(
            "these DNAs are traced: an evaluation compiles its own programs, and cannot be planned or run "
            "inside jit, vmap or scan"
        )
    batch = (configurations if configurations.shape else DNA.concat([configurations])).host()
    space.spec.check(batch.choices, batch.floats)
    return batch


def _dna(space: Space, value: object, place: int) -> DNA:
    try:
        return value if isinstance(value, DNA) else space.encode(value)
    except (TypeError, ValueError, KeyError) as error:
        note(error, f"This is number {place} of the list of configurations.")
        if isinstance(value, Mapping):
            note(error, "Of values by the names of decisions, space.from_values(…) makes a DNA.")
        raise


def devices_of(devices: jax.Device | Sequence[jax.Device] | None) -> tuple[jax.Device, ...]:
    """The devices that are meant: one, several, or all local ones.

    Raises:
        ValueError: An empty list.
    """
    if isinstance(devices, jax.Device):
        return (devices,)
    chosen = tuple(jax.local_devices() if devices is None else devices)
    if not chosen:
        raise ValueError("an evaluation needs at least one device, got an empty list")
    return chosen


def key_aval(key: jax.Array) -> Aval:
    """What is known of the root key.

    Raises:
        TypeError: It is no key, or `jit` traces it.
        ValueError: It is of a kind of which a vectorized program draws other numbers than a single one.
    """
    if isinstance(key, jax.core.Tracer):
        raise TypeError(
            "the root key is traced: an evaluation compiles its own programs, and cannot be planned or run "
            "inside jit, vmap or scan"
        )
    try:
        data = jax.random.key_data(key)
    except TypeError as error:
        raise TypeError(f"expected a JAX key, as jax.random.key(0) gives one; got {key!r}") from error
    if data.shape != (2,):
        kind = "rbg" if data.shape == (4,) else f"of shape {list(data.shape)}"
        raise ValueError(
            f"the root key is {kind}, but must be a single one of threefry: under vmap the numbers of an "
            "rbg key depend on its neighbours; give jax.random.key(seed, impl='threefry2x32')"
        )
    return aval_of(key)
