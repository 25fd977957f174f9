"""How the lanes of a program run: mapped or vectorized, how many at once, and the memory for them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any, get_args

import jax

from symjax.core.errors import brief, known

from ..compiling.lanes import Layout, Mode

LADDER: tuple[int, ...] = tuple(2 * 4**k for k in range(10))
"""Vectorized lanes on each device: 2, 8, 32, …. Never 1, whose results differ in the last bit."""

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
    return choose_one_rung([(configurations, 1)], devices, platform)


def choose_one_rung(loads: Sequence[tuple[int, int]], devices: int, platform: str) -> int:
    """The lanes on each device for which several runs of one program together cost least.

    Args:
        loads: Of each run how many configurations it has, and how long it is; the first has the most.
        devices: The number of devices.
        platform: Their kind.

    Example:
        >>> choose_one_rung([(512, 1), (128, 4), (32, 16), (8, 64)], 1, 'gpu')
        32
    """
    sizes = [(math.ceil(configurations / devices), length) for configurations, length in loads]
    overhead, highest = _OVERHEAD, math.inf
    if platform == "cpu":
        overhead, highest = _CPU_OVERHEAD, max(_CPU_LANES, 4 * sizes[0][0] / _CPU_CALLS)

    def cost(lanes: int) -> int:
        return sum(length * math.ceil(size / lanes) * (overhead + lanes) for size, length in sizes)

    return min((lanes for lanes in LADDER if lanes <= highest), key=cost)


def layouts(lanes: object, width: object, devices: tuple[jax.Device, ...]) -> Callable[[int], Layout]:
    """How the lanes of a bucket run, by the number of its configurations.

    Args:
        lanes: ``'map'``, ``'vmap'``, or None for what suits the devices. On a CPU lanes are mapped: side by
            side they save nothing there, a convolution took twice as long, and compiling did.
        width: How many run side by side on each device; None to choose.
        devices: Where they run.

    Raises:
        ValueError: Another way, or a width that is not possible with it.
    """
    platform = devices[0].platform
    if lanes is None:
        lanes = "map" if platform == "cpu" else "vmap"
    if lanes not in get_args(Mode):
        how = "; how many run side by side on each device is width=" if isinstance(lanes, int) else ""
        raise ValueError(f"lanes are 'map' or 'vmap', got {brief(lanes)}{how}")
    if lanes == "map":
        if width is not None and (type(width) is not int or width < 1):
            raise ValueError(f"the width of mapped lanes is a whole number of at least 1, got {brief(width)}")
        layout = Layout("map", width or 1)
        return lambda configurations: layout
    if width is not None and width not in LADDER:
        raise ValueError(
            f"the width of vectorized lanes must be on the ladder; {known(LADDER, 'its rungs')}; "
            f"got {brief(width)}"
        )
    fixed: Any = width
    return lambda configurations: Layout("vmap", fixed or choose_rung(configurations, len(devices), platform))


def fitting(layout: Layout, taken: int, free: float) -> Layout:
    """The widest layout up to this one that fits into memory, or the narrowest.

    Args:
        layout: The one that was tried.
        taken: The bytes that it takes on each device; linear in its width.
        free: The bytes that there are.

    Example:
        >>> fitting(Layout('vmap', 128), taken=1000, free=300).width
        32
    """
    fits = layout
    while taken * fits.width > free * layout.width:
        narrower = below(fits)
        if narrower is None:
            break
        fits = narrower
    return fits


def below(layout: Layout) -> Layout | None:
    """The next narrower layout, or None below the narrowest: the next rung, or half of what is mapped.

    Example:
        >>> below(Layout('vmap', 32)), below(Layout('vmap', 2)), below(Layout('map', 1))
        (Layout(mode='vmap', width=8), None, None)
    """
    if layout.mode == "map":
        return layout._replace(width=layout.width // 2) if layout.width > 1 else None
    lower = [rung for rung in LADDER if rung < layout.width]
    return layout._replace(width=lower[-1]) if lower else None


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
