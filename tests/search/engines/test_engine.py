"""`Engine`: where batches of configurations run."""

import jax
import pytest

from symjax.search.engines import Distributed, Engine, Local, Ray


def test_an_engine_is_closed_behind_a_with():
    closed = []

    class Counting(Engine):
        def evaluate(self, fn, space, dnas, key, *broadcast, **options):
            raise NotImplementedError

        def close(self):
            closed.append(self)

    with Counting() as engine:
        assert not closed
    assert closed == [engine]


def test_an_engine_that_is_alone_leads_and_agrees_with_itself():
    assert Local().is_leader
    assert Local().agree(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        Local().agree(lambda: 1 // 0)


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        (Local(), "Local()"),
        (Local(jax.devices()[0], width=8), f"Local(devices={jax.devices()[0]!r}, width=8)"),
        (Distributed(lanes="vmap"), "Distributed(lanes='vmap')"),
        (Ray(4, {"num_gpus": 1}), "Ray(workers=4, resources={'num_gpus': 1})"),
    ],
)
def test_it_prints_as_it_is_written(engine, text):
    assert repr(engine) == text
