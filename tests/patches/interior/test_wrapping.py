"""What stands around a layer keeps the names of its parameters."""

import functools

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches.interior.wrapping import Wrapping, accepted, innermost

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 4))


class Scaled(Wrapping):
    factor: float = 2.0

    @flax.linen.compact
    def __call__(self, *args, **kwargs):
        y = self.run(*args, **kwargs)
        return y if self.is_repeated() else self.factor * y


LAYERS = [
    nn.Dense(3),
    nn.Sequential([nn.Dense(3), nn.relu, nn.Dense(2)]),
    nn.BatchNorm(use_running_average=True),
]


def test_parameters_and_numbers_are_those_of_the_layer():
    for layer in LAYERS:
        variables = layer.init(KEY, X)
        jax.tree.map(np.testing.assert_array_equal, Scaled(layer).init(KEY, X), variables)
        np.testing.assert_allclose(
            Scaled(layer).apply(variables, X), 2 * layer.apply(variables, X), rtol=1e-6
        )


class Net(nn.Module):
    """Wrapped layers in setup, and in a scan of a remat."""

    def setup(self):
        self.first = Scaled(nn.Dense(4))
        body = flax.linen.remat(Body)
        self.rest = flax.linen.scan(
            body, variable_axes={"params": 0}, split_rngs={"params": True}, length=2
        )()

    def __call__(self, x):
        return self.rest(self.first(x), None)[0]


class Body(nn.Module):
    @flax.linen.compact
    def __call__(self, x, _):
        return Scaled(Scaled(nn.Dense(4, parent=None)), name="part")(x), None


def test_they_work_in_setup_and_in_lifts():
    variables = Net().init(KEY, X)
    assert jax.tree.map(jnp.shape, variables["params"]["rest"]) == {
        "part": {"bias": (2, 4), "kernel": (2, 4, 4)}
    }
    expected = 2 * nn.Dense(4).apply({"params": variables["params"]["first"]}, X)
    for index in range(2):
        params = jax.tree.map(lambda leaf, i=index: leaf[i], variables["params"]["rest"]["part"])
        expected = 2 * nn.Dense(4).apply({"params": params}, expected)
    np.testing.assert_allclose(Net().apply(variables, X), expected, rtol=1e-4, atol=1e-5)


def test_an_embedding_still_attends():
    layer = nn.Embed(5, 4)
    variables = layer.init(KEY, jnp.array([1]))
    attend = Scaled(layer).apply(variables, X, method="attend")
    np.testing.assert_array_equal(attend, layer.apply(variables, X, method="attend"))


def test_what_stands_inside():
    assert innermost(Scaled(Scaled(nn.Dense(3)))) == nn.Dense(3)
    assert innermost(3) == 3


def test_what_is_none_and_unknown_is_left_out():
    assert accepted(nn.Dense(3), {"out_sharding": None}) == {}
    assert accepted(nn.Dense(3), {"out_sharding": 1}) == {"out_sharding": 1}
    assert accepted(Scaled(nn.Dense(3)), {"out_sharding": None}) == {"out_sharding": None}


class Reader(flax.linen.Module):
    """A recurrent layer as people write them: whoever calls it asks for its first carry before."""

    @flax.linen.compact
    def __call__(self, carry, x):
        return flax.linen.Dense(4)(x + carry)

    def initialize_carry(self, x):
        return jnp.ones_like(x)


class Reading(flax.linen.Module):
    def setup(self):
        self.reader = Reader()

    def __call__(self, x):
        return self.reader(self.reader.initialize_carry(x), x)


def test_other_methods_of_a_layer_are_those_of_the_layer_inside():
    model = sj.symbolize(Reading)()
    variables = model.init(KEY, X)
    rule = patches.layers(lambda k, v: Scaled(v) if k == "reader" else v)
    for rules, factor in (
        (rule, 2),
        ([rule, patches.layers(lambda k, v: Again(v) if k == "reader" else v)], 6),
    ):
        patched = sj.patch(model, rules)
        np.testing.assert_allclose(patched.apply(variables, X), factor * model.apply(variables, X), rtol=1e-6)


class Again(Scaled):
    factor: float = 3.0


class Counting(flax.linen.Module):
    """A recurrent layer whose method is a scan, as people write them."""

    features: int

    @functools.partial(
        flax.linen.transforms.scan,
        variable_broadcast="params",
        in_axes=1,
        out_axes=1,
        split_rngs={"params": False},
    )
    @flax.linen.compact
    def __call__(self, carry, x):
        return carry + 1, flax.linen.Dense(self.features)(x) + carry[:, None]


class Counts(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return Counting(3, name="counting")(jnp.zeros(len(x)), x)


def test_a_method_that_a_lifted_transform_decorates_runs_in_it_once():
    x = jax.random.normal(KEY, (2, 5, 4))
    model = sj.symbolize(Counts)()
    variables = model.init(KEY, x)
    expected = model.apply(variables, x)

    class Around(Wrapping):
        factor: int = 2

        @flax.linen.compact
        def __call__(self, *args):
            carry, y = self.run(*args)
            return carry, self.factor * y

    twice = patches.layers(lambda k, v: Around(v) if k == "counting" else v)
    thrice = patches.layers(lambda k, v: Around(v, factor=3) if k == "counting" else v)
    for rules, factor in ((twice, 2), ([twice, thrice], 6)):
        carry, y = sj.patch(model, rules).apply(variables, x)
        np.testing.assert_allclose(carry, expected[0])
        np.testing.assert_allclose(y, factor * expected[1], rtol=1e-6)
    wide = patches.layers(lambda k, v: v.rebind(features=6) if k == "counting" else v)
    assert jax.eval_shape(lambda: sj.patch(model, wide).init_with_output(KEY, x))[0][1].shape == (2, 5, 6)
