import math

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import optax, search
from symjax.search.proposing.laws import law_of, some_of


def law(name, value, parent=None):
    return law_of(sj.Path(["config", name]), value, parent)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("learning_rate", 3e-4, search.floatv(3e-5, 3e-3, "log")),
        ("lr", 0.5, search.floatv(0.05, 1.0, "log")),
        ("weight_decay", 0.1, search.floatv(0.01, 1.0, "log")),
        ("max_grad_norm", 1.0, search.floatv(0.1, 10.0, "log")),
        ("entropy_coeff", 0.01, search.floatv(1e-3, 0.1, "log")),
        ("attention_dropout_rate", 0.0, search.floatv(0.0, 0.5)),
        ("drop_path", 0.6, search.floatv(0.0, 0.95)),
        ("label_smoothing", 0.0, search.floatv(0.0, 0.2)),
        ("b1", 0.9, search.floatv(0.01, 0.99, "reverse_log")),
        ("lambda_", 0.95, search.floatv(5e-3, 0.995, "reverse_log")),
        ("momentum", 0.0, search.floatv(0.0, 0.9)),
        ("b2", 0.999, search.oneof([0.99, 0.997, 0.999, 0.9997, 0.9999])),
        ("mask_prob", 0.15, search.floatv(0.0, 0.3)),
        ("temperature", 0.6, search.floatv(0.06, 1.0, "log")),
    ],
)
def test_a_float_goes_by_its_name_and_size(name, value, expected):
    range_ = law(name, value).ranges[0]
    assert sj.eq(range_, expected)
    low, high = range_.options()[0], range_.options()[-1]
    assert low <= value <= high


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("eps", 1e-8, "denominator"),
        ("layer_norm_epsilon", 1e-6, "denominator"),
        ("eps_root", 0.0, "denominator"),
        ("num_epochs", 100.0, "how long"),
        ("clip", 0.0, "0 says nothing"),
        ("offset", -1.0, "-1 says nothing"),
        ("bound", math.inf, "not finite"),
        ("bound", math.nan, "not finite"),
    ],
)
def test_what_is_no_hyperparameter_stays(name, value, why):
    stated = law(name, value)
    assert stated.ranges == ()
    assert why in stated.why


def test_a_number_of_a_list_has_no_name():
    assert law_of(sj.Path(["mean", 0]), 0.5, (0.5,)).ranges == ()


def test_biases_begin_near_zero():
    assert law_of(sj.Path(["bias_init", "stddev"]), 1e-6, None).ranges == ()


def test_what_holds_a_float_says_what_it_is():
    assert law("rate", 0.1, nn.Dropout(0.1)).why == "a rate of dropout"
    assert law("rate", 0.1).why == "a positive number"
    schedule = optax.cosine_decay_schedule(0.1, 10)
    assert law("init_value", 0.1, schedule).why == "a learning rate"

    @sj.role("experiment", learning_rate="pace")
    class Walk(sj.Object):
        pace: float

    assert law("pace", 0.1, Walk(0.1)).why == "a learning rate"


def test_the_law_near_one_is_log_uniform_in_the_distance():
    (choice,) = law("b1", 0.9).ranges
    space = search.space([choice])
    distance = np.log10(1 - space.sample(jax.random.key(0), 512).floats[:, 0])
    assert abs(np.median(distance) - math.log10(0.1)) < 0.1  # 0.9 is the middle
    assert abs(np.quantile(distance, 0.25) - (-1.5)) < 0.1


def test_some_values_of_a_range_for_what_cannot_be_traced():
    assert some_of(search.floatv(0.0, 0.5), 0.1).candidates == (0.1, 0.125, 0.375)
    few = search.oneof([0.9, 0.99])
    assert some_of(few, 0.9) is few
