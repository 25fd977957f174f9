"""One process decides what is evaluated, and the others take part in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, final

import jax
import numpy as np
import numpy.typing as npt

from ..evaluation.running.peers import sendable
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .engine import Engine
from .group import Group

T = TypeVar("T")

_ITS_OWN = ("on_result", "progress")  # are for the leader alone


@dataclass(frozen=True)
class _Batch:
    """Sent by the leader: what all evaluate now."""

    genes: tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
    key: jax.Array
    options: dict[str, Any]


@dataclass(frozen=True)
class _End:
    """Sent by the leader: what it returns, or raises."""

    value: Any
    error: BaseException | None


@final
class Leading(Engine):
    """The engine of a leader: tells the others what to evaluate before it does so with them.

    Args:
        engine: Evaluates with all processes.
        group: The processes.
    """

    def __init__(self, engine: Engine, group: Group) -> None:
        self._engine = engine
        self._group = group

    def evaluate(
        self,
        fn: Callable[..., Any],
        space: Space,
        dnas: DNA,
        key: jax.Array,
        *broadcast: Any,
        **options: Any,
    ) -> Results:
        """See `Engine.evaluate`."""
        genes = (np.asarray(dnas.choices), np.asarray(dnas.floats))
        shared = {name: value for name, value in options.items() if name not in _ITS_OWN}
        self._group.gather(_Batch(genes, key, shared))
        return self._engine.evaluate(fn, space, dnas, key, *broadcast, **options)


def lead(run: Callable[[Engine], T], engine: Engine, group: Group) -> T:
    """Runs in the leader; the others hear what came of it.

    Raises:
        BaseException: What it raises.
    """
    try:
        value = run(Leading(engine, group))
    except BaseException as error:
        group.part(_End(None, sendable(error) if isinstance(error, Exception) else KeyboardInterrupt()))
        raise
    group.part(_End(value, None))
    return value


def follow(
    engine: Engine, group: Group, fn: Callable[..., Any], space: Space, broadcast: tuple[Any, ...]
) -> Any:
    """Takes part in what the leader evaluates, until it has come to its end.

    Returns:
        What the leader returns.

    Raises:
        BaseException: What the leader raises, or the first that was raised here alone.
    """
    own: Exception | None = None
    while True:
        message = group.gather(None)[0]
        if isinstance(message, _End):
            if message.error is not None:
                raise message.error from own
            return message.value
        dnas = DNA(space.spec, *message.genes)
        try:
            engine.evaluate(fn, space, dnas, message.key, *broadcast, **message.options)
        except (Exception, KeyboardInterrupt) as error:
            if group.is_lost:
                raise
            own = own or (error if isinstance(error, Exception) else None)  # the leader says how it goes on
