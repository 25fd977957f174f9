"""Calls in flight: their order, what they raise, and what is ready when an interrupt comes."""

import threading

import jax
import pytest

from symjax.search.evaluation.running.flight import Flight


@pytest.fixture
def flight():
    flight = Flight()
    yield flight
    flight.close()


class Run:
    """A run of a program that is over when the event is set, if there is one."""

    def __init__(self, outcome, event=None):
        self.outcome, self.event = outcome, event

    def metrics(self):
        if self.event is not None:
            self.event.wait(60)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_calls_land_in_their_order(flight):
    for number in range(3):
        flight.start(number, lambda submit, number=number: Run(10 * number))
    landed = [flight.next() for _ in range(3)]
    assert [(each.call, each.outcome) for each in landed] == [(0, 0), (1, 10), (2, 20)]
    assert all(each.seconds >= 0 for each in landed)
    assert len(flight) == 0


def test_what_raises_where_it_is_started_never_flies(flight):
    def run(submit):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        flight.start(0, run)
    assert len(flight) == 0


def test_what_the_devices_raise_lands(flight):
    error = jax.errors.JaxRuntimeError("INTERNAL: broken")
    flight.start(0, lambda submit: Run(error))
    assert flight.next().outcome is error


def test_only_what_is_over_is_ready(flight):
    event = threading.Event()
    flight.start("first", lambda submit: Run(1))
    flight.start("second", lambda submit: Run(2, event))
    ready = [flight.next(), *flight.ready()]
    event.set()
    assert [landed.call for landed in ready] == ["first"]
    assert flight.next().outcome == 2


def test_is_full_after_a_few_calls(flight):
    event = threading.Event()
    started = 0
    while not flight.is_full:
        flight.start(started, lambda submit: Run(0, event))
        started += 1
    event.set()
    assert 2 <= started <= 16
    assert [flight.next().call for _ in range(started)] == list(range(started))
