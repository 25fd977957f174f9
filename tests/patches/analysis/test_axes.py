"""`trace_axes` and `model_axes`: what is pinned and why, and what follows from new sizes."""

import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import nnx
from symjax.patches.analysis.axes import model_axes, trace_axes
from symjax.patches.outlines.calling import outline
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import Inputs


def mlp(p, x):
    return jax.nn.relu(x @ p["a"]) @ p["b"]


PARAMETERS = {"a": jnp.ones((3, 8)), "b": jnp.ones((8, 2))}
X = jnp.ones((4, 3))


def test_inputs_and_outputs_pin_and_the_rest_is_free():
    axes = trace_axes(mlp, PARAMETERS, X)
    assert str(axes) == "3: a[0] (an input has this size)\n8: a[1], b[0]\n2: b[1] (an output has this size)"


def test_the_shapes_follow_from_new_sizes():
    axes = trace_axes(mlp, PARAMETERS, X)
    ((hidden,),) = {axes.parameters["a"][1], axes.parameters["b"][0]}
    assert axes.shapes({hidden: 5}) == {"a": (3, 5), "b": (5, 2)}
    assert axes.shapes({}) == {"a": (3, 8), "b": (8, 2)}


def test_what_stands_in_the_code_pins_lightly():
    table = jnp.arange(8.0)
    axes = trace_axes(lambda p, x: (x @ p["a"] + table) @ p["b"], PARAMETERS, X)
    (hidden,) = axes.parameters["a"][1]
    assert axes.loose[hidden] == "an array in the code has this size"
    assert hidden not in axes.pinned


def test_a_table_is_pinned_where_it_is_looked_up():
    def program(p, tokens):
        return p["words"][tokens] + p["places"][: tokens.shape[0]]

    axes = trace_axes(program, {"words": jnp.ones((9, 4)), "places": jnp.ones((7, 4))}, jnp.zeros(3, int))
    reasons = {axes.pinned.get(number) for number in axes.leaves(axes.parameters["places"][0])}
    assert reasons == {"an input has this size", "it is looked up by index"}
    assert axes.pinned[axes.parameters["words"][0][0]] == "it is looked up by index"


def test_the_minor_class_of_a_product_drives_it():
    def program(p, x):
        y = (x @ p["a"]).reshape(-1, 2, 4)
        return jnp.einsum("bhe,bhe->b", y, y)

    axes = trace_axes(program, PARAMETERS, X)
    heads, size = axes.parameters["a"][1]
    assert axes.counts == {heads}
    assert axes.drivers((heads, size), set()) == {size}
    assert axes.drivers((heads, size), {size}) == {heads}
    assert axes.drivers((heads, size), {heads, size}) == set()


def test_the_terms_of_a_sum_drive_it():
    def program(p, x):
        a, b = jnp.split(x @ p["a"], [3], axis=1)
        return a.sum() + b.sum()

    axes = trace_axes(program, PARAMETERS, X)
    (total,) = axes.parameters["a"][1]
    first, rest = (term[0] for term in axes.terms(total))
    assert axes.drivers((total,), set()) == {first, rest}
    assert axes.drivers((total,), {first}) == {rest}
    assert axes.shapes({rest: 6})["a"] == (3, 9)


class Net(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.BatchNorm(use_running_average=True)(flax.linen.Dense(5)(x))
        return flax.linen.Dense(2)(x)


class OtherNet(nnx.Module):
    def __init__(self, *, rngs):
        self.a = nnx.Linear(3, 5, rngs=rngs)
        self.norm = nnx.BatchNorm(5, rngs=rngs)
        self.b = nnx.Linear(5, 2, rngs=rngs)

    def __call__(self, x):
        return self.b(self.norm(self.a(x)))


def hidden_places(node):
    (model,) = models(node)
    axes = model_axes(outline(model, Inputs(jax.ShapeDtypeStruct((4, 3), "float32"))))
    (places,) = [places for number, places in axes.places().items() if axes.size((number,)) == 5]
    return {f"{path}[{axis}]" for path, axis in places}


def test_models_of_linen_and_nnx_alike():
    linen = {
        place.replace("Dense_0", "a").replace("Dense_1", "b") for place in hidden_places(sj.symbolize(Net)())
    }
    assert {place.replace("BatchNorm_0", "norm") for place in linen} == hidden_places(
        sj.symbolize(OtherNet)()
    )
    assert "params/a/kernel[1]" in linen
    assert "params/b/kernel[0]" in linen
    assert "batch_stats/BatchNorm_0/mean[0]" in linen
