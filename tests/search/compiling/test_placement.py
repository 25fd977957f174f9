"""Arrays on devices, of which some may belong to other processes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from symjax.search.compiling.placement import own, parts_on, placed

DEVICES = tuple(jax.devices()[:2])
MESH = Mesh(np.array(DEVICES), ("lanes",))


@pytest.mark.parametrize("array", [np.arange(6.0), jnp.arange(4, dtype=jnp.bfloat16)], ids=["numpy", "jax"])
def test_each_device_has_its_part(array):
    spread = placed(array, NamedSharding(MESH, PartitionSpec("lanes")))
    assert spread.dtype == jnp.asarray(array).dtype
    parts = parts_on(spread, DEVICES)
    assert [len(part) for part in parts] == [len(array) // 2] * 2
    np.testing.assert_array_equal(np.concatenate(parts), np.asarray(array))
    np.testing.assert_array_equal(parts_on(spread, DEVICES[::-1])[0], parts[1])


def test_keys_are_copied():
    key = jax.random.key(3)
    copied = placed(key, NamedSharding(MESH, PartitionSpec()))
    assert jnp.array_equal(jax.random.key_data(copied), jax.random.key_data(key))
    assert copied.sharding.device_set == set(DEVICES)


def test_one_process_has_all_devices():
    assert own(DEVICES) == DEVICES
