"""`average_parameters`, in numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import average_parameters, averaged_parameters
from symjax.patches.library.training.averaging import AverageState

from .experiments import EXPERIMENTS, Configured, TrainConfig, config_dict, step_by


def test_the_average_is_weighted_and_corrected():
    optimizer = average_parameters(0.5)(optax.sgd(1.0))
    gradients = [{"w": jnp.array([g])} for g in (-1.0, -2.0, -4.0)]
    values, state = step_by(optimizer, gradients, {"w": jnp.zeros(1)})
    expected = sum(float(v["w"][0]) * 0.5 ** (3 - i) for i, v in enumerate(values)) / (1 - 0.5**3)
    np.testing.assert_allclose(averaged_parameters(state)["w"], [expected], rtol=1e-6)


@pytest.mark.exact
def test_training_stays_bitwise_the_same():
    gradients = [jnp.float32(g) for g in (0.3, -0.1, 0.7)]
    plain, _ = step_by(optax.adam(0.1), gradients, jnp.float32(1.0))
    averaging, _ = step_by(average_parameters()(optax.adam(0.1)), gradients, jnp.float32(1.0))
    assert plain == averaging


def test_accumulated_steps_count_once():
    gradients = [jnp.float32(-1.0)] * 4
    optimizer = sj.patch(optax.sgd(1.0), ["accumulate_gradients?2", "average_parameters?0.5"])
    _, state = step_by(optimizer, gradients, jnp.float32(0.0))
    assert float(averaged_parameters(state)) == pytest.approx((1 * 0.25 + 2 * 0.5) / 0.75)


def test_low_precision_is_averaged_in_float32():
    _, state = step_by(average_parameters(0.999)(optax.sgd(1.0)), [jnp.bfloat16(-1)], jnp.bfloat16(0))
    average = averaged_parameters(state)
    assert average.dtype == jnp.float32
    assert float(average) == pytest.approx(1.0, rel=1e-5)


def test_another_decay():
    once = average_parameters(0.9)(optax.sgd(0.1))
    assert average_parameters(0.5)(once) == average_parameters(0.5)(optax.sgd(0.1))
    assert average_parameters(0.9)(Configured(TrainConfig())).config.ema_decay == 0.9


@pytest.mark.parametrize("kind", ["symbolic", "function", "nnx"])
def test_experiments_train_as_before(kind):
    exp = EXPERIMENTS[kind]()
    assert sj.patch(exp, "average_parameters?0.9").run() == pytest.approx(exp.run(), rel=1e-5)


def test_under_jit_and_before_the_first_step():
    optimizer = average_parameters(0.9)(optax.sgd(0.1))
    state = jax.jit(lambda o: o.init(jnp.ones(2)))(optimizer)
    assert averaged_parameters(state).tolist() == [0.0, 0.0]


def test_what_has_no_average():
    with pytest.raises(ValueError, match="holds 0 averages"):
        averaged_parameters(optax.sgd(0.1).init(jnp.ones(2)))
    state = AverageState(jnp.ones(()), jnp.ones(2))
    with pytest.raises(ValueError, match="holds 2 averages"):
        averaged_parameters([state, state])
    optimizer = average_parameters()(optax.sgd(0.1))
    with pytest.raises(ValueError, match=r"optimizer.update\(gradients, state, params\)"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))


def test_nothing_to_average():
    with pytest.warns(patches.PatchWarning, match="settings called ema_decay"):
        sj.patch(Configured(config_dict()), "average_parameters")
