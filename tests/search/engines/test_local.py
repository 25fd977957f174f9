"""`Local`: the devices of this process."""

import jax
import numpy as np

from symjax import search
from symjax.search.engines import Local

SPACE = search.space({"x": search.floatv(-1.0, 1.0)})
DNAS = SPACE.sample(jax.random.key(0), 4)


def noisy(exp, key):
    return {"y": exp["x"] + jax.random.normal(key)}


def test_it_runs_where_it_is_told():
    results = Local(devices=jax.devices()[1], lanes="vmap", width=2).evaluate(
        noisy, SPACE, DNAS, jax.random.key(1)
    )
    assert results.plan.widths == (2,)
    expected = search.evaluate(noisy, SPACE, DNAS, jax.random.key(1))
    np.testing.assert_allclose(results["y"], expected["y"], rtol=1e-6)


def test_mapped_lanes_give_the_same_on_any_number_of_devices():
    key = jax.random.key(1)
    one, both = (Local(jax.devices()[:n], lanes="map").evaluate(noisy, SPACE, DNAS, key) for n in (1, 2))
    np.testing.assert_array_equal(one["y"], both["y"])
    assert (one.plan.widths, both.plan.widths) == ((1,), (2,))
