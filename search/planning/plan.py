"""`plan`: which programs a batch of configurations needs, said before anything runs."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.tree_util import PyTreeDef

from symjax.core.errors import at, brief
from symjax.core.schema import is_symbolic

from ..compiling.lanes import Mode
from ..results.failures import picklable
from ..results.plan_summary import PlanSummary
from ..spaces.dna import DNA
from ..spaces.space import Space, require_space
from .arguments import Aval, aval_of, flatten
from .buckets import Bucket, Sorter
from .ladder import layouts
from .leaf_decisions import leaf_decisions
from .programs import Task

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
        demoted: The leaves that the function cannot trace, and the error that tracing them gave: each
            value of such a leaf is a program of its own.
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
    errors: Mapping[int, Exception]
    lanes: tuple[str, ...]
    split: Mapping[str, int]
    demoted: Mapping[str, str]

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

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "task": None, "buckets": (), "errors": picklable(self.errors)}

    def __str__(self) -> str:
        return "; ".join(part for part in self._parts() if part)

    def __repr__(self) -> str:
        return f"<Plan: {self}>"

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
        if self.devices > 1:
            yield f"over {self.devices} devices"
        yield _listed("split by", [f"{id} ({values})" for id, values in self.split.items()])
        yield _listed("lanes", self.lanes, ":")
        reasons = [f"{name} ({why})" for name, why in self.demoted.items()]
        yield _listed("demoted to structure, because the function cannot trace them", reasons, ":")
        kinds = sorted({type(error).__name__ for error in self.errors.values()})
        if kinds:
            yield f"{_count(len(self.errors), 'configuration')} cannot run: {', '.join(kinds)}"


def plan(
    fn: Callable[..., Any],
    space: Space,
    dnas: DNA,
    key: jax.Array,
    *broadcast: Any,
    ids: Sequence[int] | npt.NDArray[Any] | None = None,
    repeats: int = 1,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> Plan:
    """Plans the evaluation of a batch: `evaluate` with the same arguments will run it so.

    The function is traced for each structure, but nothing is compiled. When a program turns out not to
    fit into memory, the evaluation takes fewer lanes for it; then its results' plan says so.

    Args:
        fn: ``fn(experiment, key, *broadcast)``; see `evaluate`, as for all that follows.
        space: The space.
        dnas: A batch of DNAs.
        key: The root key.
        *broadcast: Arguments that all configurations share.
        ids: The trial ids.
        repeats: With how many seeds each configuration runs.
        lanes: ``'map'`` or ``'vmap'``.
        width: Lanes side by side on each device.
        devices: Where it is to run.

    Returns:
        The plan, which prints as a line of text.

    Raises:
        TypeError: `space` is no space, `dnas` no batch of DNAs, `fn` takes other arguments, or one of them
            can neither be traced nor be structure.
        ValueError: DNAs of another space or out of range, choices that are still open, a way or
            a width of lanes that there is not, ids that do not fit the batch, a key whose stream would depend
            on the company that a configuration runs in, or metrics that differ between structures.

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
        32 configurations → 2 programs, mapped; split by steps (2); lanes: slope
    """
    _check_function(fn, len(broadcast))
    _check_space(space, dnas)
    chosen = tuple(devices if devices is not None else jax.local_devices())
    if not chosen:
        raise ValueError("an evaluation needs at least one device, got an empty list")
    layout_for = layouts(lanes, width, chosen)
    batch = (dnas if dnas.shape else DNA.concat([dnas])).host()
    space.spec.check(batch.choices, batch.floats)
    task = Task(fn, _key_aval(key), chosen, 1 if repeats == 1 else 2)
    flatten(None, broadcast)  # refuses bad ones once, and not for each structure

    sorting = Sorter(task, space, leaf_decisions(space), batch, broadcast, layout_for).sort()
    _check_metrics(sorting.buckets)
    points = space.spec.points
    return Plan(
        task,
        space,
        batch,
        key,
        _trial_ids(ids, len(batch)),
        sorting.buckets,
        layout_for(1).mode,
        _widths(sorting.buckets),
        len(chosen),
        sorting.errors,
        tuple(points[index].name for index in sorted(sorting.varying)),
        _splits(space, batch, set(range(len(points))) - sorting.varying),
        sorting.demoted,
    )


def _check_function(fn: Callable[..., Any], shared: int) -> None:
    """Refuses a function that cannot be called so, and a bound method, which would evaluate its own tree.

    Args:
        fn: The function.
        shared: How many arguments all configurations share.
    """
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
        raise TypeError(
            f"{_name_of(fn)}{signature} cannot be called with an experiment, a key and "
            f"{_count(shared, 'shared argument')}: {error}; what all configurations share, such as data, "
            "stands behind the key: search.evaluate(fn, space, dnas, key, data)"
        ) from None


def _name_of(fn: object) -> str:
    return str(getattr(fn, "__qualname__", type(fn).__name__)).rpartition("<locals>.")[2]


def _check_space(space: Space, dnas: object) -> None:
    """Refuses what is no batch of this space, and a space whose trees cannot run."""
    require_space(space)
    if not isinstance(dnas, DNA) or len(dnas.shape) > 1:
        raise TypeError(f"expected a batch of DNAs, as space.sample(key, n) gives one; got {brief(dnas)}")
    dnas.check_spec(space.spec)
    if space.closed:
        raise ValueError(
            f"the space leaves choices closed, so that its trees cannot run; open or replace "
            f"{', '.join(map(str, space.closed))} {at(space.closed[0])}"
        )


def _key_aval(key: jax.Array) -> Aval:
    """What is known of the root key.

    Raises:
        TypeError: It is no key.
        ValueError: It is of a kind of which a vectorized program draws other numbers than a single one.
    """
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


def _splits(space: Space, dnas: DNA, structural: set[int]) -> dict[str, int]:
    """How many values each decision on structure takes in a batch, where it takes several."""
    splits = {}
    genes = {"choices": dnas.choices, "floats": dnas.floats}
    active = space.spec.active(dnas.choices)
    for index in sorted(structural):
        point = space.spec.points[index]
        own = genes[point.array][active[index]][:, space.spec.columns[index]]
        values = len(np.unique(own, axis=0))
        if values > 1:
            splits[point.name] = values
    return splits


def _check_metrics(buckets: Iterable[Bucket]) -> None:
    """Refuses functions that return different metrics for different structures."""
    first: PyTreeDef | None = None
    for bucket in buckets:
        shapes = bucket.program.trace()
        for path, leaf in jax.tree_util.tree_leaves_with_path(shapes):
            if jnp.issubdtype(leaf.dtype, jax.dtypes.extended):
                name = jax.tree_util.keystr(path)
                raise TypeError(f"metrics must be numbers; the metric {name} is a {leaf.dtype}")
        treedef = jax.tree.structure(shapes)
        first = treedef if first is None else first
        if treedef != first:
            raise ValueError(
                f"the function returns different metrics for different structures: {first} and {treedef}"
            )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(title: str, names: Sequence[str], colon: str = "") -> str:
    if not names:
        return ""
    more = f", … ({len(names) - _LISTED} more)" if len(names) > _LISTED else ""
    return f"{title}{colon} {', '.join(names[:_LISTED])}{more}"
