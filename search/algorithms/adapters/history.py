"""`History`: what was asked of an algorithm and told to it, one after the other, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, final

import jax.tree_util as jtu
import numpy as np
import numpy.typing as npt

from ...spaces.choice import Genes
from ...spaces.dna import DNA
from ...spaces.points import Spec

Array = npt.NDArray[Any]
_ARRAYS = ("choices", "floats", "rewards", "seeds", "asked", "told")


@final
@dataclass(frozen=True, eq=False)
class History:
    """What was asked and told: a pytree of arrays, which grow; and, beside it, what was made of them.

    A moment is a whole number that counts what happens: each ask of a point, each reward.

    Attributes:
        choices: Of each point, in the order in which they came, int32[t, C].
        floats: float32[t, F].
        rewards: float32[t, m]; of those that are told.
        seeds: From which each was drawn, uint32[t].
        asked: The moment of each, int32[t]; -1 where it was told and nobody had asked for it.
        told: The moment of its reward, int32[t]; -1 where it is not told yet.
        memo: What was made of this history, at most one thing; whoever uses it takes it away, and hands it on
            to the history that comes next. It is no part of the pytree: a history that was saved makes it
            anew.
    """

    choices: Array
    floats: Array
    rewards: Array
    seeds: Array
    asked: Array
    told: Array
    memo: list[Any]

    @classmethod
    def empty(cls, spec: Spec, objectives: int) -> Self:
        """The history of nothing."""
        return cls(
            np.zeros((0, spec.choices), np.int32),
            np.zeros((0, spec.floats), np.float32),
            np.zeros((0, objectives), np.float32),
            np.zeros(0, np.uint32),
            np.zeros(0, np.int32),
            np.zeros(0, np.int32),
            [],
        )

    def __len__(self) -> int:
        return len(self.asked)

    @property
    def moment(self) -> int:
        """How much has happened."""
        return int((self.asked >= 0).sum() + (self.told >= 0).sum())

    def ask(self, dnas: DNA, seeds: Array) -> History:
        """The history after n points were asked for, without its memo."""
        n = len(dnas)
        now = self.moment + np.arange(n, dtype=np.int32)
        return self._with(dnas, seeds, now, np.full(n, -1, np.int32), np.zeros((n, self.rewards.shape[1])))

    def tell(self, dnas: DNA, rewards: Array) -> tuple[History, list[int]]:
        """The history after n rewards, without its memo; and which point each is of.

        A reward is that of the first point with the same genes that waits for one; where there is none, the
        point is a new one.
        """
        host = dnas.host()
        waiting: dict[bytes, list[int]] = {}
        for row in np.flatnonzero(self.told < 0)[::-1]:
            waiting.setdefault(_digest(self.choices[row], self.floats[row]), []).append(int(row))
        rows: list[int] = []
        new: list[int] = []
        for index in range(len(host)):
            same = waiting.get(_digest(host.choices[index], host.floats[index]))
            if same:
                rows.append(same.pop())
            else:
                rows.append(len(self) + len(new))
                new.append(index)
        grown = self._with(
            host[np.array(new, int)],
            np.zeros(len(new), np.uint32),
            np.full(len(new), -1, np.int32),
            np.full(len(new), -1, np.int32),
            np.zeros((len(new), self.rewards.shape[1])),
        )
        values, told = grown.rewards.copy(), grown.told.copy()
        values[rows] = np.asarray(rewards, np.float32)
        told[rows] = self.moment + np.arange(len(rows), dtype=np.int32)
        return (
            History(grown.choices, grown.floats, values, grown.seeds, grown.asked, told, []),
            rows,
        )

    def events(self) -> list[tuple[int, bool]]:
        """All that happened, in order: pairs of a point, and whether it was told then, or else asked for."""
        moments = [(int(now), row, False) for row, now in enumerate(self.asked) if now >= 0]
        moments += [(int(now), row, True) for row, now in enumerate(self.told) if now >= 0]
        return [(row, is_told) for _, row, is_told in sorted(moments)]

    def dna(self, spec: Spec, row: int) -> DNA:
        """A point."""
        return DNA(spec, self.choices[row], self.floats[row])

    def _with(self, dnas: DNA, seeds: Array, asked: Array, told: Array, rewards: Array) -> History:
        """The history with further points."""
        host = dnas.host()
        pairs = (host.choices, host.floats, rewards, seeds, asked, told)
        arrays: dict[str, Any] = {}
        for name, more in zip(_ARRAYS, pairs, strict=True):
            mine = getattr(self, name)
            arrays[name] = np.concatenate([mine, np.asarray(more, mine.dtype)])
        return History(**arrays, memo=[])


def _digest(choices: Genes, floats: Genes) -> bytes:
    return np.asarray(choices).tobytes() + np.asarray(floats).tobytes()


def _flatten(history: History) -> tuple[tuple[Any, ...], None]:
    return tuple(getattr(history, name) for name in _ARRAYS), None


def _flatten_with_keys(history: History) -> tuple[tuple[tuple[jtu.GetAttrKey, Any], ...], None]:
    return tuple((jtu.GetAttrKey(name), getattr(history, name)) for name in _ARRAYS), None


def _unflatten(_: None, arrays: Iterable[Any]) -> History:
    return History(**dict(zip(_ARRAYS, arrays, strict=True)), memo=[])


jtu.register_pytree_with_keys(History, _flatten_with_keys, _unflatten, _flatten)
