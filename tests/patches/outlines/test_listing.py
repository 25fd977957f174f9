"""What layers are called where they are listed."""

import flax.linen
import jax
import jax.numpy as jnp

from symjax.patches.outlines.listing import kind_of, list_replaced, listing, rooted


class Around:
    def layer_kind(self) -> str:
        return "Around(Dense)"


class Net(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(2)(x)


def test_a_layer_may_say_what_it_is_called():
    assert kind_of(Around()) == "Around(Dense)"
    assert kind_of(flax.linen.Dense(3)) == "Dense"


def test_what_runs_in_the_place_of_another_layer_is_listed_in_its_place():
    layers = {(): "Own"}
    with listing(layers), rooted(("inner",)):
        jax.eval_shape(Net().init, jax.random.key(0), jnp.ones(2))
        list_replaced(["Dense_0"], "Other")
        jax.eval_shape(Net().init, jax.random.key(0), jnp.ones(2))
    assert layers == {(): "Own", ("inner",): "Net", ("inner", "Dense_0"): "Other"}


def test_nothing_is_listed_where_nobody_listens():
    layers = {}
    with listing(layers):
        pass
    list_replaced(["a"], "b")
    jax.eval_shape(Net().init, jax.random.key(0), jnp.ones(2))
    assert layers == {}
