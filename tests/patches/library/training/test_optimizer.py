"""`swap_optimizer`: by name, with what both have."""

import dataclasses

import jax
import jax.numpy as jnp
import optax as raw
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import swap_optimizer
from symjax.patches.library.training.optimizer import _names

from .experiments import Configured, Experiment, TrainConfig, Trainer, nnx_training


@pytest.mark.parametrize("name", _names())
def test_every_name_is_an_optimizer(name):
    swapped = sj.patch(optax.adam(0.01) if name != "adam" else optax.sgd(0.01), f"swap_optimizer?{name}")
    assert type(swapped).__name__ == name
    assert swapped.learning_rate == 0.01
    assert patches.has_role(swapped, "optimizer")
    assert isinstance(swapped, raw.GradientTransformation)
    params = {"w": jnp.ones((2, 2))}
    shapes = jax.eval_shape(lambda p: swapped.update(p, swapped.init(p), p)[0], params)
    assert shapes["w"].shape == (2, 2)


def test_what_differs_from_the_defaults_is_kept_where_both_have_it():
    schedule = optax.cosine_decay_schedule(0.1, 10)
    old = optax.adamw(schedule, b1=0.8, b2=0.99, eps=1e-6, weight_decay=0.2)
    assert swap_optimizer("lion")(old) == optax.lion(schedule, b1=0.8, b2=0.99, weight_decay=0.2)
    assert swap_optimizer("sgd")(old) == optax.sgd(schedule)
    assert swap_optimizer("lion")(optax.adamw(0.1)) == optax.lion(0.1)  # whose b2 and weight decay differ


def test_inside_of_others():
    for wrap in (
        lambda o: optax.chain(optax.clip(1.0), o),
        lambda o: optax.MultiSteps(o, 2),
        lambda o: optax.masked(o, {"w": True}),
        lambda o: {"generator": o, "critic": o},
    ):
        assert swap_optimizer("sgd")(wrap(optax.adam(0.1))) == wrap(optax.sgd(0.1))


@pytest.mark.parametrize("make", [Experiment, nnx_training])
def test_experiments_train_with_it(make):
    exp = make()
    losses = sj.patch(exp, "swap_optimizer?lion|change_lr?0.05").run()
    assert losses[-1] < losses[0]
    assert losses[1:] != exp.run()[1:]


def test_names_in_configurations():
    exp = sj.patch(Trainer(TrainConfig()), "swap_optimizer?lion")
    assert exp.config.optimizer == "lion"
    assert exp.run()[1:] != Trainer(TrainConfig()).run()[1:]


def test_a_name_that_is_none_of_optax_stays():
    config = dataclasses.replace(TrainConfig(), optimizer="our_adam")
    with pytest.warns(patches.PatchWarning, match="names of optimizers in settings called optimizer,"):
        sj.patch(Configured(config), "swap_optimizer?lion")


def test_marked_functions_are_swapped_and_others_stay():
    @sj.symbolize
    @patches.role("optimizer", learning_rate="eta")
    def ours(eta: float, b1: float = 0.9) -> raw.GradientTransformation:
        return raw.adam(eta, b1=b1)

    assert swap_optimizer("lion")(ours(0.1, b1=0.5)) == optax.lion(0.1, b1=0.5)
    with pytest.warns(patches.PatchWarning, match="it looks for optimizers that are symbolic"):
        sj.patch({"optimizer": raw.adam(0.1)}, "swap_optimizer?lion")


def test_an_unknown_name():
    with pytest.raises(ValueError, match="did you mean 'adamw'"):
        sj.patch(optax.sgd(0.1), "swap_optimizer?adamww")
