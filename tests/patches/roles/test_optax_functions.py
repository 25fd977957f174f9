"""What Optax has is marked, where the installed Optax has it."""

import optax as raw
import pytest

from symjax import optax
from symjax.patches import has_role
from symjax.patches.roles.marks import arguments, makes_role, own_names
from symjax.patches.roles.optax_functions import CLIPPINGS, CROSS_ENTROPIES, LOSSES, OPTIMIZERS, SCHEDULES


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_have_a_learning_rate(name):
    optimizer = getattr(optax, name)(learning_rate=0.1)
    assert has_role(optimizer, "optimizer")
    assert has_role(optimizer, "transformation")
    assert arguments(optimizer, "optimizer")["learning_rate"].value == 0.1


def test_plain_transformations():
    assert has_role(raw.sgd(0.1), "transformation")
    assert not has_role(raw.sgd(0.1), "optimizer")
    assert not has_role(optax.scale(0.1), "optimizer")
    assert not has_role(optax.constant_schedule(0.1), "transformation")


def test_schedules_clippings_and_losses():
    assert has_role(optax.cosine_decay_schedule(0.1, 3), "schedule")
    assert arguments(optax.clip(0.5), "gradient_clipping")["limit"].value == 0.5
    assert own_names(optax.MultiSteps(optax.sgd(0.1), 2), "accumulation_steps") == ("every_k_schedule",)
    assert makes_role(optax.softmax_cross_entropy, "cross_entropy")
    assert has_role(raw.softmax_cross_entropy, "cross_entropy")
    assert makes_role(optax.huber_loss, "loss")
    assert not makes_role(optax.huber_loss, "cross_entropy")


@pytest.mark.parametrize("name", [*OPTIMIZERS, *SCHEDULES, *CLIPPINGS, *CROSS_ENTROPIES])
def test_the_installed_optax_has_them(name):
    assert hasattr(raw, name)


def test_losses_are_there():
    assert [name for name in LOSSES if not hasattr(raw.losses, name)] == []
