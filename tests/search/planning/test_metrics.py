"""What a function returns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.planning.metrics import check_equal_metrics, check_metrics

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "metrics",
    [0.5, True, np.float32(1), jnp.zeros(3, jnp.bfloat16), {"a": 1j, "b": [np.arange(3)]}, (1, {"x": 2.0})],
)
def test_numbers_are_metrics(metrics):
    check_metrics(metrics)
    jax.eval_shape(lambda: check_metrics(jax.tree.map(jnp.asarray, metrics)))


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (None, "what the function returned is None; is a `return` missing"),
        ({"loss": None, "x": 1.0}, "the metric 'loss' is None"),
        ({"a": [0.5, "adam"]}, r"the metric 'a\[1\]' is 'adam', a str"),
        ("adam", "what the function returned is 'adam', a str"),
        ({"key": KEY}, "the metric 'key' is an array of key"),
        ({"t": np.array(["x"])}, "the metric 't' is an array of <U1"),
        ({"f": print}, "the metric 'f' is <built-in function print>"),
        ({}, "returned {}, which holds no metric"),
    ],
)
def test_what_is_no_number_is_refused_by_name(metrics, message):
    with pytest.raises(TypeError, match=message):
        check_metrics(metrics)
    space = search.space({"x": search.floatv(0, 1)})
    with pytest.raises(TypeError, match=message):
        search.evaluate(lambda exp, key: metrics, space, space.sample(KEY, 2), KEY)


def test_differences_are_told_by_name():
    one, other = {"a": 1, "b": 2}, {"a": 1, "c": 3}
    with pytest.raises(ValueError, match=r"missing: 'b' with n=2; missing: 'c' with n=1\. Let it return"):
        check_equal_metrics([(one, lambda: "with n=1"), (one, str), (other, lambda: "with n=2")])
    with pytest.raises(ValueError, match=r"missing: 'a', 'b' there; missing: the bare number here"):
        check_equal_metrics([(one, lambda: "here"), (0.5, lambda: "there")])
    with pytest.raises(ValueError, match=r"PyTreeDef\(\[\*\]\) here; PyTreeDef\(\(\*,\)\) there"):
        check_equal_metrics([([1], lambda: "here"), ((1,), lambda: "there")])
    check_equal_metrics([])
