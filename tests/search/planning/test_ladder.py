"""The ladder of lane counts, and the memory for them."""

import math

import jax
import pytest

from symjax.search.planning.ladder import LADDER, below, choose_rung, fitting, free_memory


@pytest.mark.parametrize("platform", ["cpu", "gpu", "tpu"])
@pytest.mark.parametrize("devices", [1, 2, 8])
def test_a_rung_is_never_higher_than_needed(platform, devices):
    for n in range(1, 400):
        lanes = choose_rung(n, devices, platform)
        assert lanes in LADDER
        assert lanes >= 2
        lower = below(lanes)
        assert lower is None or lower * devices < n


def test_the_rung_falls_until_the_program_fits():
    assert fitting(128, taken=100, free=100) == 128
    assert fitting(128, taken=100, free=99) == 32
    assert fitting(128, taken=100, free=7) == 8
    assert fitting(128, taken=100, free=0) == 2
    assert [below(lanes) for lanes in (2, 8, 32, 128)] == [None, 2, 8, 32]


def test_free_memory_is_shared_by_the_devices_of_a_host():
    devices = tuple(jax.devices())
    assert 0 < free_memory(devices) < math.inf
