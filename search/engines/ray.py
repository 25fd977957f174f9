"""`Ray`: workers on the machines of a Ray cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import jax

from symjax.core.errors import brief

from ..compiling.lanes import Mode
from ..evaluation.conducting import conduct
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .dispatch import Dispatch
from .engine import Engine
from .pool import Pool


@final
@dataclass(eq=False, repr=False)
class Ray(Engine):
    """Workers on the machines of a Ray cluster, each of which owns its compiled programs.

    This process plans a batch (`search.plan`), cuts its buckets into shares, and sends each to a worker: to
    one that has compiled the program where there is one, and to any that is idle where there is not. A share
    does not depend on how many workers there are, so a configuration gives the same result to the last bit
    wherever it runs, on devices of the same kind: that of `Local`, where lanes are mapped. Failures are
    isolated as there, and come back whole: the exception, and the traceback that it had in the worker.

    A worker that is lost (its machine went, or it was out of memory) is replaced, and its share goes to
    another one; what has come back is not lost. A share over which workers are lost again and again is
    halved until the configuration at fault is alone, which fails with a `WorkerLost`. Workers hold neither
    algorithm nor study: only this process opens a study's file.

    Workers are actors of Ray Core. On one machine nothing needs to be started. On several, run
    ``ray start --head`` on the first and ``ray start --address=HEAD:6379`` on the others, and this script on
    any of them after ``ray.init(address='auto')``. Symjax, JAX and the modules of your own code must be
    installed on all, in the same versions; a ``runtime_env`` can bring them. The data that all
    configurations share goes into Ray's object store once for each machine. Keep this process away from the
    accelerators that workers are to have: start it with ``JAX_PLATFORMS=cpu``, and give workers theirs by
    ``runtime_env={'env_vars': {'JAX_PLATFORMS': 'cuda'}}``.

    Close the engine, or use it in a ``with``, to have its workers end; Ray goes on until ``ray.shutdown()``.

    Attributes:
        workers: The most workers at a time. Fewer run where there is less to do or the cluster has no place;
            those for which it finds one later join in.
        resources: What Ray reserves for each, as `ray.remote` takes it: ``{'num_cpus': 4, 'num_gpus': 1}``,
            also ``'memory'``, ``'resources'``, ``'runtime_env'`` and ``'scheduling_strategy'``. By default
            one CPU.
        share: The most configurations that a worker gets at a time. The larger, the less is compiled
            in several places; the smaller, the better work is spread, and the less is lost with a worker.
        retries: How many workers may be lost over a share before it is halved.
        lanes: ``'map'`` or ``'vmap'``, see `search.evaluate`; by default what suits the workers' devices.
        width: Lanes side by side on each device of a worker; see `search.evaluate`.

    Raises:
        ImportError: Ray is not installed: ``pip install symjax-flax[ray]``.
        TypeError: `resources` are no mapping.
        ValueError: Less than one worker, less than one configuration in a share, less than no retries.

    Example:
        >>> from symjax import search
        >>> search.engines.Ray(workers=8, resources={'num_gpus': 1})
        Ray(workers=8, resources={'num_gpus': 1})
        >>> with search.engines.Ray(workers=8, resources={'num_gpus': 1}) as engine:  # doctest: +SKIP
        ...     results = search.run(algorithm, train, space, 1000, jax.random.key(0), data, engine=engine)
    """

    workers: int = 2
    resources: Mapping[str, Any] = field(default_factory=dict)
    share: int = 64
    retries: int = 2
    lanes: Mode | None = None
    width: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("workers", 1), ("share", 1), ("retries", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} is a whole number of at least {least}, got {brief(value)}")
        if not isinstance(self.resources, Mapping):
            raise TypeError(
                f"resources are what Ray reserves for a worker, such as {{'num_gpus': 1}}; "
                f"got {brief(self.resources)}"
            )
        self._pool = Pool(self.workers, dict(self.resources), self.retries)
        self._lock = threading.Lock()

    def evaluate(
        self,
        fn: Callable[..., Any],
        space: Space,
        dnas: DNA,
        key: jax.Array,
        *broadcast: Any,
        **options: Any,
    ) -> Results:
        """See `Engine.evaluate`.

        Ctrl-C cancels what runs, by ending the workers that are at it; the next evaluation starts others.

        Raises:
            WorkerLost: Workers do not start.
        """
        with self._lock:  # a worker does one share after the other, of one evaluation
            return conduct(
                partial(Dispatch, self._pool, self.share, self.retries),
                fn,
                space,
                dnas,
                key,
                broadcast,
                lanes=self.lanes,
                width=self.width,
                devices=jax.local_devices()[:1],
                **options,
            )

    def close(self) -> None:
        """Ends the workers. The engine can be used again: it then starts others."""
        self._pool.close()
