"""`Engine`: where batches of configurations run."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import jax

from symjax.core.errors import brief

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

    @property
    def is_shared(self) -> bool:
        """Whether several processes have to call `evaluate` together, each with the same batch."""
        return False

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
        fields: dict[str, dataclasses.Field[Any]] | None = getattr(type(self), "__dataclass_fields__", None)
        if fields is None:
            return super().__repr__()
        names = [name for name, field in fields.items() if field.init and not _is_default(self, field)]
        shown = [f"{name}={getattr(self, name)!r}" for name in names]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_engine(engine: object) -> None:
    """Refuses what is no engine; None is the default.

    Raises:
        TypeError: It is something else.
    """
    if engine is not None and not isinstance(engine, Engine):
        raise TypeError(
            f"engine is one of search.engines, such as search.engines.Local(); got {brief(engine)}"
        )


def _is_default(engine: Engine, field: dataclasses.Field[Any]) -> bool:
    makes = field.default_factory
    default = field.default if makes is dataclasses.MISSING else makes()
    return bool(getattr(engine, field.name) == default)
