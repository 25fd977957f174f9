"""Whole numbers and shares of random words."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from symjax.search.spaces.kinds.drawing import below, shares

words = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8)


@given(words, st.integers(1, 2**31 - 1))
def test_the_product_is_exact(bits, bound):
    drawn = below(jnp.array(bits, jnp.uint32), [bound] * len(bits))
    assert drawn.dtype == jnp.int32
    assert drawn.tolist() == [word * bound >> 32 for word in bits]


@given(words)
def test_small_and_large_bounds_mix(bits):
    bounds = [(3, 2**16 - 1, 2**16, 2**31 - 1)[i % 4] for i in range(len(bits))]
    drawn = below(jnp.array(bits, jnp.uint32), bounds)
    assert drawn.tolist() == [word * bound >> 32 for word, bound in zip(bits, bounds, strict=True)]


@given(words)
def test_shares_are_the_upper_bits(bits):
    drawn = shares(jnp.array(bits, jnp.uint32))
    assert drawn.dtype == jnp.float32
    assert np.asarray(drawn).tolist() == [(word >> 9) / 2**23 for word in bits]
    assert ((drawn >= 0) & (drawn < 1)).all()
