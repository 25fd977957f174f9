"""What all lanes share: a copy on each device, and each array there but once."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.running.placing import Placing

KEY = jax.random.key(3)


@pytest.mark.parametrize(("mode", "devices"), [("map", 1), ("vmap", len(jax.devices()))])
def test_buckets_share_their_arrays(mode, devices):
    data = np.arange(8, dtype=np.float32)
    space = search.space({"n": search.oneof(["a", "bc"]), "scale": 2.0})
    dnas = search.DNA.from_numbers(space.spec, [[0], [1]])
    plan = search.plan(
        lambda exp, key, data: data[len(exp["n"])] * exp["scale"], space, dnas, KEY, data, lanes=mode
    )
    placing = Placing(plan.task, plan.mode)
    first, second = (placing.shared(bucket) for bucket in plan.buckets)
    arrays = [leaf for leaf in first if np.shape(leaf)]
    assert [array.tolist() for array in arrays] == [data.tolist()]
    assert arrays[0] is next(leaf for leaf in second if np.shape(leaf))
    for array in (*arrays, placing.key(KEY)):
        assert array.sharding.is_fully_replicated
        assert len(array.sharding.device_set) == devices
    assert [float(leaf) for leaf in first if not np.shape(leaf)] == [2.0]
