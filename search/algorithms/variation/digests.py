"""Digests: 64 bits that tell trees apart by their DNAs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...spaces.choice import Genes
from ...spaces.dna import DNA
from .activity import canonical

_GOLDEN = np.uint32(0x9E3779B9)


def digest(dnas: DNA) -> Any:
    """What two DNAs share that stand for one tree, and others hardly ever.

    Genes of decisions that do not matter do not count. Among a million different trees two have one digest
    with a probability of 3e-8. It is the same on the host and under `jit`, today and tomorrow.

    Each gene is mixed with its place by MurmurHash3's finalizer (Appleby 2011), twice; the sums of these,
    mixed again, are the two words.

    Args:
        dnas: A DNA, or a batch [...].

    Returns:
        uint32[..., 2]: NumPy's for NumPy's genes, else JAX's.

    Example:
        >>> from symjax import search
        >>> space = search.space(search.oneof([1, search.oneof([2, 3])]))
        >>> dnas = search.DNA.from_numbers(space.spec, [[0, 0], [0, 1], [1, 0]])
        >>> one, same, other = digest(dnas).tolist()
        >>> one == same, one == other
        (True, False)
    """
    xp: Any = np if dnas.is_host else jnp
    plain = canonical(dnas)
    genes = xp.concatenate([plain.choices.astype(xp.uint32), _bits(plain.floats)], axis=-1)
    places = np.arange(1, genes.shape[-1] + 1, dtype=np.uint32) * _GOLDEN
    sums = [
        hashed(hashed(genes ^ hashed(places + np.uint32(turn))) + places).sum(
            axis=-1, dtype=xp.uint32, keepdims=True
        )
        for turn in (1, 2)
    ]
    return xp.concatenate([hashed(each) for each in sums], axis=-1)


def _bits(floats: Genes) -> Any:
    """The bits of floats; those of zero for -0.0, which is the same number."""
    if isinstance(floats, np.ndarray):
        bits: Any = np.ascontiguousarray(floats).view(np.uint32)
        return np.where(bits == np.uint32(1 << 31), np.uint32(0), bits)
    bits = jax.lax.bitcast_convert_type(floats, jnp.uint32)
    return jnp.where(bits == np.uint32(1 << 31), np.uint32(0), bits)


def hashed(words: Any) -> Any:
    """Words uint32[...] one to one onto words in which each bit hangs on all of them."""
    words = (words ^ (words >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    words = (words ^ (words >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return words ^ (words >> np.uint32(16))
