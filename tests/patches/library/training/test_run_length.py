"""`change_steps`, `change_epochs`, `change_seed`."""

import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import change_epochs, change_seed, change_steps
from symjax.patches.library.training.gradients import accumulated

from .experiments import EXPERIMENTS, Configured, Experiment, TrainConfig, config_dict


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_experiments_train_as_long(kind):
    assert len(sj.patch(EXPERIMENTS[kind](), "change_steps?2").run()) == 2


def test_schedules_keep_their_proportion():
    joined = optax.join_schedules(
        [optax.linear_schedule(0.0, 0.1, 10), optax.cosine_decay_schedule(0.1, 90)], [10]
    )
    exp = {"steps": 100, "optimizer": accumulated(optax.sgd(joined), 4)}
    long = change_steps(300)(exp)
    expected = optax.join_schedules(
        [optax.linear_schedule(0.0, 0.1, 30), optax.cosine_decay_schedule(0.1, 270)], [30]
    )
    assert long == {"steps": 300, "optimizer": accumulated(optax.sgd(expected), 4)}


def test_schedules_without_a_known_length_stay():
    exp = Configured({"num_train_steps": -1, "tx": optax.sgd(optax.cosine_decay_schedule(0.1, 9))})
    patched = change_steps(300)(exp)
    assert (patched.config["num_train_steps"], patched.config["tx"]) == (300, exp.config["tx"])


def test_several_lengths():
    with pytest.raises(ValueError, match=r"a.steps=3, b.steps=4: set it by its path"):
        change_steps(5)({"a": {"steps": 3}, "b": {"steps": 4}})


def test_epochs_keep_their_type():
    assert change_epochs(7)(Configured(config_dict())).config.num_epochs == 7.0
    assert isinstance(change_epochs(7)(Configured(config_dict())).config.num_epochs, float)
    assert change_epochs(7)({"epochs": 3, "warmup_epochs": 1}) == {"epochs": 7, "warmup_epochs": 1}


def test_seeds():
    exp = change_seed(3)(Experiment())
    assert exp.seed == 3
    assert exp.run()[0] != Experiment().run()[0]
    assert change_seed(3)(Configured(TrainConfig())).config.seed == 3
    assert change_seed(3)({"a": {"random_seed": 1}, "seed": True}) == {"a": {"random_seed": 3}, "seed": True}


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("change_steps?3", "steps, num_steps"),
        ("change_epochs?3", "epochs, num_epochs"),
        ("change_seed?3", "seed,"),
    ],
)
def test_nothing_there(uri, names):
    with pytest.warns(patches.PatchWarning, match=f"called {names}"):
        sj.patch({"lr": 0.1}, uri)


@pytest.mark.parametrize("uri", ["change_steps?0", "change_epochs?0", "change_seed?-1"])
def test_limits(uri):
    with pytest.raises(ValueError, match=r"\(path="):
        sj.patch(Experiment(), uri)
