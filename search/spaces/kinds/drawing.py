"""Random words as numbers: what all kinds of decisions draw by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt


def below(words: jax.Array, bounds: Sequence[int]) -> jax.Array:
    """Whole numbers from 0 up to each bound, uniform.

    The upper half of the product of a bound and a word (Lemire 2019, "Fast random integer generation in an
    interval", section 3), without its rejections: of n numbers none is likelier than another by more than
    n / 2**32.

    Args:
        words: Random words, uint32[n].
        bounds: From 1 to 2**31 - 1 each, n of them.

    Returns:
        int32[n].

    Example:
        >>> import jax.numpy as jnp
        >>> below(jnp.array([0, 2**31, 2**32 - 1], jnp.uint32), [3, 3, 3])
        Array([0, 1, 2], dtype=int32)
    """
    return below_each(words, np.array(bounds, np.uint32))


def below_each(words: jax.Array, limits: npt.NDArray[Any] | np.uint32 | jax.Array) -> jax.Array:
    """As `below`, of bounds that may be traced.

    Args:
        words: Random words, uint32[...].
        limits: uint32, of the same shape or one that broadcasts to it. Below none there is but 0.
    """
    high, low = words >> 16, words & 0xFFFF
    above, beneath = limits >> 16, limits & 0xFFFF
    # Schoolbook multiplication: there are no 64 bits.
    middle = high * beneath + ((low * beneath) >> 16)
    if isinstance(above, np.ndarray) and not above.any():
        return (middle >> 16).astype(jnp.int32)
    other = low * above + (middle & 0xFFFF)
    return (high * above + (middle >> 16) + (other >> 16)).astype(jnp.int32)


def shares(words: jax.Array) -> jax.Array:
    """Floats from 0 up to 1, uniform in steps of 2**-23.

    Args:
        words: Random words, uint32[...].

    Returns:
        float32[...].

    Example:
        >>> import jax.numpy as jnp
        >>> shares(jnp.array([0, 2**31], jnp.uint32))
        Array([0. , 0.5], dtype=float32)
    """
    return (words >> 9).astype(jnp.float32) * np.float32(2**-23)
