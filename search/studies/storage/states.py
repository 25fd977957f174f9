"""What an algorithm has learnt, as bytes."""

from __future__ import annotations

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import PyTreeDef

from ...algorithms.algorithm import State
from .database import Database
from .errors import StudyError
from .packing import Field, pack_rows, unpack_rows

_NUMBERS = (bool, int, float)


def write_state(state: State) -> tuple[str, bytes]:
    """The leaves of a state: their layout, and their bytes.

    Raises:
        TypeError: A leaf is neither an array nor a number.
    """
    records, columns = [], []
    for path, leaf in jax.tree_util.tree_leaves_with_path(state.own):
        if not isinstance(leaf, jax.Array | np.ndarray | np.generic | bool | int | float):
            raise TypeError(
                f"a study keeps states of arrays, and of the algorithm's state {jax.tree_util.keystr(path)} "
                f"is of type {type(leaf).__name__}"
            )
        impl = None
        if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            impl, leaf = str(jax.random.key_impl(leaf)), jax.random.key_data(leaf)
        array = np.asarray(leaf)
        records.append([jax.tree_util.keystr(path), *Field.of(array).to_record(), impl])
        columns.append(array[None])
    return json.dumps(records), pack_rows(columns, 1)[0]


def read_state(layout: str, content: bytes, like: State) -> State:
    """The inverse of `write_state`.

    Args:
        layout: What it gave.
        content: Likewise.
        like: A state of the same algorithm and space, of which the structure is taken.

    Raises:
        StudyError: Its leaves are others.
    """
    records = json.loads(layout)
    leaves = jax.tree.leaves(like.own)
    treedef: PyTreeDef = jax.tree.structure(like.own)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(like.own)]
    if [record[0] for record in records] != names:
        raise StudyError(
            "another version of the algorithm has written what it had learnt: it kept "
            f"{', '.join(record[0] or 'an array' for record in records) or 'nothing'}, and keeps "
            f"{', '.join(name or 'an array' for name in names) or 'nothing'} now"
        )
    arrays = unpack_rows([Field.of_record(record[1:3]) for record in records], [content])
    restored = [
        _like(old, array[0], record[3]) for old, array, record in zip(leaves, arrays, records, strict=True)
    ]
    return State(treedef.unflatten(restored), like.spec, like.objectives)


def replace_state(database: Database, state: State) -> int:
    """Writes a state in the place of the one before, within a transaction; gives its version."""
    ((version,),) = database.execute("SELECT coalesce(max(version), 0) + 1 FROM state")
    database.execute("INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?)", (version, *write_state(state)))
    return int(version)


def _like(old: Any, array: Any, impl: str | None) -> Any:
    """An array as the kind of leaf that stands there at first."""
    if impl is not None:
        return jax.random.wrap_key_data(jnp.asarray(array), impl=impl)
    if isinstance(old, _NUMBERS):
        return type(old)(array)
    return jnp.asarray(array) if isinstance(old, jax.Array) else array
