"""`Pool`: workers that come and go."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.engines import WorkerLost, pool
from symjax.search.engines.pool import Pool


def test_a_pool_without_workers_is_closed_without_ray():
    nobody = Pool(2, {}, 1)
    nobody.close()
    assert (len(nobody), nobody.idle, nobody.busy, nobody.programs) == (0, [], [], set())


@pytest.mark.ray
@pytest.mark.slow
def test_what_cannot_change_is_stored_once(cluster):
    workers = Pool(1, {}, 0)
    fixed, writeable = jnp.arange(3), np.arange(3)
    assert workers.store(fixed) is workers.store(fixed)
    assert workers.store(len) is workers.store(len)
    assert workers.store(writeable) is not workers.store(writeable)
    workers.close()


class Broken:
    """Takes the place of what runs in a worker."""

    def __init__(self):
        raise ImportError("No module named 'symjax'")

    def start(self):
        raise NotImplementedError


@pytest.mark.ray
@pytest.mark.slow
def test_workers_that_do_not_start_are_not_started_for_ever(cluster, monkeypatch):
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(pool, "_Actor", Broken)
    workers = Pool(1, {"num_cpus": 0}, 1)

    def start():
        for _ in range(10):
            workers.grow(1)
            workers.wait()

    with pytest.raises(WorkerLost, match="2 workers one after the other did not start") as caught:
        start()
    assert "No module named 'symjax'" in str(caught.value.__cause__)
