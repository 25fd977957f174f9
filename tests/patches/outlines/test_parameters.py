import flax.linen
import jax
import jax.numpy as jnp

from symjax import linen as nn
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.parameters import count, node_parameters, noting_parameters

KEY = jax.random.key(0)
X = jnp.ones((2, 3))


class Repeated(nn.Module):
    @nn.compact
    def __call__(self, x):
        body = flax.linen.scan(
            lambda layer, x, _: (layer(x), None),
            variable_axes={"params": 0},
            split_rngs={"params": True},
            length=4,
        )
        return body(flax.linen.Dense(3), x, None)[0]


def test_models_are_noted_as_a_whole_whether_they_initialize_or_compute():
    with noting_parameters() as at_init:
        variables = jax.eval_shape(Repeated().init, KEY, X)
    with noting_parameters() as at_apply:
        jax.eval_shape(Repeated().apply, variables, X)
    assert at_init == at_apply
    assert [count(shapes) for shapes in at_init] == [4 * (3 * 3 + 3)]


def test_a_lifted_model_is_one():
    with noting_parameters() as noted:
        jax.eval_shape(flax.linen.remat(flax.linen.Dense)(5).init, KEY, X)
    assert [count(shapes) for shapes in noted] == [3 * 5 + 5]


def test_nothing_is_noted_afterwards():
    with noting_parameters() as noted:
        pass
    nn.Dense(3).init(KEY, X)
    assert noted == set()


def test_nodes_need_no_inputs():
    from symjax import nnx

    (model,) = models(nnx.Linear(4, 3))
    assert count(node_parameters(model)) == 15
