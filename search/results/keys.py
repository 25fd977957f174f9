"""The keys of trials, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class RootKeys:
    """The root key of each trial of a batch: one for all of a call, several where results were joined.

    Attributes:
        data: What the keys consist of, uint32[n, words].
        impl: The name of the generator, ``'threefry2x32'``; None for keys of the old kind, bare arrays.
    """

    data: npt.NDArray[np.uint32]
    impl: str | None

    @classmethod
    def of(cls, key: jax.Array, n: int) -> RootKeys:
        """A single key for n trials."""
        data = np.asarray(jax.random.key_data(key))
        typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
        return cls(np.broadcast_to(data, (n, *data.shape)), str(jax.random.key_impl(key)) if typed else None)

    @classmethod
    def concat(cls, parts: Sequence[RootKeys]) -> RootKeys:
        """The keys of several batches, one after the other.

        Raises:
            ValueError: They are of different kinds.
        """
        kinds = {(part.impl, part.data.shape[1:]): None for part in parts}
        if len(kinds) > 1:
            names = ", ".join(impl or "of the old kind" for impl, _ in kinds)
            raise ValueError(f"root keys of different kinds cannot be joined: {names}")
        return cls(np.concatenate([part.data for part in parts]), parts[0].impl)

    def __getitem__(self, rows: Any) -> RootKeys:
        return RootKeys(self.data[rows], self.impl)

    def key(self, row: int, trial: int) -> jax.Array:
        """The key that the trial with an id has in a row: the root key with the id folded in."""
        data = jnp.asarray(self.data[row])
        root = data if self.impl is None else jax.random.wrap_key_data(data, impl=self.impl)
        return jax.random.fold_in(root, trial)
