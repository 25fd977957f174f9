"""Built nodes and Flax's own code for modules, and symbolic nodes in what NNX makes of other things."""

from collections.abc import Callable
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import optax as plain_optax
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax

from . import names, nnx_examples
from .laws import bits, same_traced

X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)


def streams(seed: int = 0) -> plain.Rngs:
    """The cheapest keys to compile; any will do."""
    return plain.Rngs(jax.random.key(seed, impl="unsafe_rbg"))


def layers(nn: Any) -> Any:
    """Layers with parameters, statistics and random numbers, made of a namespace."""
    return nn.Sequential(
        nn.Linear(4, 3, kernel_init=nn.initializers.normal(stddev=0.5)),
        nn.BatchNorm(3, momentum=0.5),
        nn.Dropout(0.25),
        nn.Linear(3, 4),
    )


def ours() -> Any:
    """The layers, built of a tree."""
    return sj.build(layers(nnx), rngs=streams())


def theirs() -> Any:
    """The layers, made by Flax."""
    made: Any = layers(nnx_examples.Plain()).do(streams())
    return made


def loss(module: Any, x: Any = X) -> Any:
    return jnp.mean((module(x) - x) ** 2)


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "cond": lambda m: plain.cond(X[0, 0] > 0, lambda m: m(X), lambda m: 2 * m(X), m),
    "eval_shape": lambda m: jnp.zeros(plain.eval_shape(lambda m: m(X), m).shape),
    "grad": lambda m: plain.grad(loss)(m),
    "jit": lambda m: plain.jit(loss)(m, X),
    "merge": lambda m: plain.merge(*plain.split(m))(X),
    "remat": lambda m: plain.grad(lambda m: plain.remat(loss)(m, X))(m),
    "state": lambda m: plain.state(m, plain.BatchStat),
    "update": lambda m: (plain.update(m, jax.tree.map(jnp.ones_like, plain.state(m, plain.Param))), m(X))[1],
    "value_and_grad": lambda m: plain.value_and_grad(loss)(m),
    "vmap": lambda m: plain.vmap(lambda m, x: m(x[None]), in_axes=(None, 0))(m.layers[0], X),
    "while_loop": lambda m: plain.fori_loop(0, 2, lambda i, c: (c[0], c[1] + 1.0), (m, X))[1],
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_of_built_modules(transform: str) -> None:
    run = TRANSFORMS[transform]
    assert same_traced(lambda: run(ours()), lambda: run(theirs()))


def test_an_ensemble_of_modules_built_in_lanes() -> None:
    def ensemble(make: Callable[[Any], Any]) -> Any:
        @plain.split_rngs(splits=2)
        @plain.vmap
        def members(rngs: plain.Rngs) -> Any:
            return make(rngs)

        return plain.vmap(lambda module, x: module(x), in_axes=(0, None))(members(streams()), X)

    assert same_traced(
        lambda: ensemble(lambda rngs: sj.build(nnx.Linear(4, 2), rngs=rngs)),
        lambda: ensemble(lambda rngs: plain.Linear(4, 2, rngs=rngs)),
    )


def test_an_optimizer_of_nodes_trains_a_built_module() -> None:
    def train(module: Any, transformation: Any) -> Any:
        optimizer = plain.Optimizer(module, transformation, wrt=plain.Param)
        for _ in range(2):
            optimizer.update(module, plain.grad(loss)(module))
        return plain.state(module)

    chain = lambda ox: ox.chain(ox.clip(1.0), ox.adam(ox.cosine_decay_schedule(0.1, 5)))  # noqa: E731
    assert same_traced(lambda: train(ours(), chain(optax)), lambda: train(theirs(), chain(plain_optax)))


def test_linen_in_nnx_and_nnx_in_linen() -> None:
    def through(dense: Any) -> Any:
        module = plain.bridge.ToNNX(dense, rngs=streams()).lazy_init(X)
        return module(X), plain.state(module)

    assert bits(through(nn.Dense(2))) == bits(through(flax.linen.Dense(2)))

    def inside(linear: Any) -> Any:
        wrapped = plain.bridge.ToLinen(linear, args=(4, 2))
        return wrapped.init_with_output(jax.random.key(0, impl="unsafe_rbg"), X)

    assert bits(inside(nnx.Linear.__symjax_builds__)) == bits(inside(plain.Linear))
    assert bits(inside(nnx.Linear)) == bits(inside(plain.Linear))


@pytest.mark.parametrize("names_given", ["out_sharding", "sharding"])
def test_names_of_axes_survive_and_shard(names_given: str) -> None:
    mesh = jax.make_mesh((2,), ("model",), axis_types=(jax.sharding.AxisType.Auto,))

    def made(nn: Any) -> Any:
        init = nn.initializers.normal(stddev=0.5)
        if names_given == "sharding":
            return nn.Linear(4, 2, kernel_init=nn.with_partitioning(init, (None, "model")))
        return nn.Linear(4, 2, kernel_init=init, kernel_metadata={"out_sharding": (None, "model")})

    tree = made(nnx)
    assert sj.eq(sj.from_json(sj.to_json(tree)), tree)
    with jax.set_mesh(mesh):
        ours, theirs = sj.build(tree, rngs=streams()), made(nnx_examples.Plain()).do(streams())
    assert bits(plain.state(ours)) == bits(plain.state(theirs))
    specs = [plain.get_partition_spec(plain.state(module)) for module in (ours, theirs)]
    assert specs[0] == specs[1]
    assert specs[0]["kernel"].get_raw_value() == jax.sharding.PartitionSpec(None, "model")
    assert len(ours.kernel[...].sharding.device_set) == 2


def test_every_layer_builds_at_once_inside_a_constructor() -> None:
    for name, cls in names.members(names.NNX).items():
        if name in names.exceptions(names.NNX):
            continue
        call: Any = nnx_examples.make(name, nnx_examples.example(name, cls), nnx_examples.Plain())

        class Holder(nnx.Module):
            def __init__(self, rngs: plain.Rngs, name: str = name, call: Any = call) -> None:
                self.layer = nnx_examples.Call(getattr(nnx, name), call.args, call.kwargs).do(rngs)

        assert type(plain.eval_shape(lambda cls=Holder: cls(streams())).layer) is cls
