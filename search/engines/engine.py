"""`Engine`: where batches of configurations run."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import jax

from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space

T = TypeVar("T")


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

    @property
    def is_leader(self) -> bool:
        """Whether this process is the one that writes a study; of several that run the same script one is."""
        return True

    def agree(self, make: Callable[[], T]) -> T:
        """What is computed, in the leader alone where there are several processes; the same in all of them.

        So a study's file is read and written: by one process, while the others learn what came of it.

        Args:
            make: Computes it; what it returns is pickled where there are several processes.

        Raises:
            Exception: What `make` raises, in all of them.
        """
        return make()

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Lets go of what the engine has started."""

    def __repr__(self) -> str:
        """The engine as it is written: what differs from the defaults."""
        if not dataclasses.is_dataclass(self):
            return super().__repr__()
        shown = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.init
            and getattr(self, field.name)
            != (field.default_factory() if callable(field.default_factory) else field.default)
        }
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
