"""`remove_encoder`: by roles of values, and by what roles call arguments."""

import dataclasses

import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import remove_encoder


@patches.role("encoder")
class Encoder(nn.Module):
    width: int = 4


@patches.role("cross_attention")
class SourceAttention(nn.Module):
    heads: int = 2

    def __call__(self, x):
        return x


class Layer(nn.Module):
    self_attention: nn.Module
    source: nn.Module | None = None


class Transformer(nn.Module):
    decoder: tuple[nn.Module, ...]
    encoder: nn.Module | None = None


def test_roles_of_values():
    layers = [Layer(nn.SelfAttention(2), SourceAttention()), nn.Sequential([nn.Dense(4), SourceAttention()])]
    model = remove_encoder()(Transformer(layers, Encoder()))
    assert model.encoder is None
    assert model == Transformer([Layer(nn.SelfAttention(2)), nn.Sequential([nn.Dense(4)])])


def test_arguments_by_roles():
    @patches.role("decoder_layer", cross_attention="attend")
    class Other(sj.Object):
        attend: nn.Module | None = None
        encoder: nn.Module | None = None  # of an autoencoder, perhaps

    exp = remove_encoder()(Other(nn.SelfAttention(2), nn.Dense(3)))
    assert exp == Other(None, nn.Dense(3))


def test_configurations():
    @dataclasses.dataclass
    class Config:
        layers: int = 2
        decoder_only: bool = False

    class Experiment(sj.Object):
        config: Config

    assert remove_encoder()(Experiment(Config())).config.decoder_only is True


def test_a_model_that_cannot_be_without():
    class Strict(nn.Module):
        encoder: nn.Module

    with pytest.raises(TypeError, match=r"\(path=encoder\)"):
        remove_encoder()(Strict(Encoder()))


def test_nothing_there():
    with pytest.warns(patches.PatchWarning, match="values of the roles 'encoder' and 'cross_attention'"):
        sj.patch(nn.Sequential([nn.Dense(3)]), "remove_encoder")
