"""`Pool`: the workers of an engine, which come and go."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

import jax

from symjax.core.tracebacks import caller_level

from .shares import Share
from .worker import Order, Worker

Ref: TypeAlias = Any
"""A reference of Ray's to what will be there."""

_PATIENCE = 60.0  # seconds after which a cluster that has no place for a worker is worth a word
_REMEMBERED = 16  # objects in the store, as many as a worker keeps


class WorkerLost(RuntimeError):
    """A worker ended before it had done what it was to do, such as by running out of memory."""


@dataclass(eq=False)
class Member:
    """A worker.

    Attributes:
        actor: Ray's handle of it.
        awaited: What it is at: the reference of its start or of its report; None while it is idle.
        share: The share that it is at, if it is at one.
        programs: Those that it has compiled.
    """

    actor: Any
    awaited: Ref
    share: Share | None = None
    programs: set[str] = field(default_factory=set)


@final
class Pool:
    """Workers as actors of Ray, and what they are sent.

    Args:
        most: How many workers there may be.
        resources: What Ray reserves for each.
        retries: How often one may fail to start, one after the other.
    """

    def __init__(self, most: int, resources: Mapping[str, Any], retries: int) -> None:
        self._most = most
        self._resources = {"num_cpus": 1, **resources}
        self._retries = retries
        self._members: list[Member] = []
        self._stored: list[tuple[Any, Ref]] = []
        self._unstarted = 0

    def __len__(self) -> int:
        return len(self._members)

    @property
    def programs(self) -> set[str]:
        """The programs that any worker has."""
        return {program for member in self._members for program in member.programs}

    @property
    def idle(self) -> list[Member]:
        """The workers that have nothing to do, those that know most first."""
        return sorted(
            (member for member in self._members if member.awaited is None),
            key=lambda member: -len(member.programs),
        )

    @property
    def busy(self) -> list[Member]:
        """The workers that are at a share."""
        return [member for member in self._members if member.share is not None]

    def grow(self, wanted: int) -> None:
        """Has as many workers start as are wanted, and may be."""
        import ray

        decorate: Any = ray.remote
        actor = decorate(_Actor).options(**self._resources, max_restarts=0, max_task_retries=0)
        for _ in range(min(wanted, self._most) - len(self._members)):
            handle = actor.remote()
            self._members.append(Member(handle, handle.start.remote()))

    def store(self, value: Any) -> Ref:
        """Puts a function, a space or data into Ray's object store; what cannot change only once."""
        import ray

        for stored, ref in self._stored:
            if stored is value:
                return ref
        ref = ray.put(value)
        if callable(value) or all(isinstance(leaf, _CONSTANT) for leaf in jax.tree.leaves(value)):
            self._stored = [*self._stored[1 - _REMEMBERED :], (value, ref)]
        return ref

    def send(self, member: Member, share: Share, order: Order, refs: Mapping[str, Ref]) -> None:
        """Has a worker do a share.

        Args:
            member: The worker.
            share: The share.
            order: What it is to do.
            refs: The objects that stand in the order by their names.
        """
        # In a list, references stay references: Ray would fetch them anew for each share.
        member.awaited = member.actor.run.remote(order, [dict(refs)])
        member.share = share
        member.programs.add(share.program)

    def wait(self) -> list[tuple[Member, Any]]:
        """Waits until something comes back.

        Returns:
            Workers that have done what they were at, and their reports, or the exceptions in their places:
            a `WorkerLost` of those that were lost, which are no members any more. None stands for a start.

        Raises:
            WorkerLost: Workers do not start, time and again.

        Warns:
            RuntimeWarning: There has been no place for a worker for a while.
        """
        import ray

        refs = {member.awaited: member for member in self._members if member.awaited is not None}
        ready, _ = ray.wait(list(refs), num_returns=1, timeout=None if self.busy else _PATIENCE)
        if not ready:
            free: Any = ray.available_resources
            warnings.warn(
                f"no worker has started for {_PATIENCE:.0f} seconds: the cluster has no place for one with "
                f"{self._resources}; free are {free()}",
                RuntimeWarning,
                stacklevel=caller_level(),
            )
            ready, _ = ray.wait(list(refs), num_returns=1)
        return [self._outcome(refs[ref]) for ref in ready]

    def ready(self) -> list[tuple[Member, Any]]:
        """What has come back of shares, without waiting."""
        import ray

        refs = {member.awaited: member for member in self.busy}
        ready, _ = ray.wait(list(refs), num_returns=len(refs), timeout=0) if refs else ([], [])
        return [self._outcome(refs[ref]) for ref in ready]

    def _outcome(self, member: Member) -> tuple[Member, Any]:
        import ray

        started = member.share is not None
        outcome: Any = None
        try:
            outcome = ray.get(member.awaited)
        except _losses() as error:
            self._remove(member)
            if not started:
                self._unstarted += 1
                if self._unstarted > self._retries:
                    raise WorkerLost(
                        f"{self._unstarted} workers one after the other did not start; why the last did not "
                        "stands above. Symjax, JAX and your own modules must be importable on each "
                        "machine of the cluster"
                    ) from error
            outcome = WorkerLost(str(error)) if started else None
        except Exception as error:  # noqa: BLE001 - whoever waits for the share raises it
            outcome = error
        else:
            self._unstarted = 0
        member.awaited = None
        return member, outcome

    def end_busy(self) -> None:
        """Ends the workers that are at a share: nobody waits for them any more."""
        for member in self.busy:
            self._remove(member)

    def close(self) -> None:
        """Ends all workers."""
        for member in list(self._members):
            self._remove(member)
        self._stored.clear()

    def _remove(self, member: Member) -> None:
        import ray

        self._members.remove(member)
        if ray.is_initialized():
            ray.kill(member.actor)


_CONSTANT = (jax.Array, str, bytes, bool, int, float, complex, type(None))


def _losses() -> tuple[type[Exception], ...]:
    """What Ray raises where a worker, its machine, or what it reported is gone."""
    from ray import exceptions

    return (
        exceptions.RayActorError,
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.OutOfMemoryError,
        exceptions.ObjectLostError,
    )


class _Actor:
    """What Ray runs: a `Worker`, which fetches what it needs from Ray's object store."""

    def __init__(self) -> None:
        from ray import cloudpickle

        self._refs: dict[str, Ref] = {}
        self._worker = Worker(self._fetch, cloudpickle.dumps)

    def start(self) -> None:
        """Is called to see that the worker is there."""

    def run(self, order: Order, refs: Sequence[Mapping[str, Ref]]) -> Any:
        """Does an order; see `Worker.run`."""
        self._refs = dict(refs[0])
        return self._worker.run(order)

    def _fetch(self, name: str) -> Any:
        import ray

        return ray.get(self._refs[name])
