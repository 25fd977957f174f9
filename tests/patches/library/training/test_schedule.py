"""`change_schedule`: the learning rate through training, by name."""

import dataclasses

import jax.numpy as jnp
import optax as raw
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import change_schedule
from symjax.patches.library.training.schedule import inverse_sqrt_schedule

from .experiments import EXPERIMENTS, Configured, Experiment, TrainConfig, step_by

NAMES = ("constant", "cosine", "warmup_cosine", "linear", "exponential", "one_cycle", "inverse_sqrt")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["symbolic", "nnx", "function"])
def test_every_schedule_trains(kind, name):
    exp = sj.patch(EXPERIMENTS[kind](), f"change_schedule?{name}&steps=20&warmup_steps=5")
    (schedule,) = (v for v in sj.query(exp, where=lambda v: patches.has_role(v, "schedule")).values())
    rates = [float(schedule(step)) for step in range(21)]
    assert max(rates) == pytest.approx(0.1, rel=1e-6)
    assert all(jnp.isfinite(jnp.array(exp.run())))


@pytest.mark.parametrize(
    ("name", "first", "middle", "last"),
    [
        ("constant", 0.1, 0.1, 0.1),
        ("cosine", 0.1, 0.05, 0.0),
        ("warmup_cosine", 0.0, 0.1, 0.0),
        ("linear", 0.1, 0.05, 0.0),
        ("exponential", 0.1, 0.01, 0.001),
        ("inverse_sqrt", 0.0, 0.1, 0.1 / 2**0.5),
    ],
)
def test_values_of_schedules(name, first, middle, last):
    rate = change_schedule(name, steps=20, warmup_steps=10)(optax.sgd(0.1)).learning_rate
    values = [float(rate(step)) for step in (0, 10, 20)]
    assert values == pytest.approx([first, middle, last], abs=1e-6)


@pytest.mark.parametrize("name", ["cosine", "linear", "warmup_cosine", "exponential"])
def test_the_end_is_a_share_of_the_peak(name):
    rate = change_schedule(name, steps=20, end=0.25)(optax.sgd(0.4)).learning_rate
    assert float(rate(20)) == pytest.approx(0.1, rel=1e-5)


def test_the_optimizer_follows_it():
    optimizer = sj.patch(optax.sgd(1.0), "change_schedule?linear&steps=4")
    values, _ = step_by(optimizer, [jnp.float32(-1.0)] * 4, jnp.float32(0.0))
    assert [float(v) for v in values] == pytest.approx([1.0, 1.75, 2.25, 2.5])


def test_the_steps_are_the_experiments():
    exp = sj.patch(Experiment(), "change_schedule?warmup_cosine")
    rate = exp.optimizer.learning_rate
    assert (rate.decay_steps, rate.warmup_steps, rate.peak_value) == (4, 1, 0.1)
    with pytest.raises(ValueError, match=r"needs the number of steps, and no setting says it; say steps=…"):
        change_schedule("cosine")(optax.sgd(0.1))
    with pytest.raises(ValueError, match=r"the settings differ: \[5, 7\]"):
        change_schedule("cosine")({"a": {"steps": 5}, "b": {"steps": 7}, "optimizer": optax.sgd(0.1)})
    assert change_schedule("inverse_sqrt")(optax.sgd(0.1)).learning_rate.warmup_steps == 4000


def test_a_schedule_in_place_of_another_keeps_the_peak():
    old = optax.sgd(optax.warmup_cosine_decay_schedule(0.0, 0.3, 7, 50))
    assert change_schedule("linear", steps=50)(old).learning_rate == optax.linear_schedule(0.3, 0.0, 50)
    assert change_schedule("inverse_sqrt")(old).learning_rate == inverse_sqrt_schedule(0.3, 7)
    joined = optax.sgd(
        optax.join_schedules([optax.constant_schedule(0.1), optax.constant_schedule(0.2)], [5])
    )
    assert change_schedule("constant")(joined).learning_rate == optax.constant_schedule(0.2)


def test_schedules_of_other_things_keep_their_warmup():
    decay = optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 20)
    exp = change_schedule("inverse_sqrt", warmup_steps=9)({"decay": decay, "optimizer": optax.sgd(0.1)})
    assert exp == {"decay": decay, "optimizer": optax.sgd(inverse_sqrt_schedule(0.1, 9))}


def test_a_schedule_of_ones_own_has_no_peak():
    with pytest.raises(ValueError, match=r"whose peak cannot be told.*\(path=learning_rate\)"):
        change_schedule("constant")(optax.sgd(lambda step: 0.1))


def test_configurations():
    exp = sj.patch(Configured(TrainConfig()), "change_schedule?cosine&warmup_steps=9")
    assert (exp.config.schedule, exp.config.warmup_steps, exp.config.learning_rate) == ("cosine", 9, 0.1)
    assert sj.patch(Configured(TrainConfig()), "change_schedule?cosine").config.warmup_steps == 1
    with pytest.warns(patches.PatchWarning):  # nothing there that could be a cosine
        sj.patch({"learning_rate": 0.1, "warmup_steps": 5}, "change_schedule?cosine&warmup_steps=9")
    config = dataclasses.replace(TrainConfig(), schedule="cosine")
    with pytest.warns(patches.PatchWarning, match="it looks for learning rates of optimizers"):
        sj.patch(Configured(config), "change_schedule?cosine")


def test_a_function_that_takes_numbers_alone():
    def build(learning_rate: float) -> raw.GradientTransformation:
        return raw.sgd(learning_rate)

    with pytest.raises(TypeError, match=r"expects float, got linear_schedule.*\(path=learning_rate\)"):
        sj.patch(sj.symbolize(build)(0.1), "change_schedule?linear&steps=3")


def test_the_last_rate_of_an_open_choice():
    class Choice(sj.Placeholder):
        pass

    optimizer = optax.sgd(Choice())
    assert change_schedule("linear", steps=5)(optimizer).learning_rate.init_value == Choice()
    with pytest.raises(ValueError, match="leave end=… away"):
        change_schedule("linear", steps=5, end=0.5)(optimizer)


def test_bad_names_and_shares():
    with pytest.raises(TypeError, match="'one_cycle', 'inverse_sqrt'"):
        sj.patch(optax.sgd(0.1), "change_schedule?cosinus")
    with pytest.raises(ValueError, match=r"\(path=end\)"):
        change_schedule("cosine", end=1.0)


def test_it_is_saved():
    optimizer = optax.sgd(inverse_sqrt_schedule(0.1, 5))
    assert sj.from_json(sj.to_json(optimizer)) == optimizer
