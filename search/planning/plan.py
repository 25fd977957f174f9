"""`plan`: which programs a batch of configurations needs, said before anything runs."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.errors import excerpt, summary
from symjax.core.schema import is_symbolic
from symjax.core.tracebacks import caller_level
from symjax.verbs.walk import walk

from ..compiling.cache import Cache, begin_plan, remembered
from ..compiling.compile_times import Estimate, Record, duration, estimate
from ..compiling.constants import constants_text
from ..compiling.lanes import Mode
from ..compiling.persistent import folder
from ..compiling.repetition import repetition
from ..results.failures import Failure, picklable
from ..results.plan_summary import PlanSummary
from ..spaces.dna import DNA
from ..spaces.space import Space
from .advice import PlanWarning, advice_on
from .arguments import flatten
from .buckets import Bucket, Sorter
from .inputs import batch_of, check_function, check_space, devices_of, key_aval
from .ladder import layouts
from .leaf_decisions import leaf_decisions
from .metrics import Metrics, check_equal_metrics
from .programs import Task
from .purity import Difference, first_difference, is_suspect
from .splits import described, splits

# What was said of functions that are not pure.
_looked_at: Cache[str] = remembered(1024)

_LONG = 10.0  # seconds of compiling that are worth a word
_LISTED = 8  # names that a plan spells out


@dataclass(frozen=True)
class Plan:
    """How a batch will run; made by `plan`. Printing it says so in a line.

    A pickled plan keeps what it says, but neither its function nor its programs: it is not to run again.

    Attributes:
        task: The function and its devices; None in a plan that was pickled.
        space: The space.
        dnas: The batch.
        key: The root key.
        ids: The trial ids, uint32[n].
        buckets: Configurations of one structure each; none in a plan that was pickled.
        mode: How the lanes of a program run: ``'map'``, one after the other on each device, or ``'vmap'``,
            side by side.
        widths: For each program how many lanes run side by side, on all devices together.
        devices: The number of devices.
        errors: Why a configuration cannot run, by its place in the batch.
        lanes: The ids of the decisions in which the lanes of a program differ.
        split: For each decision that splits the batch, by its id, how many values it takes there.
        values: What these values are, in the order in which they first come.
        constants: What is to be said of the arrays that the function holds; empty for small ones.
        demoted: The leaves that the function cannot trace, and why: the error that tracing them gave, and the
            line that needs their value. Each value of such a leaf is a program of its own.
        advice: What is worth a warning, and what to do about it.
    """

    task: Task | None
    space: Space
    dnas: DNA
    key: jax.Array
    ids: npt.NDArray[np.uint32]
    buckets: tuple[Bucket, ...]
    mode: Mode
    widths: tuple[int, ...]
    devices: int
    errors: Mapping[int, Exception | Failure]
    lanes: tuple[str, ...]
    split: Mapping[str, int]
    values: Mapping[str, tuple[str, ...]]
    constants: str
    demoted: Mapping[str, str]
    advice: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.dnas)

    @property
    def programs(self) -> int:
        """The number of different programs."""
        return len(self.widths)

    def with_buckets(self, buckets: Iterable[Bucket]) -> Plan:
        """The same with other buckets."""
        buckets = tuple(buckets)
        return dataclasses.replace(self, buckets=buckets, widths=_widths(buckets))

    def summary(self) -> PlanSummary:
        """What the plan says, as plain data."""
        sizes = tuple(len(bucket.rows) for bucket in self.buckets)
        return PlanSummary(str(self), sizes, self.widths, self.lanes, self.split, self.demoted)

    def warn(self, of_constants: bool = False) -> None:
        """Gives the plan's advice, as warnings at the user's line.

        Args:
            of_constants: Of large constants, too, which the plan's text names, unless it all is compiled.
        """
        constants = [self.constants] if of_constants and self.constants and _fresh(self.buckets) else []
        for text in (*self.advice, *constants):
            warnings.warn(text, PlanWarning, stacklevel=caller_level())

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "task": None, "buckets": (), "errors": picklable(self.errors)}

    def __str__(self) -> str:
        return "; ".join(part for part in self._parts() if part)

    def __repr__(self) -> str:
        return f"<Plan: {self}>"

    @property
    def compilation(self) -> Estimate | None:
        """How long compiling will take, and how many programs are compiled already.

        By what was compiled on this machine before; None in a plan that was pickled.
        """
        programs = {bucket.program.executable for bucket in self.buckets}
        if not programs:
            return None
        if all(program.is_compiled for program in programs):  # for speed: the record is a file to be read
            return Estimate(0.0, len(programs))
        candidates = [program.candidate for program in programs]
        return estimate(candidates, Record.here().read(), folder() is not None)

    def _compilation_text(self) -> str:
        """Of a wait that is worth a word."""
        compilation = self.compilation
        if compilation is None or compilation.seconds is None or compilation.seconds < _LONG:
            return ""
        verb = "is" if compilation.cached == 1 else "are"
        cached = f", {compilation.cached} of them {verb} in the cache" if compilation.cached else ""
        return f"about {duration(compilation.seconds)} to compile{cached}"

    def _lanes_text(self) -> str:
        widths = sorted(set(self.widths))
        some = "–".join(map(str, widths[:1] + widths[1:][-1:]))
        if not widths:
            return ""
        if self.mode == "vmap":
            return f" of {some} lanes"
        return ", mapped" if widths == [self.devices] else f", mapped {some} at a time"

    def _parts(self) -> Iterable[str]:
        yield f"{_count(len(self), 'configuration')} → {_count(self.programs, 'program')}{self._lanes_text()}"
        yield self._compilation_text()
        if self.devices > 1:
            yield f"over {self.devices} devices"
        yield _listed("split by", [f"{id} ({self._values(id)})" for id in self.split])
        yield _listed("lanes", self.lanes, ":")
        yield self.constants
        reasons = [f"{name} ({why})" for name, why in self.demoted.items()]
        yield _listed("demoted to structure, because the function cannot trace them", reasons, ":")
        if self.errors:
            kinds = Counter(_summary(error) for error in self.errors.values())
            texts = [
                f"{text} ({number:,})" if len(kinds) > 1 else text for text, number in kinds.most_common()
            ]
            yield _listed(f"{_count(len(self.errors), 'configuration')} cannot run", texts, ":")

    def _values(self, name: str) -> str:
        values, number = self.values[name], self.split[name]
        return f"{', '.join(values)}{f', … {number:,} values' if number > len(values) else ''}"


def plan(
    fn: Callable[..., Any],
    space: Space,
    dnas: DNA | Sequence[Any],
    key: jax.Array,
    *broadcast: Any,
    ids: Sequence[int] | npt.NDArray[Any] | None = None,
    repeats: int = 1,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: jax.Device | Sequence[jax.Device] | None = None,
) -> Plan:
    """Plans the evaluation of a batch: `evaluate` with the same arguments will run it so.

    The function is traced for each structure, but nothing is compiled. When a program turns out not to
    fit into memory, the evaluation takes fewer lanes for it; then its results' plan says so.

    Args:
        fn: ``fn(experiment, key, *broadcast)``; see `evaluate`, as for all that follows.
        space: The space.
        dnas: A batch of DNAs, or a list of DNAs or of trees of the space.
        key: The root key.
        *broadcast: Arguments that all configurations share.
        ids: The trial ids.
        repeats: With how many seeds each configuration runs.
        lanes: ``'map'`` or ``'vmap'``.
        width: Lanes side by side on each device.
        devices: Where it is to run, a device or several.

    Returns:
        The plan, which prints as a line of text.

    Raises:
        TypeError: `space` is no space, `dnas` no batch of DNAs, `fn` no function or one of other arguments;
            one of these can neither be traced nor be structure; the call stands inside `jit`; or a metric is
            no number.
        ValueError: DNAs of another space or out of range, a tree that is not in the space, choices that are
            still open, a number of lanes that is not on the ladder, ids that do not fit the batch, a key
            whose stream would depend on the company that a configuration runs in, or metrics that differ
            between structures.
        Exception: No configuration can run: what the first one of them raised. Where the first structures
            raise the same, the others are not traced any more.

    Warns:
        PlanWarning: A leaf that the space opens cannot be traced, nearly each configuration needs a
            program of its own, or a loop of Python spells out the steps of training; the message names the
            line, or the decisions, and what to do. Of programs only where some are still to be compiled.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import search
        >>> class Line(sj.Object):
        ...     slope: float
        ...     steps: int
        ...     def run(self, key):
        ...         return {'loss': self.slope * self.steps}
        >>> space = search.space(Line(slope=search.floatv(0., 1.), steps=search.oneof([1, 2])))
        >>> dnas = space.sample(jax.random.key(0), 32)
        >>> print(search.plan(Line.run, space, dnas, jax.random.key(1), devices=jax.devices()[:1]))
        32 configurations → 2 programs, mapped; split by steps (1, 2); lanes: slope
    """
    planned = make_plan(
        fn,
        space,
        dnas,
        key,
        broadcast,
        ids=ids,
        repeats=repeats,
        lanes=lanes,
        width=width,
        devices=devices,
    )
    planned.warn()
    if planned.errors and not planned.buckets:
        error = planned.errors[min(planned.errors)]
        raise error.error if isinstance(error, Failure) else error
    return planned


def make_plan(
    fn: Callable[..., Any],
    space: Space,
    dnas: DNA | Sequence[Any],
    key: jax.Array,
    broadcast: tuple[Any, ...],
    *,
    ids: Sequence[int] | npt.NDArray[Any] | None,
    repeats: int,
    lanes: Mode | None,
    width: int | None,
    devices: jax.Device | Sequence[jax.Device] | None,
    check: Callable[[Metrics], object] | None = None,
) -> Plan:
    """`plan`, which warns of nothing, and of which all configurations may have raised.

    `check` is called with the metrics of the first structure, as shapes with the axis of the lanes first; it
    may refuse them before the others are traced.
    """
    check_function(fn, len(broadcast))
    check_space(space)
    chosen = devices_of(devices)
    layout_for = layouts(lanes, width, chosen)
    begin_plan()
    batch = batch_of(space, dnas)
    task = Task(fn, key_aval(key), chosen)
    flatten(None, broadcast)  # refuses bad ones once, and not for each structure

    sorting = Sorter(task, space, leaf_decisions(space), batch, broadcast, layout_for, check).sort()
    structural = set(range(len(space.spec))) - sorting.varying
    check_equal_metrics(
        (bucket.program.trace(), partial(described, space, batch[int(bucket.rows[0])], structural))
        for bucket in sorting.buckets
    )
    names = space.spec.names
    split = splits(space, batch, structural)
    widths = _widths(sorting.buckets)
    fresh = _fresh(sorting.buckets)
    return Plan(
        task,
        space,
        batch,
        key,
        _trial_ids(ids, len(batch)),
        sorting.buckets,
        layout_for(1).mode,
        widths,
        len(chosen),
        sorting.errors,
        tuple(names[index] for index in sorted(sorting.varying)),
        {names[index]: number for index, (number, _) in split.items()},
        {names[index]: values for index, (_, values) in split.items()},
        constants_text(constant for bucket in sorting.buckets for constant in bucket.program.constants),
        {name: str(why) for name, why in sorting.demoted.items()},
        (
            *advice_on(
                space,
                sorting,
                {index: number for index, (number, _) in split.items()},
                len(widths) if fresh else 0,
            ),
            *_impurities(task, sorting.buckets),
            *_repetitions(fresh),
        ),
    )


def _fresh(buckets: Iterable[Bucket]) -> list[Bucket]:
    """The buckets whose programs are still to be compiled."""
    return [bucket for bucket in buckets if not bucket.program.executable.is_compiled]


def _impurities(task: Task, buckets: Sequence[Bucket]) -> Iterator[str]:
    """What to say of a function that is not pure, as its first structure shows; it is looked at but once."""
    for bucket in buckets[:1]:
        key = task.identity()
        text = _looked_at.find(key)
        if text is None:
            lane = bucket.program.lane
            text = ""
            if is_suspect(task.fn, _classes(bucket.arguments.experiment())):
                one, other = lane.trace(), lane.trace_again()
                difference = first_difference(one.program, other.program)
                if difference is None and one.constants != other.constants:  # those are compared by content
                    difference = Difference(f"other numbers in {one.constants[0].text}", "")
                text = str(difference or "")
            _looked_at.put(key, text)
        if text:
            yield text


def _repetitions(fresh: Sequence[Bucket]) -> Iterator[str]:
    """What to say of steps of training that the longest program spells out one after the other."""
    programs = [bucket.program.lane.trace() for bucket in fresh]
    if programs:
        longest = max(programs, key=lambda traced: traced.fingerprint.equations)
        repeated = repetition(longest.program)
        if repeated is not None:
            yield str(repeated)


def _classes(tree: Any) -> set[type]:
    """The classes of the nodes of a tree."""
    return {type(value) for _, value, _ in walk(tree) if is_symbolic(value)}


def _trial_ids(ids: Sequence[int] | npt.NDArray[Any] | None, n: int) -> npt.NDArray[np.uint32]:
    if ids is None:
        return np.arange(n, dtype=np.uint32)
    array = np.asarray(ids)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise ValueError(f"expected {n} whole numbers as trial ids, got {array.dtype}{list(array.shape)}")
    if n and (array.min() < 0 or array.max() >= 2**32):
        raise ValueError("trial ids must lie in [0, 2**32)")
    return array.astype(np.uint32)


def _widths(buckets: Iterable[Bucket]) -> tuple[int, ...]:
    widths = {bucket.program.executable: bucket.program.width for bucket in buckets}
    return tuple(sorted(widths.values()))


def _summary(error: Exception | Failure) -> str:
    return excerpt(summary(error.error if isinstance(error, Failure) else error), limit=100)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(title: str, names: Sequence[str], colon: str = "") -> str:
    if not names:
        return ""
    more = f", … ({len(names) - _LISTED} more)" if len(names) > _LISTED else ""
    return f"{title}{colon} {', '.join(names[:_LISTED])}{more}"
