"""`change_dataset`: what follows from other data."""

import flax.linen
import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import change_dataset

from .experiments import Configured, TrainConfig, Trainer, X, config_dict


@patches.role("dataset")
class Small(sj.Object):
    split: float = 0.2
    batch_size: int = 8
    num_classes = 4


@patches.role("dataset")
class LargeSet(sj.Object):
    split: float = 0.1
    shuffle: bool = True
    num_classes = 7


@patches.role("dataset", classes="labels")
class Named(sj.Object):
    name: str = "a"
    vocab_size: int = 11

    @property
    def labels(self):
        return {"a": 4, "b": 7}[self.name]


class Experiment(sj.Object):
    dataset: object
    model: nn.Module


class Configurable(nn.Module):
    num_classes: int = 4
    width: int = 4

    @nn.compact
    def __call__(self, x):
        return nn.Dense(self.num_classes)(nn.Dense(self.width)(x))


def test_by_class_with_what_both_have():
    patched = change_dataset("large_set")(Experiment(Small(0.3), Configurable()))
    assert patched == Experiment(LargeSet(0.3), Configurable(num_classes=7))
    assert change_dataset("LargeSet")(Experiment(Small(), Configurable())).dataset == LargeSet()


def test_by_name_with_attributes_of_ones_own():
    patched = change_dataset("b")(Experiment(Named("a"), Configurable()))
    assert patched == Experiment(Named("b"), Configurable(num_classes=7))


def test_without_a_setting_the_last_dense_layer_follows():
    model = nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(4)])
    patched = change_dataset("b")(Experiment(Named("a"), model))
    assert [patched.model.layers[i].features for i in (0, 2)] == [4, 7]
    shape = jax.eval_shape(lambda: patched.model.init_with_output(jax.random.key(0), X)[0]).shape
    assert shape == (8, 7)


class HeadInside(flax.linen.Module):
    """The head, and a layer of its width, inside ``@compact``."""

    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.Dense(4, name="first")(x)
        return flax.linen.Dense(4, name="last")(flax.linen.relu(x))


def test_the_last_dense_layer_inside_follows():
    exp = Experiment(Named("a"), sj.symbolize(HeadInside)())
    model = sj.patch(exp, "change_dataset?b", inputs=X).model
    assert model.inside == (patches.edit_layers({"last": {"features": 7}}),)
    shapes = jax.eval_shape(model.init, jax.random.key(0), X)["params"]
    assert (shapes["first"]["kernel"].shape, shapes["last"]["kernel"].shape) == ((3, 4), (4, 7))


@pytest.mark.parametrize("inputs", [None, X])
def test_a_model_without_a_head_of_that_size(inputs):
    other = nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(5)])
    with pytest.warns(patches.PatchWarning, match="the new data have 7 classes, the old 4, and no setting"):
        patched = sj.patch(Experiment(Named("a"), other), "change_dataset?b", inputs=inputs)
    assert patched == Experiment(Named("b"), other)


def test_models_marked_with_other_names():
    @patches.role("dense", features="units")
    class Units(nn.Module):
        units: int

        def __call__(self, x):
            return x

    patched = change_dataset("b")(Experiment(Named("a"), nn.Sequential([Units(4)])))
    assert patched.model.layers[0].units == 7


def test_vocabularies():
    class Config(sj.Object):
        vocab_size: int = 11
        output_vocab_size: int = 11
        position_vocab_size: int = 11
        input_vocab_size: int = 50

    exp = {"data": Named("a"), "config": Config(), "embed": nn.Embed(11, 3)}
    patched = change_dataset("a", vocabulary=32)(exp)
    assert patched["data"] == Named("a", 32)
    assert patched["config"] == Config(32, 32, 11)
    assert patched["embed"] == nn.Embed(32, 3)


def test_names_in_configurations():
    assert change_dataset("mnist")(Configured(config_dict())).config.dataset == "mnist"
    exp = change_dataset("wmt", vocabulary=9)(Trainer(TrainConfig()))
    assert (exp.config.dataset_name, exp.config.vocab_size) == ("wmt", 9)
    assert exp.run()[-1] < exp.run()[0]
    assert change_dataset("wmt")(Trainer(TrainConfig())).config.vocab_size == 12


def test_an_unknown_dataset():
    with pytest.raises(ValueError, match=r"did you mean 'LargeSet'.*\(path=dataset\)"):
        change_dataset("large_sett")(Experiment(Small(), Configurable()))


def test_nothing_there():
    with pytest.warns(patches.PatchWarning, match="values of the role 'dataset', and texts called dataset"):
        sj.patch(nn.Sequential([nn.Dense(3)]), "change_dataset?mnist")
