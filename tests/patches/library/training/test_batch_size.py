"""`change_batch_size`: the learning rate follows."""

import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import change_batch_size

from .experiments import EXPERIMENTS, Configured, Experiment, TrainConfig, config_dict


@pytest.mark.parametrize(("scaling", "rate"), [("linear", 0.4), ("sqrt", 0.2), ("none", 0.1)])
def test_how_the_rate_follows(scaling, rate):
    exp = change_batch_size(32, scaling=scaling)(Experiment())
    assert exp.batch_size == 32
    assert exp.optimizer.learning_rate == pytest.approx(rate)


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_experiments(kind):
    exp = sj.patch(EXPERIMENTS[kind](), "change_batch_size?4")
    sizes = sj.query(exp, r".*batch_size$")
    assert 4 in sizes.values()
    rates = list(sj.query(exp, r".*learning_rate$").values())
    assert rates == [0.05]
    assert exp.run() != EXPERIMENTS[kind]().run()


def test_evaluation_keeps_its_size():
    exp = sj.patch(Configured(TrainConfig()), "change_batch_size?16")
    assert (exp.config.per_device_batch_size, exp.config.eval_per_device_batch_size) == (16, 2)
    exp = sj.patch(Configured(config_dict()), "change_batch_size?64")
    assert (exp.config.batch_size, exp.config.learning_rate) == (64, 0.05)


def test_schedules_are_scaled_in_height():
    exp = {"batch_size": 8, "optimizer": optax.sgd(optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 10, 0.01))}
    rate = change_batch_size(16)(exp)["optimizer"].learning_rate
    assert rate == optax.warmup_cosine_decay_schedule(0.0, 0.2, 5, 10, 0.02)


def test_sizes_that_differ():
    exp = {"a": {"batch_size": 8}, "b": {"batch_size": 4}, "lr": 0.1}
    with pytest.raises(ValueError, match=r"the batch sizes differ \(a.batch_size=8, b.batch_size=4\)"):
        change_batch_size(16)(exp)
    assert change_batch_size(16, scaling="none")(exp) == {
        "a": {"batch_size": 16},
        "b": {"batch_size": 16},
        "lr": 0.1,
    }


def test_open_choices():
    class Choice(sj.Placeholder):
        pass

    with pytest.raises(ValueError, match=r"the batch size is an open choice.*\(path=batch_size\)"):
        change_batch_size(16)({"batch_size": Choice(), "lr": 0.1})
    with pytest.raises(ValueError, match="the learning rate is an open choice") as error:
        change_batch_size(16)({"batch_size": 8, "lr": Choice()})
    assert "while scaling this (path=lr)" in error.value.__notes__


def test_a_role_says_what_it_is_called():
    @patches.role("experiment", batch_size="examples")
    class Other(sj.Object):
        examples: int = 8
        batch_size: int = 3
        lr: float = 0.5

    assert change_batch_size(16)(Other()) == Other(16, 3, 1.0)


def test_nothing_there():
    with pytest.warns(patches.PatchWarning, match="integers called batch_size, train_batch_size"):
        sj.patch({"lr": 0.1}, "change_batch_size?16")
