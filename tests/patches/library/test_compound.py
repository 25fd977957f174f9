"""`compound_scale`: depth, width and resolution by their own bases."""

import flax.linen
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import check, patch


class Net(nn.Module):
    depth: int = 2
    width: int = 8

    @flax.linen.compact
    def __call__(self, x):
        for _ in range(self.depth):
            x = flax.linen.Conv(self.width, (3, 3))(x)
        x = flax.linen.max_pool(x, (2, 2), (2, 2))
        if x.shape[1] % 2:
            raise ValueError("cannot be halved twice")
        return flax.linen.Dense(3)(x.mean((1, 2)))


class Dataset(sj.Object):
    size: int = 12
    batch_size: int = 2
    channels: int = 3


class Experiment(sj.Object):
    model: nn.Module = Net()
    dataset: Dataset = Dataset()
    epochs: int = 12

    def example_inputs(self):
        data = self.dataset
        return jnp.zeros((data.batch_size, data.size, data.size, data.channels))


def test_each_grows_by_its_base_to_the_power_of_phi():
    large = patch(Experiment(), "compound_scale?phi=2&depth=1.5&width=1.25&resolution=1.29")
    assert (large.model.depth, large.model.width) == (5, 13)  # 4.5 and 12.5
    assert large.dataset == Dataset(size=20)  # 19.97
    assert large.epochs == 12


def test_the_resolution_is_rounded_as_the_model_needs_it():
    large = patch(Experiment(), "compound_scale?1")  # 13.8
    assert large.dataset.size == 12 or large.dataset.size % 4 == 0
    check(large)


def test_less_than_nothing_is_smaller():
    small = patch(Experiment(), "compound_scale?phi=-3")
    assert (small.model.depth, small.model.width, small.dataset.size) == (1, 6, 8)


def test_without_inputs_of_its_own_an_experiment_keeps_its_resolution():
    model = patch(Net(), "compound_scale?3", inputs=jnp.zeros((1, 8, 8, 3)))
    assert (model.depth, model.width) == (3, 11)


def test_bases_below_one_are_refused():
    with pytest.raises(ValueError, match=r"\(path=width\)"):
        patch(Experiment(), "compound_scale?1&width=0.5")


def test_what_has_no_size_is_told_what_was_looked_for():
    with pytest.raises(
        patches.PatchError, match="looks for depths, widths and the resolution of images"
    ) as caught:
        patch(nn.Sequential([nn.relu]), "compound_scale?1", inputs=jnp.zeros((1, 4)), strict=True)
    assert "roles" not in str(caught.value)
