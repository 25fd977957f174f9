"""When a value is as good as the candidate that it came from."""

import jax.numpy as jnp
import numpy as np
import pytest

from symjax import linen as nn
from symjax.core.containers import Map
from symjax.search.spaces.templates.sameness import same

ARRAY = np.ones(3)


@pytest.mark.parametrize(
    ("candidate", "value"),
    [
        (1, 1),
        (1, 1.0),
        ((1, [2]), (1.0, (2,))),
        ({"a": 1}, {"a": 1.0}),
        (Map({"a": (1, "x")}), {"a": [1.0, "x"]}),
        (nn.Dense(3), nn.Dense(3)),
        (ARRAY, ARRAY.copy()),
        (float("nan"), float("nan")),
        (jnp.float32, jnp.float32),
    ],
)
def test_the_same(candidate, value):
    assert same(candidate, value)


@pytest.mark.parametrize(
    ("candidate", "value"),
    [
        (1, True),
        (1, 2),
        (1.0, 1),
        (0.0, -0.0),
        ("1", 1),
        (None, False),
        ((1, 2), (1,)),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        (nn.Dense(3), nn.Dense(4)),
        (ARRAY, ARRAY[:2]),
    ],
)
def test_not_the_same(candidate, value):
    assert not same(candidate, value)
