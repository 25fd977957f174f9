"""`change_weight_decay`, in numbers."""

import jax
import jax.numpy as jnp
import optax as raw
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import change_weight_decay
from symjax.patches.library.training.weight_decay import decayed

from .experiments import EXPERIMENTS, Configured, TrainConfig, built, config_dict, step_by


@pytest.mark.parametrize("name", ["adamw", "lion", "lamb", "adan", "nadamw"])
def test_where_there_is_an_argument_it_is_set(name):
    make = getattr(optax, name)
    assert change_weight_decay(0.3)(make(0.1)) == make(0.1, weight_decay=0.3)


def test_other_names_and_nodes():
    assert change_weight_decay(0.3)(optax.adafactor(0.1)).weight_decay_rate == 0.3
    chain = optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1))
    assert change_weight_decay(0.3)(chain) == optax.chain(optax.add_decayed_weights(0.3), optax.sgd(0.1))
    assert change_weight_decay(0.3)(built(0.1, 0.0)) == built(0.1, 0.3)


def test_behind_adam_it_is_adamw():
    gradients = [jnp.array([0.3, -0.2]), jnp.array([-0.1, 0.5]), jnp.array([0.2, 0.2])]
    start = jnp.array([1.0, -2.0])
    for rate in (0.1, optax.linear_schedule(0.1, 0.0, 4)):
        chained, _ = step_by(change_weight_decay(0.3)(optax.adam(rate)), gradients, start)
        expected, _ = step_by(optax.adamw(rate, weight_decay=0.3), gradients, start)
        for one, other in zip(chained, expected, strict=True):
            assert jnp.allclose(one, other, atol=1e-6)


def test_a_later_learning_rate_reaches_it():
    optimizer = sj.patch(optax.sgd(0.1), ["change_weight_decay?0.3", "change_lr?0.5"])
    assert optimizer == optax.chain(optax.sgd(0.5), decayed(0.5, 0.3))
    scheduled = sj.patch(optimizer, "change_schedule?cosine&steps=4")
    assert scheduled.args[0].learning_rate == scheduled.args[1].learning_rate
    assert change_weight_decay(0.1)(optimizer) == optax.chain(optax.sgd(0.5), decayed(0.5, 0.1))


def test_a_schedule_of_the_decay_keeps_its_shape():
    optimizer = optax.add_decayed_weights(optax.linear_schedule(0.1, 0.0, 4))
    assert change_weight_decay(0.3)(optimizer).weight_decay == optax.linear_schedule(0.3, 0.0, 4)


def test_each_of_several_optimizers():
    both = {"generator": optax.adamw(0.1), "critic": optax.sgd(0.2)}
    patched = change_weight_decay(0.3)(both)
    assert patched["generator"] == optax.adamw(0.1, weight_decay=0.3)
    assert patched["critic"] == optax.chain(optax.sgd(0.2), decayed(0.2, 0.3))


def test_a_configuration_that_other_code_reads():
    exp = {"config": Configured(TrainConfig()), "optimizer": optax.sgd(0.1)}
    patched = change_weight_decay(0.3)(exp)
    assert patched["config"].config.weight_decay == 0.3
    assert patched["optimizer"] == optax.sgd(0.1)


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_experiments_train_with_it(kind):
    exp = EXPERIMENTS[kind]()
    losses = sj.patch(exp, "change_weight_decay?5").run()
    assert losses[1:] != exp.run()[1:]
    assert all(jnp.isfinite(jnp.array(losses)))


def test_where_no_learning_rate_is_seen():
    for tree in ({"tx": raw.sgd(0.1)}, Configured(config_dict())):
        with pytest.warns(patches.PatchWarning, match="called weight_decay, weight_decay_rate"):
            sj.patch(tree, "change_weight_decay?0.1")


def test_it_is_traced_saved_and_needs_parameters():
    optimizer = change_weight_decay(0.3)(optax.sgd(0.1))
    assert jax.tree.leaves(optimizer) == [0.1, 0.1, 0.3]
    assert sj.from_json(sj.to_json(optimizer)) == optimizer
    with pytest.raises(ValueError, match="weight decay needs the parameters"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))
    with pytest.raises(ValueError, match=r"\(path=weight_decay\)"):
        change_weight_decay(-0.1)
