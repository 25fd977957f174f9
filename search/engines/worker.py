"""`Worker`: what runs in another process, and does the shares of a batch that it is sent."""

from __future__ import annotations

import pickle
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import jax
import numpy as np
import numpy.typing as npt

from ..compiling.lanes import Mode
from ..evaluation.evaluate import evaluate
from ..evaluation.resuming import lane_metrics
from ..planning.grouping import Rows
from ..planning.ladder import layouts
from ..planning.metrics import Metrics
from ..results.failures import picklable
from ..results.results import Results
from ..spaces.dna import DNA

Dumps = Callable[[Any], bytes]
"""Pickles anything: functions and classes of a script too."""

_SETTINGS = (
    "jax_enable_x64",
    "jax_default_prng_impl",
    "jax_threefry_partitionable",
    "jax_random_seed_offset",
    "jax_default_matmul_precision",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_softmax_custom_jvp",
    "jax_debug_nans",
    "jax_debug_infs",
    "jax_disable_most_optimizations",
)

_KEPT = 16  # objects that a worker keeps: functions, spaces and data of the latest evaluations


@dataclass(frozen=True)
class Order:
    """What a worker is to do.

    Attributes:
        fn: The name under which the worker keeps the function.
        space: The same of the space.
        broadcast: The same of what all configurations share.
        genes: The genes of the configurations, int32[m, C] and float32[m, F].
        ids: Their trial ids, uint32[m].
        key: The root key.
        repeats: How many seeds each runs with.
        size: For how many configurations lanes are chosen: vectorized ones give other bits in other numbers.
        lanes: The way in which they run; None for what suits the worker's devices.
        width: How many side by side; None to choose.
        settings: Those of JAX on which results hang.
    """

    fn: str
    space: str
    broadcast: tuple[str, ...]
    genes: tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
    ids: npt.NDArray[np.uint32]
    key: jax.Array
    repeats: int
    size: int
    lanes: Mode | None
    width: int | None
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """What came of an order.

    Attributes:
        places: Which of the configurations are finished, int[k].
        metrics: Theirs, by lane: [k * repeats, ...].
        seconds: How long each took, float[k].
        failed: For those that raised which of `failures` it is.
        failures: Exceptions, pickled, and their tracebacks.
        compiled: How many programs were compiled for it.
        width: The lanes side by side, on all devices together.
    """

    places: Rows
    metrics: Metrics
    seconds: npt.NDArray[np.float64]
    failed: Mapping[int, int]
    failures: tuple[tuple[bytes, str], ...]
    compiled: int
    width: int


@final
class Worker:
    """Evaluates shares on the devices of its process, and keeps the programs that it has compiled.

    Args:
        fetch: Gives an object by its name.
        dumps: Pickles exceptions, those of classes that a script defines too.
    """

    def __init__(self, fetch: Callable[[str], Any], dumps: Dumps) -> None:
        self._fetch = fetch
        self._dumps = dumps
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def run(self, order: Order) -> Report:
        """Does what is ordered. What a configuration raises is part of the report.

        Raises:
            Exception: The order cannot be carried out here at all, though the driver could plan it.
        """
        _set(order.settings)
        fn, space = self._object(order.fn), self._object(order.space)
        broadcast = [self._object(name) for name in order.broadcast]
        layout = layouts(order.lanes, order.width, tuple(jax.local_devices()))(order.size)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # the driver has planned the same, and says what there is to say
                results = evaluate(
                    fn,
                    space,
                    DNA(space.spec, *order.genes),
                    order.key,
                    *broadcast,
                    ids=order.ids,
                    repeats=order.repeats,
                    lanes=layout.mode,
                    width=layout.width,
                )
        except Exception as error:
            partial = getattr(error, "results", None)
            if not isinstance(partial, Results):
                raise
            results = partial
        return self._report(results)

    def _object(self, name: str) -> Any:
        """An object, which is fetched once: a function that came anew would be traced anew."""
        if name not in self._kept:
            self._kept[name] = self._fetch(name)
        self._kept.move_to_end(name)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[name]

    def _report(self, results: Results) -> Report:
        done = ~results.pending
        done[list(results.errors)] = False
        places = np.flatnonzero(done)
        errors = {id(error): (row, error) for row, error in results.errors.items()}
        numbers = {name: number for number, name in enumerate(errors)}
        return Report(
            places,
            lane_metrics(results, places) if len(places) else None,
            results.seconds[places],
            {row: numbers[id(error)] for row, error in results.errors.items()},
            tuple((self._pickled(error), results.tracebacks[row]) for row, error in errors.values()),
            results.compiled,
            max(results.plan.widths, default=0),
        )

    def _pickled(self, error: Exception) -> bytes:
        """An exception of the same type and text, or a `RuntimeError` where that cannot be sent."""
        try:
            content = self._dumps(error)
            pickle.loads(content)
        except Exception:  # noqa: BLE001 - whatever a foreign exception's own methods raise
            return pickle.dumps(picklable({0: error})[0])
        return content


def settings() -> dict[str, Any]:
    """JAX's settings of this process on which results hang, for a worker to take over."""
    values = {name: getattr(jax.config, name, None) for name in _SETTINGS}
    return {
        name: getattr(value, "value", value) for name, value in values.items()
    }  # an enumeration by its text


def _set(values: Mapping[str, Any]) -> None:
    own = settings()
    for name, value in values.items():
        if own.get(name) != value:
            jax.config.update(name, value)  # type: ignore[no-untyped-call]
