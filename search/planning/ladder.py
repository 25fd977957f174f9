"""The ladder of lane counts, and how much memory there is for them."""

from __future__ import annotations

import math
import os

import jax

LADDER: tuple[int, ...] = tuple(2 * 4**k for k in range(10))
"""Lanes on each device: 2, 8, 32, …. Never 1, whose results differ in the last bit."""

# What a call costs an accelerator beside its lanes, in lanes: it runs some tens for the price of one.
_OVERHEAD = 64
# On a CPU lanes save no time, and many cost some (a convolution with its kernel in each lane took
# twice as long in 32 lanes as in 8): so only as many as keep the calls few.
_CPU_OVERHEAD = 1
_CPU_LANES = 8
_CPU_CALLS = 64

_SHARE = 0.8  # of the free memory that a program may take


def choose_rung(configurations: int, devices: int, platform: str) -> int:
    """The lanes on each device for which the runs of a bucket cost least.

    Args:
        configurations: The size of the bucket.
        devices: The number of devices.
        platform: Their kind, as JAX calls it: ``'cpu'``, ``'gpu'``, ``'tpu'``.

    Example:
        >>> [choose_rung(n, 1, 'cpu') for n in (1, 9, 16, 256, 1024)]
        [2, 2, 8, 8, 32]
        >>> [choose_rung(n, 1, 'gpu') for n in (1, 9, 16, 256, 1024)]
        [2, 32, 32, 128, 512]
    """
    on_each = math.ceil(configurations / devices)
    overhead, highest = _OVERHEAD, math.inf
    if platform == "cpu":
        overhead, highest = _CPU_OVERHEAD, max(_CPU_LANES, 4 * on_each / _CPU_CALLS)

    def cost(lanes: int) -> int:
        return math.ceil(on_each / lanes) * (overhead + lanes)

    return min((lanes for lanes in LADDER if lanes <= highest), key=cost)


def fitting(lanes: int, taken: int, free: float) -> int:
    """The highest rung up to `lanes` that fits into memory, or the lowest rung.

    Args:
        lanes: The rung that was tried.
        taken: The bytes that it takes on each device; linear in lanes.
        free: The bytes that there are.

    Example:
        >>> fitting(128, taken=1000, free=300)
        32
    """
    fits = [rung for rung in LADDER if rung <= lanes and taken * rung <= free * lanes]
    return max(fits, default=LADDER[0])


def below(lanes: int) -> int | None:
    """The next lower rung, or None below the lowest."""
    return max((rung for rung in LADDER if rung < lanes), default=None)


def free_memory(devices: tuple[jax.Device, ...]) -> float:
    """The bytes that a program may take on each of these devices; infinite if that is unknown."""
    if devices[0].platform == "cpu":
        free = _free_host_memory()
        return math.inf if free is None else _SHARE * free / len(devices)
    left = math.inf
    for device in devices:
        stats = device.memory_stats() or {}
        if "bytes_limit" in stats:
            left = min(left, stats["bytes_limit"] - stats.get("bytes_in_use", 0))
    return _SHARE * left


def _free_host_memory() -> int | None:
    """What the system, and the control group if there is one, still have to give."""
    limits = []
    try:
        with open("/proc/meminfo") as lines:
            limits += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")]
        with open("/sys/fs/cgroup/memory.max") as limit, open("/sys/fs/cgroup/memory.current") as used:
            limits.append(int(limit.read()) - int(used.read()))
    except (OSError, ValueError):  # not Linux, or no control group, or one without a limit
        pass
    if not limits and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=None)
