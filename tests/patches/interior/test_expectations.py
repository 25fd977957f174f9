"""What patches inside must change, told where the model first runs."""

import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches

KEY = jax.random.key(0)


def dense(k, v):
    return v.rebind(use_bias=False) if isinstance(v, nn.Dense) else v


def test_a_number_of_places_that_is_not_known_before(net, x):
    right = sj.patch(net, patches.layers(dense).expects(5))
    assert right.inside == (patches.layers(dense).expects(5),)
    jax.eval_shape(right.init, KEY, x)
    wrong = sj.patch(net, patches.layers(dense).expects(2))
    with pytest.raises(
        patches.PatchError, match="to change 2 places inside of the model, and changed 5: Block_0/n"
    ):
        jax.eval_shape(wrong.init, KEY, x)


def test_places_in_fields_count_along(net, x):
    tree = sj.patch({"a": nn.Dense(3), "b": net}, patches.layers(dense).expects(6))
    jax.eval_shape(tree["b"].init, KEY, x)
    with pytest.raises(patches.PatchError, match="to change 6 places, and changed 5"):
        sj.patch({"a": nn.Conv(3, 3), "b": net}, patches.layers(dense).expects(6), inputs={"b": x})


def test_strict_asks_for_one(net, x):
    nothing = patches.layers(lambda k, v: v)
    model = sj.patch(net, nothing, strict=True)
    with pytest.raises(
        patches.PatchError, match=r"changed nothing inside of the model; it calls Dense_0 \(Dense\)"
    ):
        jax.eval_shape(model.init, KEY, x)
    jax.eval_shape(sj.patch(net, patches.layers(dense), strict=True).init, KEY, x)
    with pytest.raises(
        patches.PatchError,
        match="nothing inside of <root> matched, or it had its new value already; it calls Dense_0",
    ):
        sj.patch(net, nothing, strict=True, inputs=x)


def test_check_speaks_up_too(net, x):
    model = sj.patch(net, patches.layers(dense).expects(2))
    with pytest.raises(patches.PatchError, match="changed 5"):
        patches.check(model, x)
