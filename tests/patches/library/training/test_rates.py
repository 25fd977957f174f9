"""Reading learning rates and schedules, and scaling them."""

import pytest

import symjax as sj
from symjax import optax
from symjax.patches.library.training.rates import peak, scaled, with_rate


@pytest.mark.parametrize(
    ("rate", "highest"),
    [
        (0.5, 0.5),
        (1, 1),
        (None, None),
        ("cosine", None),
        (optax.cosine_decay_schedule(0.5, 10), 0.5),
        (optax.linear_schedule(0.1, 0.5, 10), 0.5),
        (optax.warmup_cosine_decay_schedule(0.0, 0.5, 5, 10), 0.5),
        (
            optax.join_schedules([optax.linear_schedule(0.0, 0.5, 2), optax.constant_schedule(0.2)], [2]),
            0.5,
        ),
        (optax.sgd(0.5), None),
    ],
)
def test_peaks(rate, highest):
    assert peak(rate) == highest


def test_a_scaled_schedule_is_the_schedule_times_the_factor():
    parts = [optax.linear_schedule(0.0, 0.5, 2), optax.warmup_cosine_decay_schedule(0.5, 0.6, 2, 8, 0.1)]
    schedule = optax.join_schedules(parts, [2])
    tripled = scaled(schedule, 3.0)
    for step in range(12):
        assert float(tripled(step)) == pytest.approx(3 * float(schedule(step)), rel=1e-6)


def test_a_choice_cannot_be_scaled():
    class Choice(sj.Placeholder):
        pass

    with pytest.raises(ValueError, match="is an open choice, which cannot be multiplied"):
        scaled(Choice(), 2.0)


def test_what_is_no_rate_stays():
    assert with_rate("auto", 0.1, sj.Path(())) == "auto"
    assert scaled(None, 2.0) is None
