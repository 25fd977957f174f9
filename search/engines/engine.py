"""`Engine`: where batches of configurations run."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import jax

from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space


class Engine(abc.ABC):
    """Where batches of configurations run: on this machine's devices, on several hosts, on workers.

    A search gives an engine batch after batch. Whatever the engine, trials have the same ids, keys and, in
    the same kind of lanes, the same results.
    """

    @abc.abstractmethod
    def evaluate(
        self,
        fn: Callable[..., Any],
        space: Space,
        dnas: DNA,
        key: jax.Array,
        *broadcast: Any,
        **options: Any,
    ) -> Results:
        """Evaluates a batch, as `search.evaluate` does.

        Args:
            fn: ``fn(experiment, key, *broadcast) -> metrics``.
            space: The space.
            dnas: A batch.
            key: The root key of the trials.
            *broadcast: Arguments that all configurations share.
            **options: As `search.evaluate` takes them, but for those that say where to run.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Lets go of what the engine has started."""

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
