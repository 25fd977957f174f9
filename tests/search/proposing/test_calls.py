import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.search.proposing.calls import Calls

KEY = jax.random.key(0)
X = jax.ShapeDtypeStruct((2, 3), jnp.float32)


class Config(sj.Object):
    width: int = 8
    depth: int = 2
    heads: int = 2
    classes: int = 3
    steps: int = 5
    rate: float = 0.1
    scale: float = 1.0


def run(config):
    """Makes a model of a configuration, as code does that keeps none in its experiment."""

    class Net(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            for _ in range(config.depth):
                x = flax.linen.Dense(config.width)(x)
            x = flax.linen.MultiHeadDotProductAttention(config.heads)(x)
            return flax.linen.Dense(config.classes)(x)

    if config.rate > 0:
        x = jnp.ones(X.shape) * config.scale
    return Net().apply(Net().init(KEY, x), x)


def test_a_function_shows_what_ints_do():
    calls = Calls.of(Config(), None, run)
    kinds = {
        name: calls.effect_of(sj.Path([name]), getattr(Config(), name)).kind
        for name in ("width", "depth", "heads", "classes", "steps")
    }
    expected = {"width": "width", "depth": "depth", "heads": "partition", "classes": "task", "steps": "none"}
    assert kinds == expected


def test_a_function_shows_which_floats_it_traces():
    calls = Calls.of(Config(), None, run)
    rate, scale = sj.Path(["rate"]), sj.Path(["scale"])
    assert calls.can_trace([rate, scale]) == {scale}
    assert Calls.of(Config(), None, None).can_trace([rate, scale]) == {rate, scale}


class Experiment(sj.Object):
    model: nn.Module


def test_refusals_name_what_a_model_says():
    calls = Calls.of(Experiment(nn.MultiHeadDotProductAttention(1, qkv_features=4)), X, None)
    assert calls.refusal({sj.Path.parse("model.num_heads"): 4}) is None
    assert "divisible" in calls.refusal({sj.Path.parse("model.num_heads"): 3})
    assert "outputs would be of shape" in calls.refusal({sj.Path.parse("model.out_features"): 5})


def test_what_fails_as_it_is_comes_out():
    with pytest.raises(AssertionError, match="divisible"):
        Calls.of(Experiment(nn.MultiHeadDotProductAttention(3, qkv_features=4)), X, None)
    with pytest.raises(LookupError, match="mine"):
        Calls.of({}, None, lambda tree: (_ for _ in ()).throw(LookupError("mine")))


def test_inputs_for_no_model_are_refused():
    with pytest.raises(ValueError, match="holds no model"):
        Calls.of(Config(), X, None)
