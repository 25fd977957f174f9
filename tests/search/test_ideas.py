"""A search over ideas: patches as decisions, from the space to the results."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np

import symjax as sj
from symjax import linen as nn
from symjax import optax, search
from symjax.patches import add_dropout, change_lr, scale_width


class Experiment(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation = optax.sgd(1e-3)

    def loss(self, key):
        """Of a training step on noise."""
        x = jax.random.normal(key, (4, 4))
        variables = sj.init(self.model, key, x)

        def loss(params):
            return jnp.mean(
                sj.apply(self.model, variables | {"params": params}, x, train=True, key=key)[0] ** 2
            )

        gradients = jax.grad(loss)(variables["params"])
        updates, _ = self.optimizer.update(gradients, self.optimizer.init(variables["params"]))
        return {"loss": loss(optax.apply_updates(variables["params"], updates))}


class Compact(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(2)(flax.linen.relu(flax.linen.Dense(4)(x)))


IDEAS = [change_lr(sj.floatv(1e-3, 1.0, "log")), sj.maybe(add_dropout(rate=sj.floatv(0.1, 0.5)))]
KEY = jax.random.key(0)


def test_numbers_of_patches_are_lanes_inside_of_models_too():
    space = search.space(Experiment(sj.symbolize(Compact)()), patches=IDEAS)
    plan = str(search.plan(Experiment.loss, space, space.grid(2), KEY))
    assert "2 programs" in plan
    assert "lanes: change_lr.learning_rate, add_dropout.rate" in plan


def test_results_are_those_of_a_loop_over_patched_experiments():
    space = search.space(Experiment(nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(2)])), patches=IDEAS)
    dnas = space.grid(2)
    results = search.evaluate(Experiment.loss, space, dnas, KEY)
    assert results.compiled == 2
    expected = [
        Experiment.loss(space.decode(dna), jax.random.fold_in(KEY, index))["loss"]
        for index, dna in enumerate(dnas)
    ]
    np.testing.assert_allclose(results["loss"], expected, rtol=1e-5)
    assert set(results[0].values) <= {"change_lr.learning_rate", "add_dropout", "add_dropout.rate"}
    assert sj.lineage(results[0].experiment)[0].startswith("change_lr?learning_rate=")


def test_what_a_patch_computes_with_its_numbers_is_structure():
    space = search.space(
        Experiment(nn.Sequential([nn.Dense(4), nn.Dense(2)])), patches=[scale_width(sj.oneof([1.0, 2.0]))]
    )
    assert "split by scale_width.factor (1.0, 2.0)" in str(
        search.plan(Experiment.loss, space, space.grid(1), KEY)
    )
