"""`change_lr`, wherever a learning rate stands."""

import chex
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import change_lr, patch


class Experiment(sj.Object):
    optimizer: object
    lr: float = 0.5
    lr_decay: float = 0.5
    learning_rates: tuple[float, ...] = (0.5,)


def test_numbers_by_their_name():
    exp = change_lr(0.1)(Experiment(optax.adam(1e-3)))
    assert (exp.optimizer.learning_rate, exp.lr) == (0.1, 0.1)
    assert (exp.lr_decay, exp.learning_rates) == (0.5, (0.5,))


def test_optimizers_inside_others():
    chain = optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.5, momentum=0.9))
    (path,) = sj.query(chain, r".*learning_rate$")
    assert sj.query(change_lr(0.1)(chain), r".*learning_rate$") == {path: 0.1}


@pytest.mark.parametrize("old", [1, jnp.float32(0.5), jnp.array([0.1, 0.2])])
def test_what_else_counts_as_a_number(old):
    assert change_lr(0.1)({"lr": old}) == {"lr": 0.1}


@pytest.mark.parametrize("old", [None, "cosine", True, {"peak": 0.1}])
def test_what_does_not(old):
    with pytest.warns(patches.PatchWarning):
        change_lr(0.1)({"lr": old})


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (optax.constant_schedule(0.5), "value"),
        (optax.cosine_decay_schedule(0.5, decay_steps=10), "init_value"),
        (optax.exponential_decay(0.5, 10, 0.9, end_value=0.01), "init_value"),
        (optax.linear_schedule(0.0, 0.5, 10), "end_value"),
        (optax.linear_schedule(0.5, 0.0, 10), "init_value"),
        (optax.warmup_cosine_decay_schedule(0.0, 0.5, 5, 10, end_value=0.1), "peak_value"),
        (optax.linear_onecycle_schedule(10, 0.5), "peak_value"),
    ],
)
def test_the_peak_of_a_schedule(schedule, field):
    changed = change_lr(0.7)(optax.sgd(schedule)).learning_rate
    assert list(sj.diff(schedule, changed)) == [field]
    assert getattr(changed, field) == 0.7
    assert max(float(changed(step)) for step in range(11)) == pytest.approx(0.7)


def test_open_choices_are_closed():
    class Choice(sj.Placeholder):
        pass

    assert change_lr(0.1)({"lr": Choice()}) == {"lr": 0.1}
    schedule = optax.linear_schedule(0.5, Choice(), 10)
    assert change_lr(0.1)({"lr": schedule}) == {"lr": optax.linear_schedule(0.5, 0.1, 10)}


def test_a_schedule_without_a_peak_of_its_own():
    joined = optax.join_schedules([optax.constant_schedule(0.1), optax.constant_schedule(0.2)], [5])
    with pytest.raises(ValueError, match=r"change its parts by their paths \(path=learning_rate\)"):
        change_lr(0.7)(optax.sgd(joined))


@pytest.mark.parametrize("rate", [0.0, -0.1, float("inf"), float("nan")])
def test_a_rate_is_positive_and_finite(rate):
    with pytest.raises(ValueError, match=r"\(path=learning_rate\)"):
        change_lr(rate)


def test_a_new_rate_does_not_recompile():
    @jax.jit
    @chex.assert_max_traces(n=1)
    def step(exp):
        updates, _ = exp.optimizer.update(jnp.ones(3), exp.optimizer.init(jnp.ones(3)))
        return updates

    exp = Experiment(optax.sgd(0.5))
    for rate in (0.1, 0.2):
        assert jnp.allclose(step(patch(exp, f"change_lr?{rate}")), -rate)


def test_a_batch_of_rates():
    exp = Experiment(optax.sgd(0.5))
    rates = jax.vmap(lambda p: p(exp).optimizer.learning_rate)(change_lr(jnp.array([0.1, 0.2])))
    assert rates.tolist() == pytest.approx([0.1, 0.2])
