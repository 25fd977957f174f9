"""Functions that build a Linen module stand for it, wherever a module may stand."""

import pickle
from typing import Any

import flax.linen as raw
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn

KEY = jax.random.key(0)
X = jnp.ones((2, 3))


@sj.symbolize
def mlp(width: int, depth: int = 2, scale: float = 1.0) -> nn.Module:
    """A perceptron."""
    layers = [layer for _ in range(depth) for layer in (nn.Dense(width), nn.relu)]
    return nn.Sequential([*layers, nn.Dense(1), lambda x: x * scale])


@sj.symbolize
def plain(width: int) -> raw.Dense:
    return raw.Dense(width)


@sj.symbolize
def doubled(inner: nn.Module) -> nn.Module:
    return nn.Sequential([inner, inner])


@sj.symbolize
def other(width: int) -> nn.Module:
    return mlp(2 * width)


@sj.symbolize
def wrong() -> nn.Module:
    return 3  # type: ignore[return-value]


class Experiment(sj.Object):
    model: nn.Module


class Net(nn.Module):
    model: nn.Module
    others: tuple[nn.Module, ...] = ()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for module in (self.model, *self.others):
            x = x + module(x).mean()
        return nn.Dense(2)(x)


def shapes(module: Any) -> Any:
    return jax.tree.map(jnp.shape, module.init(KEY, X))


def test_a_node_is_used_as_the_module_is():
    exp = Experiment(mlp(8))
    module = mlp.__wrapped__(8)
    assert shapes(exp.model) == shapes(module)
    variables = module.init(KEY, X)
    assert (exp.model.apply(variables, X) == module.apply(variables, X)).all()
    assert exp.model.layers[0] == nn.Dense(8)
    assert exp.model.bind(variables)(X).shape == (2, 1)
    with pytest.raises(AttributeError, match="nonsense"):
        exp.model.nonsense


def test_the_module_is_built_once_for_each_node():
    node = mlp(8)
    assert node.make() is node.make()
    for copied in (node.rebind(depth=3), jax.tree.map(lambda leaf: leaf, node)):
        assert copied.make() is not node.make()
    assert len(node.rebind(depth=3).layers) == len(node.layers) + 2


def test_the_arguments_are_the_tree():
    exp = Experiment(mlp(8))
    exp.model.make()
    assert [str(path) for path, _, _ in sj.walk(exp)] == [
        "",
        "model",
        "model.width",
        "model.depth",
        "model.scale",
    ]
    assert sj.from_json(sj.to_json(exp)) == exp == pickle.loads(pickle.dumps(exp))
    assert repr(exp) == "Experiment(model=mlp(width=8))"
    assert sj.diff(exp, exp.rebind({"model.width": 4})).updates() == {"model.width": 4}
    assert jax.tree.leaves(exp) == [1.0]


def test_a_misspelt_argument_is_told_the_arguments():
    with pytest.raises(AttributeError, match=r"has no attribute .widht.") as caught:
        mlp(4).widht
    advice = "The module was built by mlp: mlp has no field 'widht'; did you mean 'width'?"
    assert caught.value.__notes__[0].startswith(advice)


def test_a_field_asks_for_what_is_built():
    class Narrow(sj.Object):
        model: nn.Dense

    assert Narrow(plain(3)).model.features == 3
    with pytest.raises(TypeError, match=r"Narrow.model expects Dense, got .*mlp"):
        Narrow(mlp(3))
    with pytest.raises(TypeError, match=r"wrong says .* has built 3 of type int"):
        Experiment(wrong()).model.init(KEY, X)


def test_in_jit_a_float_is_traced_and_the_module_outlives_no_trace():
    node = mlp(8, scale=2.0)
    variables = node.init(KEY, X)
    traces = []

    @jax.jit
    def apply(exp: Any, x: jax.Array) -> jax.Array:
        traces.append(1)
        return exp.model.apply(variables, x)

    assert jnp.allclose(apply(Experiment(node), X) / 2, apply(Experiment(node.rebind(scale=1.0)), X))
    assert len(traces) == 1

    @sj.symbolize(name="tests.computes")
    def computes(factor: Any) -> nn.Module:
        product = jnp.asarray(factor) * 2  # under a trace, a tracer of that trace
        return nn.Sequential([lambda x: x * product])

    closed = computes(jnp.ones(()))
    assert jax.jit(lambda x: closed.apply({}, x))(3.0) == 6
    assert closed.apply({}, 2.0) == 4  # no tracer of the program above
    assert jax.jit(lambda x: (closed.make() is closed.make(), closed.apply({}, x)))(3.0) == (True, 6)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: Net(mlp(8)), lambda: Net(mlp.__wrapped__(8))),
        (lambda: Net(plain(3), (mlp(4),)), lambda: Net(nn.Dense(3), (mlp.__wrapped__(4),))),
        (
            lambda: nn.Sequential([mlp(4), nn.Dense(2)]),
            lambda: nn.Sequential([mlp.__wrapped__(4), nn.Dense(2)]),
        ),
        (lambda: doubled(nn.Dense(3)), lambda: doubled.__wrapped__(nn.Dense(3))),
        (lambda: doubled(plain(3)), lambda: doubled.__wrapped__(nn.Dense(3))),
        (lambda: other(2), lambda: mlp.__wrapped__(4)),
        (lambda: Net(sj.ref("others[0]"), (plain(3),)), lambda: Net(sj.ref("others[0]"), (nn.Dense(3),))),
    ],
)
def test_as_a_submodule_it_has_the_parameters_of_the_module(ours, theirs):
    assert shapes(ours()) == shapes(theirs())
    variables = theirs().init(KEY, X)
    assert jax.tree.all(jax.tree.map(jnp.array_equal, ours().init(KEY, X), variables))
    assert jnp.allclose(jax.jit(lambda m: m.apply(variables, X))(ours()), theirs().apply(variables, X))


def test_one_node_at_two_places_is_one_module_and_two_equal_ones_are_two():
    node = plain(3)
    tied = Net(node, (node,))
    assert repr(tied) == "Net(model=plain(width=3), others=(ref('model'),))"
    assert shapes(tied)["params"].keys() == {"model", "Dense_0"}
    assert shapes(Net(plain(3), (plain(3),)))["params"].keys() == {"model", "others_0", "Dense_0"}
    assert shapes(sj.rebind(tied, {"others[0]": node}))["params"].keys() == {"model", "others_0", "Dense_0"}


def test_inside_a_running_module_the_module_is_made_at_once():
    class Inner(nn.Module):
        build: Any

        @nn.compact
        def __call__(self, x: jax.Array) -> jax.Array:
            return self.build(4)(x)

    assert shapes(Inner(mlp)) == shapes(Inner(mlp.__wrapped__))


def test_references_choices_and_holes_among_the_arguments():
    assert mlp(8, sj.ref("width")).rebind(width=3).layers[0] == nn.Dense(3)
    assert len(mlp(2, sj.ref("width")).layers) == 2 * 2 + 2
    outer = Net(mlp(sj.ref("others[0].features", up=2)), (nn.Dense(5),))
    assert shapes(outer)["params"]["model"]["layers_0"]["kernel"] == (3, 5)
    with pytest.raises(TypeError, match=r"mlp\.width is an open choice"):
        mlp(sj.oneof([1, 2])).init(KEY, X)
    with pytest.raises(sj.MissingError, match=r"mlp misses width \(path=width\)"):
        Experiment(mlp()).model.init(KEY, X)
    assert mlp().rebind(width=2).layers[0] == nn.Dense(2)


def test_a_function_that_is_said_to_be_no_factory_is_a_functor():
    functor = sj.symbolize(mlp.__wrapped__, factory=False, name="tests.functor")
    assert functor(8)().layers[0] == nn.Dense(8)
