"""Arrays on devices, of which some may belong to other processes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.sharding import Sharding


def placed(array: Any, sharding: Sharding) -> jax.Array:
    """An array on devices. Each process has the whole of it, and places its part: nothing is sent.

    Args:
        array: The array, of NumPy or JAX; keys too.
        sharding: Where its parts are to be.

    Example:
        >>> from jax.sharding import SingleDeviceSharding
        >>> placed(np.arange(3), SingleDeviceSharding(jax.devices()[0])).tolist()
        [0, 1, 2]
    """
    if sharding.is_fully_addressable:
        there: jax.Array = jax.device_put(array, sharding)
        return there
    if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        data, impl = jax.random.key_data(array), jax.random.key_impl(array)
        key: jax.Array = jax.random.wrap_key_data(placed(data, sharding), impl=impl)
        return key
    content = np.asarray(array)
    return jax.make_array_from_callback(content.shape, sharding, lambda index: content[index])


def own(devices: tuple[jax.Device, ...]) -> tuple[jax.Device, ...]:
    """Those of some devices that belong to this process.

    Example:
        >>> own(tuple(jax.devices())) == tuple(jax.local_devices())
        True
    """
    return tuple(device for device in devices if device.process_index == jax.process_index())


def parts_on(array: jax.Array, devices: tuple[jax.Device, ...]) -> list[npt.NDArray[Any]]:
    """What of an array lies on each of some devices of this process. Waits for it."""
    parts = {shard.device: shard.data for shard in array.addressable_shards}
    return [np.asarray(parts[device]) for device in devices]
