"""Five ideas on a ResNet that nobody here touched."""

import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import patches

from .running import example

adopt = example("adopt")


@pytest.fixture(scope="module")
def small() -> adopt.Experiment:
    return adopt.Experiment(
        adopt.ResNet(stage_sizes=[1, 1], num_classes=10, features=8), batch_size=8, steps=3
    )


def test_the_network_knows_nothing_of_this_library() -> None:
    assert "symjax" not in vars(example("resnet"))
    assert adopt.ResNet is not example("resnet").ResNet
    assert issubclass(adopt.ResNet, example("resnet").ResNet)


@pytest.mark.parametrize("uri", adopt.URIS)
def test_each_idea_finds_its_places(uri: str, small: adopt.Experiment) -> None:
    assert patches.from_uri(uri).matched(small)
    patched = sj.patch(small, uri, strict=True)
    outputs, _ = jax.eval_shape(
        lambda key, x: sj.apply(patched.model, sj.init(patched.model, key, x), x),
        jax.random.key(0),
        small.example_inputs(),
    )
    assert outputs.shape == (8, 10)


def test_sepconv_and_half_the_width_leave_a_fraction_of_the_parameters(small: adopt.Experiment) -> None:
    before = patches.cost(small).parameters
    after = patches.cost(sj.patch(small, ["apply_sepconv", "scale_width?0.5"])).parameters
    assert after < before / 4


@pytest.mark.slow
def test_with_all_of_them_it_trains(small: adopt.Experiment) -> None:
    patched = sj.patch(small, adopt.URIS, strict=True)
    assert len(sj.lineage(patched)) == len(adopt.URIS)
    metrics = adopt.train(patched, jax.random.key(0))
    assert jnp.isfinite(jnp.stack(list(metrics.values()))).all()
    params = sj.init(patched.model, jax.random.key(0), jnp.ones((1, 8, 8, 1)))["params"]
    assert {"depthwise", "pointwise", "after_0"} == set(params["Block_0"]["Conv_0"])
    assert params["stem"]["pointwise"]["kernel"].shape == (1, 1, 1, 4)
