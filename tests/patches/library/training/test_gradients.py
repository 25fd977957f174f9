"""`clip_gradients` and `accumulate_gradients`, in numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import optax as raw
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import accumulate_gradients, change_lr, clip_gradients

from .experiments import EXPERIMENTS, Configured, TrainConfig, Trainer, config_dict, step_by

GRADIENT = {"a": jnp.array([3.0, 0.0]), "b": jnp.array([[4.0]])}  # of norm 5
ZEROS = jax.tree.map(jnp.zeros_like, GRADIENT)


def test_by_the_global_norm():
    (params,), _ = step_by(clip_gradients(1.0)(optax.sgd(1.0)), [GRADIENT], ZEROS)
    np.testing.assert_allclose(params["a"], [-0.6, 0.0], rtol=1e-6)
    np.testing.assert_allclose(params["b"], [[-0.8]], rtol=1e-6)


def test_by_value():
    (params,), _ = step_by(clip_gradients(3.5, by="value")(optax.sgd(1.0)), [GRADIENT], ZEROS)
    np.testing.assert_allclose(params["a"], [-3.0, 0.0])
    np.testing.assert_allclose(params["b"], [[-3.5]])


def test_small_gradients_pass():
    (params,), _ = step_by(clip_gradients(10.0)(optax.sgd(1.0)), [GRADIENT], ZEROS)
    np.testing.assert_allclose(params["b"], [[-4.0]])


def test_a_transformation_that_clips_gets_another_limit():
    chain = optax.chain(optax.clip_by_global_norm(5.0), optax.sgd(0.1))
    assert clip_gradients(1.0)(chain) == optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1))
    assert clip_gradients(1.0, by="value")(chain) == optax.chain(optax.clip(1.0), optax.sgd(0.1))
    assert sj.patch(optax.sgd(0.1), ["clip_gradients?5", "clip_gradients?1"]) == clip_gradients(1.0)(
        optax.sgd(0.1)
    )


def test_accumulation_averages_and_waits():
    optimizer = sj.patch(optax.sgd(1.0), "accumulate_gradients?2")
    gradients = [jnp.float32(g) for g in (1.0, 3.0, -5.0, -5.0)]
    values, _ = step_by(optimizer, gradients, jnp.float32(0.0))
    assert [float(v) for v in values] == [0.0, -2.0, -2.0, 3.0]


def test_the_accumulated_gradient_is_clipped():
    gradients = [jnp.float32(g) for g in (4.0, -3.0)]  # of mean 0.5; each alone would be clipped
    for rules in (
        ["accumulate_gradients?2", "clip_gradients?1"],
        ["clip_gradients?1", "accumulate_gradients?2"],
    ):
        values, _ = step_by(sj.patch(optax.sgd(1.0), rules), gradients, jnp.float32(0.0))
        assert float(values[-1]) == -0.5


def test_another_number_of_steps():
    for accumulating in (optax.MultiSteps(optax.sgd(0.1), 4), accumulate_gradients(4)(optax.sgd(0.1))):
        again = accumulate_gradients(8)(accumulating)
        assert type(again) is type(accumulating)
        assert again == accumulate_gradients(8)(accumulate_gradients(2)(accumulating)) != accumulating


def test_the_learning_rate_inside_stays_a_leaf_and_is_reached():
    optimizer = sj.patch(optax.sgd(1.0), ["accumulate_gradients?2", "clip_gradients?1", "change_lr?0.5"])
    assert jax.tree.leaves(optimizer) == [1.0, 0.5]
    run = jax.jit(lambda o: step_by(o, [jnp.float32(1.0)] * 2, jnp.float32(0.0))[0])
    assert float(run(optimizer)[-1]) == -0.5
    assert float(run(change_lr(0.25)(optimizer))[-1]) == -0.25
    assert run._cache_size() == 1


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_experiments_train_with_both(kind):
    exp = EXPERIMENTS[kind]()
    plain = exp.run()
    clipped = sj.patch(exp, "clip_gradients?0.01").run()
    accumulated = sj.patch(exp, "accumulate_gradients?2").run()
    assert clipped[0] == accumulated[0] == accumulated[1] == plain[0]
    assert accumulated[2] < accumulated[1]
    assert clipped[1:] != plain[1:]


def test_configurations():
    exp = sj.patch(Trainer(TrainConfig()), ["clip_gradients?2", "accumulate_gradients?3"])
    assert (exp.config.grad_clip_norm, exp.config.gradient_accumulation_steps) == (2.0, 3)
    with pytest.warns(patches.PatchWarning, match="settings called clip_norm, grad_clip,"):
        sj.patch(Configured(config_dict()), "clip_gradients?2")
    with pytest.warns(patches.PatchWarning, match="settings called accumulation_steps,"):
        sj.patch(Configured(config_dict()), "accumulate_gradients?2")


def test_plain_optimizers_are_wrapped_too():
    exp = sj.patch({"tx": raw.sgd(1.0)}, ["clip_gradients?1", "accumulate_gradients?2"])
    values, _ = step_by(exp["tx"], [jnp.float32(3.0)] * 2, jnp.float32(0.0))
    assert float(values[-1]) == -1.0


@pytest.mark.parametrize("uri", ["clip_gradients?0", "clip_gradients?inf", "accumulate_gradients?0"])
def test_limits(uri):
    with pytest.raises(ValueError, match=r"\(path="):
        sj.patch(optax.sgd(0.1), uri)


def test_they_are_saved():
    optimizer = sj.patch(optax.sgd(0.1), ["clip_gradients?1", "accumulate_gradients?2"])
    assert sj.from_json(sj.to_json(optimizer)) == optimizer
