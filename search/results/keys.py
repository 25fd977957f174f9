"""The keys of trials, as data."""

from __future__ import annotations

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

    def __getitem__(self, rows: Any) -> RootKeys:
        return RootKeys(self.data[rows], self.impl)

    def key(self, row: int, trial: int) -> jax.Array:
        """The key that the trial with an id has in a row: the root key with the id folded in."""
        data = jnp.asarray(self.data[row])
        root = data if self.impl is None else jax.random.wrap_key_data(data, impl=self.impl)
        return jax.random.fold_in(root, trial)
