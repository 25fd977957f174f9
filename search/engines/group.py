"""`Group`: the processes of `jax.distributed`, and what they tell each other."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, final

import jax
import numpy as np
import numpy.typing as npt
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from symjax.core.errors import summary

from ..compiling.placement import parts_on
from ..evaluation.running.peers import HostLost, sendable

T = TypeVar("T")
Bytes: TypeAlias = npt.NDArray[np.uint8]

_BLOCK = 4096  # bytes that all processes send at first: what they say is mostly short
_FAREWELL = 60.0  # seconds for which a process that raised waits for the others to hear of it
_HEAD = 8  # of which the first say how much there is


@dataclass(frozen=True)
class _Left:
    """Sent by a process that leaves an evaluation, in the place of what the others wait for."""

    error: BaseException


@final
class Group:
    """All processes of this program, which gather what each has to say, one message after the other.

    Messages go over the devices, one of each process, in a program of their own; none runs beside another.

    Args:
        timeout: Seconds to wait for the others.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._waiting: Future[list[Any]] | None = None
        self._is_over = False
        self._lost: HostLost | None = None
        firsts = {device.process_index: device for device in reversed(_ordered(jax.devices()))}
        mesh = Mesh(np.array([firsts[index] for index in sorted(firsts)]), ("processes",))
        self._rows = NamedSharding(mesh, PartitionSpec("processes"))  # type: ignore[no-untyped-call]
        copied = NamedSharding(mesh, PartitionSpec())  # type: ignore[no-untyped-call]
        self._copy = jax.jit(lambda rows: rows, out_shardings=copied)
        self._own = firsts[jax.process_index()]

    @property
    def count(self) -> int:
        """How many processes there are."""
        count: int = jax.process_count()
        return count

    def gather(self, value: Any) -> list[Any]:
        """What each process gives, in their order.

        Raises:
            HostLost: One is gone, did not answer in time, or has left with an exception.
            KeyboardInterrupt: One was interrupted.
        """
        self._is_over = False
        values = self._exchange(value, self._timeout)
        for index, each in enumerate(values):
            if isinstance(each, _Left):
                self._is_over = True
                if isinstance(each.error, KeyboardInterrupt):
                    raise KeyboardInterrupt from each.error
                raise HostLost(
                    f"process {index} has left the evaluation: {summary(each.error)}"
                ) from each.error
        return values

    def leave(self, error: BaseException) -> None:
        """Tells the others, who wait for this process, that it raised; but not if one of them has told it so.

        Args:
            error: What it raised.
        """
        if self._lost is not None or self._is_over:
            return
        patience = min(self._timeout, _FAREWELL)
        try:
            if self._waiting is not None:  # an interrupt came while they talked
                values = self._waiting.result(patience)
                self._waiting = None
                if any(isinstance(value, _Left) for value in values):
                    return
            sent = sendable(error) if isinstance(error, Exception) else KeyboardInterrupt()
            self._exchange(_Left(sent or error), patience)
        except Exception:  # noqa: BLE001 - what is raised already says more
            self._lose("did not hear that this one has left")

    @property
    def is_lost(self) -> bool:
        """Whether a process is gone, so that nothing can be said any more."""
        return self._lost is not None

    def part(self, value: Any) -> None:
        """Says a last word, which is no worse for not being heard."""
        try:
            self._exchange(value, min(self._timeout, _FAREWELL))
        except HostLost:
            return

    def agree(self, make: Callable[[], T]) -> T:
        """What the first process computes, or raises, in all of them.

        Args:
            make: Computes it; is called in the first process only.
        """
        value: T | None = None
        error: Exception | None = None
        if jax.process_index() == 0:
            try:
                value = make()
            except Exception as raised:  # noqa: BLE001 - raised below, in all processes
                error = raised
        first, failure = self.gather((value, sendable(error)))[0]
        if error is not None:
            raise error
        if failure is not None:
            raise failure
        agreed: T = first
        return agreed

    def _exchange(self, value: Any, timeout: float) -> list[Any]:
        if self._lost is not None:
            raise self._lost
        if self.count == 1:
            return [value]
        content = pickle.dumps(value)
        self._waiting = _in_background(lambda: self._send(content))
        try:
            values = self._waiting.result(timeout)
        except FutureTimeout as error:
            raise self._lose(f"did not answer for {timeout:.0f} seconds") from error
        except Exception as error:  # it has several types, by what broke the connection
            raise self._lose("is gone") from error
        self._waiting = None
        return values

    def _lose(self, what: str) -> HostLost:
        self._lost = HostLost(
            f"a process of the {self.count} {what}. What was reported done is in the study, if there is one: "
            "start all processes again with it, and no trial is lost"
        )
        return self._lost

    def _send(self, content: bytes) -> list[Any]:
        """Sends bytes to all, and gives what all have sent."""
        room = _BLOCK - _HEAD
        head = np.frombuffer(np.uint64(len(content)).tobytes(), np.uint8)
        rows = self._all(_padded(np.concatenate([head, _bytes(content[:room])]), _BLOCK))
        sizes = [int(np.frombuffer(row[:_HEAD].tobytes(), np.uint64)[0]) for row in rows]
        parts = [row[_HEAD:] for row in rows]
        if max(sizes) > room:  # in few different sizes, for each is compiled
            more = self._all(_padded(_bytes(content[room:]), 1 << (max(sizes) - room - 1).bit_length()))
            parts = [np.concatenate(pair) for pair in zip(parts, more, strict=True)]
        return [pickle.loads(part[:size].tobytes()) for part, size in zip(parts, sizes, strict=True)]

    def _all(self, row: Bytes) -> Bytes:
        """What all processes have in this place: uint8[processes, n]."""
        make: Any = jax.make_array_from_process_local_data
        spread = make(self._rows, row[None])
        whole: Bytes = parts_on(self._copy(spread), (self._own,))[0]
        return whole


def _in_background(call: Callable[[], T]) -> Future[T]:
    """What a function will have returned. Its thread may wait forever, but keeps no process from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name="symjax-peers", daemon=True).start()
    return future


def _ordered(devices: list[jax.Device]) -> list[jax.Device]:
    return sorted(devices, key=lambda device: (device.process_index, device.id))


def _bytes(content: bytes) -> Bytes:
    return np.frombuffer(content, np.uint8)


def _padded(row: Bytes, size: int) -> Bytes:
    return np.concatenate([row, np.zeros(size - len(row), np.uint8)])
