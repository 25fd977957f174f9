"""What is repeated in a model, and how often."""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen
from symjax.core.paths import Path
from symjax.patches.analysis.sizes.probe import Probe
from symjax.patches.analysis.sizes.stacks import Stack, apportioned, runs_of, stacks_of
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import Inputs

LAYERS = Path(("layers",))


def stacks(tree):
    (model,) = models(tree)
    return stacks_of(Probe.of(tree, model, Inputs(jnp.ones((2, 4)))))


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(1, 100))
def test_counts_are_apportioned(counts, total):
    shares = apportioned(counts, total)
    assert min(shares) >= 1
    assert sum(shares) >= min(total, len(counts))
    if total >= sum(counts):  # none falls below its share
        assert sum(shares) == total
        assert all(abs(new - old * total / sum(counts)) < 1 for new, old in zip(shares, counts, strict=True))


def test_the_same_total_changes_nothing():
    assert apportioned([3, 4, 6, 3], 16) == [3, 4, 6, 3]


@pytest.mark.parametrize(
    ("stack", "count", "value"),
    [
        (Stack(LAYERS, 3, 3), 5, 5),
        (Stack(LAYERS, 2, ("a", "a", "b")), 3, ("a", "a", "a", "b")),
        (Stack(LAYERS, 2, ("a", "a", "b")), 1, ("a", "b")),
        (Stack(LAYERS, 2, ("s", "a", "r", "a", "r", "h"), start=1, unit=2), 3, tuple("s" + 3 * "ar" + "h")),
        (Stack(LAYERS, 2, (8, 16), unit=0), 4, (8, 8, 16, 16)),
        (Stack(LAYERS, 3, (8, 16, 32), unit=0), 2, (8, 16)),
        (Stack(LAYERS, 2, (8, 16, 4), unit=0), 3, (8, 8, 16, 4)),
    ],
)
def test_so_many_repetitions(stack, count, value):
    assert stack.repeated(count) == {LAYERS: value}


def test_runs_of_equal_blocks_that_cover_most():
    dense = linen.Dense(4)
    model = linen.Sequential(
        [dense, linen.Dense(8), nn.relu, linen.Dense(8), nn.relu, linen.Dense(8), nn.relu, dense]
    )
    (stack,) = runs_of(model)
    assert (stack.start, stack.unit, stack.count) == (1, 2, 3)


def test_layers_of_one_class_but_for_the_head():
    (stack,) = runs_of((linen.Dense(8), linen.Dense(4), linen.Dense(2)))
    assert (stack.count, stack.unit) == (2, 0)
    assert list(runs_of((linen.Dense(8), linen.Conv(4, 3), linen.Dense(2)))) == []
    assert list(runs_of((8, 8, 8))) == []


class Staged(nn.Module):
    stage_sizes: Sequence[int] = (1, 2)
    widths: Sequence[int] = (4, 4)

    @nn.compact
    def __call__(self, x):
        for size, width in zip(self.stage_sizes, self.widths, strict=True):
            for _ in range(size):
                x = nn.Dense(width)(x)
        return nn.Dense(3)(x)


def test_ints_in_a_list_are_stacks_and_the_list_is_none_then():
    assert [(str(stack.path), stack.count) for stack in stacks(sj.symbolize(Staged)())] == [
        ("stage_sizes[0]", 1),
        ("stage_sizes[1]", 2),
    ]


class Listed(nn.Module):
    features: Sequence[int] = (8, 6)
    kernel: Sequence[int] = (3, 3)

    @nn.compact
    def __call__(self, x):
        for features in self.features:
            x = nn.Dense(features)(x)
        return nn.Dense(sum(self.kernel))(x)


def test_a_list_of_widths_is_a_stack_where_nothing_else_is():
    (stack,) = stacks(sj.symbolize(Listed)())
    assert (str(stack.path), stack.count, stack.unit) == ("features", 2, 0)


def test_a_sequence_in_which_more_blocks_do_not_fit_is_no_stack():
    half = linen.Dense(4)

    class Halves(linen.Module):
        layers: Sequence[nn.Module] = (half, half)

        @nn.compact
        def __call__(self, x):
            a, b = self.layers
            return a(x) + b(x)

    assert stacks(Halves()) == []
