"""What all lanes share, on the devices."""

from __future__ import annotations

import jax
import numpy as np

from symjax.core.leaves import is_array

from ...compiling.executables import Array
from ...compiling.lanes import Mode
from ...compiling.placement import placed
from ...planning.buckets import Bucket
from ...planning.programs import Task, replicated


class Placing:
    """Puts a copy on each device, and each array there but once: buckets share their data.

    Args:
        task: The function and its devices.
        mode: How lanes run.
    """

    def __init__(self, task: Task, mode: Mode) -> None:
        self._sharding = replicated(task, mode)
        self._placed: dict[int, tuple[Array, jax.Array]] = {}  # by id, with what has that id

    def key(self, key: jax.Array) -> jax.Array:
        """The root key."""
        return placed(key, self._sharding)

    def shared(self, bucket: Bucket) -> list[Array]:
        """The leaves that all lanes of a bucket share."""
        return [self._leaf(bucket, index) for index in bucket.program.shared]

    def _leaf(self, bucket: Bucket, index: int) -> Array:
        leaf, aval = bucket.arguments.leaves[index], bucket.arguments.avals[index]
        assert aval is not None
        if not is_array(leaf):
            return np.asarray(leaf, aval.dtype)
        if id(leaf) not in self._placed:  # for speed: a data set is sent once
            array = leaf if isinstance(leaf, jax.Array) else np.asarray(leaf, aval.dtype)
            self._placed[id(leaf)] = leaf, placed(array, self._sharding)
        return self._placed[id(leaf)][1]
