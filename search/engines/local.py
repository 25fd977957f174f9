"""`Local`: the devices of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from ..compiling.lanes import Mode
from ..evaluation.evaluate import evaluate
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .engine import Engine


@dataclass(frozen=True, repr=False)
class Local(Engine):
    """The devices of this process, all of them unless some are named.

    On one machine, accelerators or cores, this is the engine; several machines take `Distributed` or `Ray`.

    Attributes:
        devices: Where to run; None for all local devices.
        lanes: ``'map'`` or ``'vmap'``; see `search.evaluate`.
        width: Lanes side by side on each device; see `search.evaluate`.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> engine = search.engines.Local(devices=jax.local_devices()[:1])
        >>> space = search.space({'x': search.floatv(0.0, 1.0)})
        >>> dnas = space.sample(jax.random.key(0), 4)
        >>> len(engine.evaluate(lambda exp, key: exp['x'], space, dnas, jax.random.key(1)))
        4
        >>> search.engines.Local()
        Local()
    """

    devices: jax.Device | Sequence[jax.Device] | None = None
    lanes: Mode | None = None
    width: int | None = None

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
        return evaluate(
            fn,
            space,
            dnas,
            key,
            *broadcast,
            devices=self.devices,
            lanes=self.lanes,
            width=self.width,
            **options,
        )
