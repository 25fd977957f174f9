"""`Distributed`: the devices of all processes of `jax.distributed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, final

import jax

from ..compiling.lanes import Mode
from ..evaluation.conducting import conduct
from ..evaluation.running.runner import Runner
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .engine import Engine
from .group import Group
from .leading import follow, lead

T = TypeVar("T")


@final
@dataclass(eq=False, repr=False)
class Distributed(Engine):
    """The devices of all processes of `jax.distributed`, as on a TPU pod slice or several GPU machines.

    Each process runs the same script: it joins the others, makes the same space, and calls the same
    evaluations and searches in the same order. Then the lanes of each program are spread over all devices of
    all processes, a row of them; every process has all results, and goes on the same way. ::

        import jax
        jax.distributed.initialize()  # on a TPU pod slice and under Slurm it finds the others by itself
        ...
        results = search.run(algorithm, train, space, 1000, key, data, engine=search.engines.Distributed())

    Elsewhere say where the first process is, and how many there are:
    ``jax.distributed.initialize('10.0.0.1:1234', num_processes=4, process_id=i)``, with ``i`` from 0 to 3.

    Vectorized lanes are one SPMD program on a one-dimensional mesh of all devices; it has no collectives. A
    configuration gives the same result to the last bit as on as many devices of one process. Mapped lanes, as
    on CPUs, run in the program of one device on each of them, for XLA gives other bits in a program for
    several: they give the same as `Local`, to the last bit, on any number of devices and processes. What
    hangs on time or memory, such as how many lanes a call has, is agreed upon. What a configuration raises in
    one process is in the results of all.

    When a process is killed, or its host is lost, the others raise `HostLost` as soon as the connection
    breaks, or after `timeout`; where JAX's own heartbeats find out first, it ends them
    (``heartbeat_timeout_seconds`` of `jax.distributed.initialize`). Ctrl-C in one process is an `Interrupted`
    in all. With a study, which process 0 alone writes (`lead`), start all processes again: no trial is lost.

    Attributes:
        lanes: ``'map'`` or ``'vmap'``; see `search.evaluate`.
        width: Lanes side by side on each device; see `search.evaluate`.
        timeout: Seconds for which a process waits for the others, more than zero: longer than compiling or a
            call may take longer in one of them.

    Raises:
        ValueError: No time to wait.

    Example:
        >>> from symjax import search
        >>> search.engines.Distributed(timeout=600)
        Distributed(timeout=600)
    """

    lanes: Mode | None = None
    width: int | None = None
    timeout: float = 3600.0
    _group: Group | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.timeout > 0:
            raise ValueError(f"timeout is a number of seconds above zero, got {self.timeout}")

    def evaluate(
        self,
        fn: Callable[..., Any],
        space: Space,
        dnas: DNA,
        key: jax.Array,
        *broadcast: Any,
        **options: Any,
    ) -> Results:
        """See `Engine.evaluate`. All processes call it with the same; the first one shows a progress bar.

        Raises:
            HostLost: Another process is gone, does not answer, or has left with an exception of its own.
            RuntimeError: `jax.distributed` was not initialized.
            ValueError: The processes do not evaluate the same.
        """
        group = self._peers()
        if options.get("progress") is True and not self.is_leader:
            options["progress"] = False
        try:
            return conduct(
                partial(Runner, peers=group),
                fn,
                space,
                dnas,
                key,
                broadcast,
                lanes=self.lanes,
                width=self.width,
                devices=sorted(jax.devices(), key=lambda device: (device.process_index, device.id)),
                **options,
            )
        except BaseException as error:
            group.leave(error)
            raise

    @property
    def is_leader(self) -> bool:
        """Whether this is process 0, which writes the study."""
        return jax.process_index() == 0

    @property
    def is_shared(self) -> bool:
        """Whether there are other processes, which have to call `evaluate` as well."""
        return bool(jax.process_count() > 1)

    def agree(self, make: Callable[[], T]) -> T:
        """See `Engine.agree`."""
        return self._peers().agree(make)

    def lead(self, run: Callable[[Engine], T], fn: Callable[..., Any], space: Space, *broadcast: Any) -> T:
        """Has process 0 alone run something, such as a study, for which all evaluate. Called by all of them.

        So one process opens the study's file, and proposes; the others learn from it what to evaluate, and in
        the end what came of it.

        Args:
            run: Is called in process 0, with the engine that it is to use.
            fn: The function that is evaluated there.
            space: The space.
            *broadcast: Arguments that all trials share.

        Returns:
            What `run` returns, in all processes.

        Raises:
            HostLost: A process is gone.
            Exception: What `run` raises, in all processes.

        Example:
            >>> def run(engine):
            ...     study = search.Study('study.sqlite', space, algorithm)
            ...     return study.run(train, 1000, key, data, engine=engine)
            >>> results = search.engines.Distributed().lead(run, train, space, data)  # doctest: +SKIP
        """
        group = self._peers()
        if self.is_leader:
            return lead(run, self, group)
        outcome: T = follow(self, group, fn, space, broadcast)
        return outcome

    def _peers(self) -> Group:
        if self._group is None:
            if not jax.distributed.is_initialized() and jax.process_count() == 1:
                raise RuntimeError(
                    "this process has not joined the others: call jax.distributed.initialize() in each "
                    "before anything else of JAX, or take search.engines.Local()"
                )
            self._group = Group(self.timeout)
        return self._group
