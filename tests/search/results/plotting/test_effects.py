"""How much decisions explain."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax import search
from symjax.search.results.plotting.effects import explained

KEY = jax.random.key(0)
SPACE = search.space(
    {
        "x": search.floatv(1e-4, 1.0, "log", name="x"),
        "act": search.oneof(["relu", "gelu", "tanh"], name="act"),
        "none": search.oneof(list(range(20)), name="none"),
    }
)
N = 400
DNAS = SPACE.sample(KEY, N)
NUMBERS = np.array(DNAS.numbers())


def measured(values, space=SPACE, dnas=DNAS, **more):
    return search.Results(space, dnas, np.arange(len(dnas)), KEY, np.asarray(values, float), **more)


def test_the_shares_of_two_decisions():
    importance = measured(np.log(NUMBERS[:, 0]) + 2 * NUMBERS[:, 1]).importance()
    assert list(importance) == ["x", "act", "none"]
    # Variances of the terms: of a uniform law on ln 10⁴, and of 0, 2 and 4. Ranks change them a little.
    terms = np.array([np.log(1e4) ** 2 / 12, 8 / 3])
    np.testing.assert_allclose(list(importance.values())[:2], terms / terms.sum(), atol=0.06)
    assert importance["none"] < 0.02  # 20 candidates explain a twentieth of 400 by chance


def test_what_explains_nothing_does_so_on_average():
    draws = np.random.default_rng(0).normal(size=(200, N))
    shares = [
        explained(NUMBERS[:, 2].astype(int), ranks, ranks.var() * N) for ranks in draws.argsort().argsort()
    ]
    assert np.mean(shares) < 0.01  # 19/399 without the correction


def test_a_diverged_loss_counts_as_the_last():
    loss = NUMBERS[:, 1] + 0.01 * np.arange(N) / N
    worse = np.where(np.arange(N) == N - 1, 1e30, loss)
    assert measured(worse).importance(mode="min")["act"] > 0.8


def test_failures_rank_last_and_are_explained():
    nan = np.where(NUMBERS[:, 1] == 2, np.nan, 0.0)
    assert measured(nan).importance()["act"] == pytest.approx(1.0)
    failed = {int(row): ValueError() for row in np.flatnonzero(NUMBERS[:, 1] == 2)}
    assert measured(np.zeros(N), errors=failed).importance()["act"] == pytest.approx(1.0)


def test_a_decision_counts_where_it_matters():
    space = search.space({"on": search.maybe(search.floatv(0.0, 1.0, name="rate"), name="on")})
    dnas = space.sample(KEY, N)
    on, rate = np.array(dnas.numbers()).T
    importance = measured(np.where(on, rate, 0.5), space, dnas).importance()
    assert importance["rate"] > 0.7
    assert importance["on"] < 0.1


def test_of_nothing():
    assert set(measured(np.zeros(N)).importance().values()) == {0.0}
    assert set(measured(np.zeros(1), dnas=DNAS[:1]).importance().values()) == {0.0}


@given(st.lists(st.tuples(st.integers(-1, 3), st.floats(-10, 10)), min_size=1, max_size=20))
def test_a_share_is_a_share(rows):
    groups, ranks = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    total = float(((ranks - ranks.mean()) ** 2).sum())
    assert 0 <= explained(groups, ranks, total) <= 1


def test_the_order_is_that_of_optunas_measure():
    optuna = pytest.importorskip("optuna")
    pytest.importorskip("sklearn")  # of which the measure takes its forest
    results = measured(np.log(NUMBERS[:, 0]) + 2 * NUMBERS[:, 1])
    evaluator = optuna.importance.MeanDecreaseImpurityImportanceEvaluator(n_trees=8, max_depth=8, seed=0)
    theirs = optuna.importance.get_param_importances(results.to_optuna(), evaluator=evaluator)
    assert list(theirs) == list(results.importance())
