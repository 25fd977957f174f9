"""Rotations and biases are those of their papers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.patches.library.attention.positions import LinearBias, RelativeBias, bucket, rotate


def test_rotation_turns_pairs_by_their_angles():
    x = jax.random.normal(jax.random.key(0), (3, 2, 4))
    turned = rotate(x, jnp.arange(3), 100.0)
    for position in range(3):
        for pair, frequency in enumerate([1.0, 0.1]):
            z = x[position, :, pair] + 1j * x[position, :, pair + 2]
            expected = z * jnp.exp(1j * position * frequency)
            np.testing.assert_allclose(turned[position, :, pair], expected.real, atol=1e-5)
            np.testing.assert_allclose(turned[position, :, pair + 2], expected.imag, atol=1e-5)


def test_an_odd_feature_stays_and_so_does_the_type():
    x = jnp.ones((2, 1, 3), jnp.bfloat16)
    turned = rotate(x, jnp.arange(2))
    assert turned.dtype == jnp.bfloat16
    np.testing.assert_array_equal(turned[..., -1], x[..., -1])


@pytest.mark.parametrize("buckets", [2, 3, 8, 32])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_buckets_widen_with_distance(buckets, bidirectional):
    distance = jnp.arange(-300, 301)
    numbers = np.asarray(bucket(distance, buckets, 128, bidirectional))
    assert numbers.min() >= 0
    assert numbers.max() < buckets
    past = numbers[:301][::-1]  # from distance 0 into the past
    assert (np.diff(past) >= 0).all()
    assert past[-1] == (buckets // 2 if bidirectional else buckets) - 1
    if bidirectional:
        assert set(numbers[301:]).isdisjoint(set(past)) or buckets < 4
    else:
        assert (numbers[301:] == numbers[300]).all()


def test_exact_buckets_are_those_of_small_distances():
    assert bucket(-jnp.arange(16), 32, 128, False).tolist() == list(range(16))
    # As T5 has it: 32 buckets of both directions, 8 exact ones in each.
    assert bucket(jnp.array([-7, -8, 7, 8, 1, 0, -128, 128]), 32, 128, True).tolist() == [
        7, 8, 23, 24, 17, 0, 15, 31,
    ]  # fmt: skip


def test_relative_bias_looks_numbers_up():
    layer = RelativeBias(buckets=6, max_distance=4, bidirectional=False)
    numbers = jnp.arange(12.0).reshape(6, 2)
    bias = layer.apply({"params": {"bias": numbers}}, jnp.arange(3) + 5, jnp.arange(8), 2)
    assert bias.shape == (2, 3, 8)
    for q in range(3):
        for k in range(8):
            expected = numbers[bucket(jnp.array(k - q - 5), 6, 4, False)]
            np.testing.assert_array_equal(bias[:, q, k], expected)


def test_linear_bias_has_the_slopes_of_the_paper():
    bias = LinearBias().apply({}, jnp.arange(4), jnp.arange(4), 8)
    np.testing.assert_allclose(bias[:, 3, 2], [-(2.0**-h) for h in range(1, 9)])
    np.testing.assert_allclose(bias[0, 3], [-1.5, -1.0, -0.5, 0.0])
