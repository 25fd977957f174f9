"""Layers that know by themselves whether their model trains."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import AutoBatchNorm, AutoDropout, has_role

X = jax.random.normal(jax.random.key(0), (8, 4))
KEY = jax.random.key(1)


class Experiment(sj.Object):
    """Trains a model by the convention, and knows nothing of what is in it."""

    model: nn.Module

    def step(self, variables, key):
        def loss(params):
            outputs, state = sj.apply(self.model, {**variables, "params": params}, X, key=key, train=True)
            return jnp.mean(outputs**2), state

        gradients, state = jax.grad(loss, has_aux=True)(variables["params"])
        return {"params": jax.tree.map(lambda p, g: p - 0.1 * g, variables["params"], gradients), **state}


@pytest.mark.parametrize(
    "layers", [[], [AutoDropout(0.5)], [AutoBatchNorm()], [AutoDropout(0.5), AutoBatchNorm()]]
)
def test_what_a_patch_adds_trains_in_an_experiment_that_has_the_convention(layers):
    exp = Experiment(nn.Sequential([nn.Dense(4), *layers, nn.Dense(2)]))
    variables = sj.init(exp.model, KEY, X)
    new, _ = jax.lax.scan(lambda v, key: (exp.step(v, key), None), variables, jax.random.split(KEY, 2))
    assert jax.tree.structure(new) == jax.tree.structure(variables)
    if any(isinstance(layer, AutoBatchNorm) for layer in layers):
        assert not jnp.allclose(
            *(jnp.concatenate(jax.tree.leaves(v["batch_stats"])) for v in (new, variables))
        )
    again = [sj.apply(exp.model, new, X)[0] for _ in range(2)]
    assert (again[0] == again[1]).all()


def test_dropout_draws_while_training_alone():
    model = AutoDropout(0.5)
    dropped, _ = sj.apply(model, {}, X, key=KEY, train=True)
    assert 0 < (dropped == 0).sum() < X.size
    assert (sj.apply(model, {}, X, key=KEY)[0] == X).all()


@pytest.mark.parametrize("deterministic", [False, True])
def test_what_a_layer_was_told_decides(deterministic):
    dropped = AutoDropout(0.5, deterministic=deterministic).apply({}, X, rngs={"dropout": KEY})
    assert (dropped == X).all() == deterministic
    called = AutoDropout(0.5).apply({}, X, deterministic, rngs={"dropout": KEY})
    assert (called == dropped).all()
    norm = AutoBatchNorm(use_running_average=deterministic)
    variables = norm.init(KEY, X)
    outputs, _ = norm.apply(variables, X, mutable=["batch_stats"])
    assert jnp.allclose(outputs, X, atol=1e-4) == deterministic


def test_they_are_flax_layers_with_roles():
    assert isinstance(AutoDropout(0.1), flax.linen.Dropout)
    assert has_role(AutoDropout(0.1), "dropout")
    assert has_role(AutoBatchNorm(), "normalization")
    assert sj.from_json(sj.to_json(AutoBatchNorm(momentum=0.9))) == AutoBatchNorm(momentum=0.9)


def test_a_rate_may_be_traced():
    @jax.jit
    def dropped(layer):
        return sj.apply(layer, {}, X, key=KEY, train=True)[0]

    assert (dropped(AutoDropout(0.5)) == AutoDropout(0.5).apply({}, X, rngs={"dropout": KEY})).all()
