"""`search_for_width`: the widths for a budget of operations."""

import flax.linen
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import cost, patch, search_for_width

X = jnp.zeros((2, 20))


class Net(flax.linen.Module):
    width: int = 16

    @flax.linen.compact
    def __call__(self, x):
        x = nn.relu(flax.linen.Dense(self.width)(x))
        x = nn.relu(flax.linen.Dense(24)(x))
        return flax.linen.Dense(3)(x)


class Experiment(sj.Object):
    model: nn.Module
    epochs: int = 3

    def example_inputs(self):
        return X


@pytest.mark.parametrize("flops", [500, 50_000])
def test_the_budget_is_hit_as_nearly_as_widths_can(flops):
    experiment = Experiment(sj.symbolize(Net)())
    new = patch(experiment, search_for_width(flops))
    assert cost(new).forward.flops == pytest.approx(flops, rel=0.15 if flops < 1000 else 0.03)
    assert new.epochs == 3
    assert sj.lineage(new) == (f"search_for_width?flops={float(flops)}",)


def test_what_is_hit_already_stays():
    model = sj.symbolize(Net)()
    with pytest.warns(match="changed nothing"):
        assert patch(model, search_for_width(cost(model, X).forward.flops), inputs=X) == model


def test_a_budget_out_of_reach_names_the_nearest():
    with pytest.raises(ValueError, match=r"brings a call to 1e\+15 operations: the nearest has"):
        patch(nn.Sequential([nn.Dense(3)]), "search_for_width?1e15", inputs=X)


def test_without_inputs_nothing_can_be_counted():
    with pytest.raises(ValueError, match="needs example inputs"):
        patch(sj.symbolize(Net)(), "search_for_width?1000")
