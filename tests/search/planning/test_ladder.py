"""The ladder of lane counts, and the memory for them."""

import math

import jax
import pytest

from symjax.search.compiling.lanes import Layout
from symjax.search.planning.ladder import LADDER, below, choose_rung, fitting, free_memory, layouts


@pytest.mark.parametrize("platform", ["cpu", "gpu", "tpu"])
@pytest.mark.parametrize("devices", [1, 2, 8])
def test_a_rung_is_never_higher_than_needed(platform, devices):
    for n in range(1, 400):
        lanes = choose_rung(n, devices, platform)
        assert lanes in LADDER
        assert lanes >= 2
        lower = below(Layout("vmap", lanes))
        assert lower is None or lower.width * devices < n


def test_the_rung_falls_until_the_program_fits():
    widths = [fitting(Layout("vmap", 128), taken=100, free=free).width for free in (100, 99, 7, 0)]
    assert widths == [128, 32, 8, 2]
    widths = [fitting(Layout("map", 12), taken=100, free=free).width for free in (100, 99, 25, 0)]
    assert widths == [12, 6, 3, 1]


def test_free_memory_is_shared_by_the_devices_of_a_host():
    devices = tuple(jax.devices())
    assert 0 < free_memory(devices) < math.inf


def test_the_platform_chooses_how_lanes_run():
    cpu = tuple(jax.devices())
    assert {layouts(None, None, cpu)(n) for n in (1, 1000)} == {Layout("map", 1)}
    assert layouts(None, 4, cpu)(9) == Layout("map", 4)
    assert layouts("vmap", 32, cpu)(9) == Layout("vmap", 32)
    assert layouts("vmap", None, cpu)(64).width in LADDER


@pytest.mark.parametrize(
    ("lanes", "width", "message"),
    [
        ("loop", None, "lanes are 'map' or 'vmap', got 'loop'"),
        (32, None, "how many run side by side on each device is width="),
        ("vmap", 3, "on the ladder"),
        ("map", 0, "at least 1"),
        (None, 2.0, "a whole number"),
    ],
)
def test_another_way_or_width_is_refused(lanes, width, message):
    with pytest.raises(ValueError, match=message):
        layouts(lanes, width, tuple(jax.devices()))
