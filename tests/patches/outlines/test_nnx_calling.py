"""NNX models as pure functions; more of it, for all kinds of models, is in test_calling.py."""

import jax
import jax.numpy as jnp
from flax import nnx as plain

from symjax import nnx
from symjax.patches import Inputs
from symjax.patches.outlines.nnx_calling import nnx_functions

X = jnp.ones((2, 3))


def test_variables_are_carried_by_collection_and_the_module_keeps_its_own():
    module = plain.BatchNorm(3, rngs=plain.Rngs(0))
    trains, init, apply = nnx_functions(module, Inputs(X))
    variables = init(jax.random.key(0), (X,))
    assert not trains
    assert set(variables) == {"params", "batch_stats"}
    _, collections = apply(variables, jax.random.key(0), (X,), True)
    assert collections["batch_stats"]["mean"][0] > 0 == module.mean[0]


def test_a_node_is_built_of_the_key():
    _, init, apply = nnx_functions(nnx.Linear(3, 2), Inputs(X))
    one, other = (init(jax.random.key(seed), (X,)) for seed in (0, 1))
    assert not jnp.array_equal(one["params"]["kernel"], other["params"]["kernel"])
    outputs, _ = apply(one, jax.random.key(0), (X,), False)
    assert jnp.allclose(outputs, X @ one["params"]["kernel"])
