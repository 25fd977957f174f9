"""Calls in flight: their order, what they raise, and what is ready when an interrupt comes."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.evaluation.flight import Flight


@pytest.fixture
def flight():
    flight = Flight()
    yield flight
    flight.close()


class Later:
    """An array that is ready when the event is set."""

    def __init__(self, event, value):
        self.event, self.value = event, value

    def block_until_ready(self):
        self.event.wait(60)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value)


def test_calls_land_in_their_order(flight):
    for number in range(3):
        flight.start(number, lambda number=number: {"y": jnp.float32(number)})
    landed = [flight.next() for _ in range(3)]
    assert [(each.call, float(each.outcome["y"])) for each in landed] == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert all(each.seconds >= 0 for each in landed)
    assert isinstance(landed[0].outcome["y"], np.ndarray)
    assert len(flight) == 0


def test_what_raises_where_it_is_started_never_flies(flight):
    def run():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        flight.start(0, run)
    assert len(flight) == 0


def test_what_the_devices_raise_lands(flight):
    class Broken(Later):
        def block_until_ready(self):
            raise jax.errors.JaxRuntimeError("INTERNAL: broken")

    flight.start(0, lambda: Broken(None, 0.0))
    assert isinstance(flight.next().outcome, jax.errors.JaxRuntimeError)


def test_only_what_is_over_is_ready(flight):
    event = threading.Event()
    flight.start("first", lambda: jnp.ones(3))
    flight.start("second", lambda: Later(event, 2.0))
    ready = [flight.next(), *flight.ready()]
    event.set()
    assert [landed.call for landed in ready] == ["first"]
    assert flight.next().outcome == 2.0


def test_is_full_after_a_few_calls(flight):
    event = threading.Event()
    started = 0
    while not flight.is_full:
        flight.start(started, lambda: Later(event, 0.0))
        started += 1
    event.set()
    assert 2 <= started <= 16
    assert [flight.next().call for _ in range(started)] == list(range(started))
