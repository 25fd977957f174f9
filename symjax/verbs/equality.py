"""`eq` and `hash`: symbolic equality, strict in types, by content for arrays."""

from __future__ import annotations

import builtins
import struct
import types
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.containers import Map
from symjax.core.errors import note_depth
from symjax.core.kinds import TRACER, kind_of, static_key
from symjax.core.leaves import is_dtype
from symjax.core.marks import MISSING
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, HASH, Schema

_pack = struct.Struct("<d").pack
_ABSENT = object()
_NAN = "nan"  # the hash of a NaN is that of its address
_NATIVE = frozenset({str, int, bool, type(None), types.FunctionType, types.BuiltinFunctionType})
_EXACT = frozenset({str, int, bool})  # of one type, they are equal if Python says so
_SEQUENCES = (tuple, list)
_MAPPINGS = (dict, Map)
_NUMBERS: Any = (jax.Array, np.ndarray, np.generic, int, float, complex)


def eq(a: Any, b: Any) -> bool:
    """Whether two trees are equal: the same types, the same structure, the same numbers.

    Numbers are equal when their types and bits are: ``eq(1, 1.0)`` is False, a NaN equals itself.
    Arrays are compared by dtype, weak type, shape and content; mappings regardless of their order.

    Raises:
        jax.errors.TracerBoolConversionError: Under `jit`, where it is not known whether numbers are equal.

    Example:
        >>> eq({'a': 1, 'b': 2}, {'b': 2, 'a': 1}), eq(1, True), eq(float('nan'), float('nan'))
        (True, False, True)
    """
    try:
        return _eq(a, b)
    except RecursionError as error:
        note_depth(error)
        raise


def surely_eq(a: Any, b: Any) -> bool:
    """Whether two trees are known to be equal: `eq`, to which numbers that `jit` traces are unequal."""
    try:
        return eq(a, b)
    except jax.errors.TracerBoolConversionError:
        return False


def _eq(a: Any, b: Any) -> bool:
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        if isinstance(a, jax.core.Tracer) or isinstance(b, jax.core.Tracer):
            return _eq_traced(a, b)
        return is_dtype(a) and is_dtype(b) and np.dtype(a) == np.dtype(b)
    if kind is float:
        return _pack(a) == _pack(b)
    if kind in _EXACT:
        return a == b  # type: ignore[no-any-return]
    if kind is tuple or kind is list:
        return len(a) == len(b) and all(map(_eq, a, b))
    schema = getattr(kind, ATTRIBUTE, None)
    if schema is not None:
        return _eq_nodes(a, b, schema)
    if isinstance(a, _SEQUENCES):
        return len(a) == len(b) and all(map(_eq, a, b))
    if isinstance(a, _MAPPINGS):
        return len(a) == len(b) and _eq_entries(a, b) and same_keys(a, b)
    return _eq_other(a, b)


def _eq_nodes(a: Any, b: Any, schema: Schema) -> bool:
    left, right = schema.read(a), schema.read(b)
    for name in schema.every:
        x, y = left.get(name, MISSING), right.get(name, MISSING)
        if x is not y and not _eq(x, y):  # what is one object costs no call: 36 µs, not 39 (trees.py, eq)
            return False
    return True


def _eq_entries(a: Any, b: Any) -> bool:
    for key, item in a.items():
        other = b.get(key, _ABSENT)  # one lookup: a key may be a map itself, and is compared at each
        if other is _ABSENT or not _eq(item, other):
            return False
    return True


def same_keys(a: Any, b: Any) -> bool:
    """Whether two mappings have the same keys, by type and bits (1 is not True)."""
    return {static_key(key) for key in a} == {static_key(key) for key in b}


def _eq_traced(a: Any, b: Any) -> bool:
    """Whether two numbers are equal of which one at least is traced: known only if they cannot be.

    A Python number equals the tracer that stands for it, as it would outside of `jit`.
    """
    if not (isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS)) or jnp.shape(a) != jnp.shape(b):
        return False
    if jnp.result_type(a) != jnp.result_type(b):
        return False
    return bool(jnp.all(jnp.equal(a, b)))  # which JAX refuses, with what to do instead


def _eq_other(a: Any, b: Any) -> bool:
    row = kind_of(a)
    if row is TRACER:
        return _eq_traced(a, b)
    if row.parts is not None:
        return _eq(row.parts(a), row.parts(b))
    return bool(row.bits(a) == row.bits(b))


def hash(tree: Any) -> int:
    """A hash that agrees with `eq`: equal trees have equal hashes.

    Raises:
        TypeError: The tree holds a value that is not hashable.

    Example:
        >>> hash({'a': 1, 'b': 2}) == hash({'b': 2, 'a': 1})
        True
    """
    try:
        return _hash(tree)[0]
    except RecursionError as error:
        note_depth(error)
        raise


def _hash(tree: Any) -> tuple[int, bool]:
    """The hash, and whether it lasts: arrays of NumPy can be changed, and foreign values may hold one."""
    kind = type(tree)
    if kind in _NATIVE:
        return builtins.hash(tree), True
    schema = getattr(kind, ATTRIBUTE, None)
    if schema is not None:
        return _hash_node(tree, schema)
    if kind is float:
        return builtins.hash(_pack(tree)), True
    if isinstance(tree, _SEQUENCES):
        hashes = [_hash(item) for item in tree]
        lasting = isinstance(tree, tuple) and all(lasts for _, lasts in hashes)
        return builtins.hash((kind, *[part for part, _ in hashes])), lasting
    if isinstance(tree, _MAPPINGS):
        parts = {static_key(key): _hash(item) for key, item in tree.items()}
        lasting = kind is Map and all(lasts for _, lasts in parts.values())
        return builtins.hash((kind, frozenset((key, part) for key, (part, _) in parts.items()))), lasting
    return _hash_other(tree)


def _hash_node(node: Any, schema: Schema) -> tuple[int, bool]:
    """The hash of a symbolic node, kept by the node if it lasts."""
    caches = node.__dict__
    if HASH in caches:
        return caches[HASH], True
    values = schema.read(node)
    parts: list[Any] = [type(node)]
    lasting = True
    for name in schema.every:
        value = values.get(name, MISSING)
        kind = type(value)
        # Of most values no call: 33 µs, not 74 (benchmarks/trees.py, hash).
        if kind in _NATIVE or (kind is tuple and _NATIVE.issuperset(map(type, value))):
            parts.append(value)  # 1 and True hash alike; `eq` tells them apart
        elif kind is float:
            parts.append(value if value == value else _NAN)
        else:
            part, lasts = _hash(value)
            parts.append(part)
            lasting = lasting and lasts
    number = builtins.hash(tuple(parts))
    if lasting:
        caches[HASH] = number
    return number, lasting


def _hash_other(tree: Any) -> tuple[int, bool]:
    row = kind_of(tree)
    if row.parts is not None:
        return builtins.hash((type(tree), hash(row.parts(tree)))), row.lasts
    return builtins.hash(row.bits(tree)), row.lasts


provided.eq = eq
provided.hash = hash
