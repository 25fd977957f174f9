"""What type checkers must know of the symbolic views: `test_stubs.py` checks this with mypy, and runs it.

`assert_type` states what they know. A `type: ignore` states what they refuse: one that is not needed is
an error too. What is wrong stands in `refused`, which never runs.
"""

from collections.abc import Callable
from typing import Any, assert_type

import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax
from symjax.adoption.functions import Loss


class Net(nn.Module):
    width: int
    activation: Callable[[jax.Array], jax.Array] = nn.relu

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = nn.Dense(self.width, kernel_init=nn.initializers.normal(0.02))(x)
        x = self.activation(x)
        return nn.Dense(10, bias_init=nn.initializers.zeros)(x)


class Experiment(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation
    epochs: int = 5


class Autoencoder(nnx.Module):
    layer: nnx.Linear

    def __init__(self, size: int, *, rngs: nnx.Rngs) -> None:
        self.layer = nnx.Linear(size, size, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return nnx.relu(self.layer(x))


class Wide(nnx.Linear):
    def __init__(self, size: int, *, rngs: nnx.Rngs) -> None:
        super().__init__(size, 2 * size, rngs=rngs)


def linen_modules() -> None:
    dense = nn.Dense(8, kernel_init=nn.initializers.lecun_normal())
    assert_type(dense, nn.Dense)
    assert_type(dense.rebind(features=3), nn.Dense)
    assert_type(dense.rebind({"features": 3}).features, int)
    assert_type(dense.use_bias, bool)
    assert isinstance(dense, flax.linen.Dense | nn.Module)
    nn.Conv(16, (3, 3), padding="SAME", dtype=jnp.bfloat16, name="stem")
    nn.Conv(sj.oneof([8, 16]), kernel_size=sj.oneof([(3, 3), (5, 5)]))
    nn.RNN(nn.LSTMCell(4))
    nn.Sequential([dense, nn.relu])

    net = Net(4, activation=nn.gelu)
    assert_type(net.rebind(width=5).width, int)
    x = jnp.ones((2, 3))
    variables = net.init(jax.random.key(0), x)
    assert jax.tree.map(jnp.shape, variables["params"]["Dense_0"]["kernel"]) == (3, 4)
    assert_type(net.clone(width=3), Net)


def narrowing(value: object) -> int:
    if isinstance(value, nn.Conv):
        assert_type(value, nn.Conv)
        return value.features
    if isinstance(value, nn.initializers.normal):
        assert_type(value, nn.initializers.normal)
        return 1
    if isinstance(value, optax.adam):
        assert_type(value.nesterov, bool)
        return 2
    if isinstance(value, nnx.Linear):
        assert_type(value.out_features, int)
        return 3
    return 0


def initializers() -> None:
    normal = nn.initializers.normal(0.02, dtype=jnp.float32)
    assert_type(normal, nn.initializers.normal)
    assert_type(normal.rebind(stddev=0.1), nn.initializers.normal)
    assert_type(normal(jax.random.key(0), (2, 3)), jax.Array)
    assert_type(nn.initializers.zeros(jax.random.key(0), (2, 3)), jax.Array)
    nn.with_partitioning(nn.initializers.lecun_normal(), ("model", None))


def optimizers() -> None:
    schedule = optax.cosine_decay_schedule(0.1, decay_steps=10)
    assert_type(schedule.decay_steps, int)
    assert_type(schedule.rebind(decay_steps=20), optax.cosine_decay_schedule)
    assert_type(schedule(3), jax.Array)
    as_function: optax.Schedule = optax.schedules.linear_schedule(0.1, 0.0, 10)
    adam = optax.adam(schedule, b1=0.8, nesterov=True)
    assert_type(adam, optax.adam)
    assert_type(adam.rebind(learning_rate=0.1), optax.adam)
    optax.chain(optax.clip(1.0), adam, optax.contrib.muon(as_function))
    assert_type(optax.transforms.trace(0.9).nesterov, bool)
    assert_type(optax.adam.partial(), optax.adam)

    experiment = Experiment(Net(4), optax.adam(sj.floatv(1e-4, 1e-1)))
    assert_type(experiment.rebind(epochs=2).epochs, int)
    state = adam.init(jnp.ones(3))
    updates, state = adam.update(jnp.ones(3), state)
    optax.apply_updates(jnp.ones(3), updates)
    nadam = optax.nadam(0.1, b1=0.8)
    assert_type(nadam.nesterov, bool)
    several = optax.MultiSteps(nadam, every_k_schedule=2)
    assert_type(several.rebind(every_k_schedule=3).use_grad_mean, bool)
    assert_type(optax.transforms.MultiSteps(nadam, 2), optax.MultiSteps)
    injecting = optax.inject_hyperparams(optax.adam)
    assert_type(injecting.rebind(static_args="b1"), optax.inject_hyperparams)
    assert_type(injecting(learning_rate=0.1), optax.injected)
    optax.chain(optax.monitor({}), optax.contrib.dog(1.0), injecting(learning_rate=0.1))


def losses() -> None:
    zeros, ones = jnp.zeros(3), jnp.ones(3)
    assert_type(optax.softmax_cross_entropy(logits=ones, labels=ones), jax.Array)
    assert_type(optax.losses.softmax_cross_entropy(ones, ones), jax.Array)
    assert_type(optax.losses.dice_loss(ones[None], ones[None]), jax.Array)
    huber = optax.huber_loss(delta=0.5)
    assert_type(huber, Loss)
    assert_type(huber.rebind(delta=0.1), Loss)
    assert jnp.all(huber(ones, zeros) == optax.losses.huber_loss(ones, zeros, delta=0.5))
    assert_type(optax.losses.huber_loss(delta=0.5), Loss)
    assert_type(optax.losses.dice_loss(smooth=0.5), Loss)
    assert_type(optax.softmax_cross_entropy(ones), Loss)


def nnx_modules() -> None:
    node = nnx.Linear(2, 3)
    assert_type(node.rebind(out_features=4), nnx.Linear)
    assert_type(node.out_features, int)
    assert callable(node.kernel_init)
    assert_type(nnx.Linear.partial(out_features=3), nnx.Linear)
    built = nnx.Linear(2, 3, rngs=nnx.Rngs(0))
    assert_type(built(jnp.ones((1, 2))), jax.Array)
    model = Autoencoder(3, rngs=nnx.Rngs(0))
    graph, state = nnx.split(model)
    assert_type(nnx.merge(graph, state), Autoencoder)
    assert_type(nnx.jit(Autoencoder.__call__)(model, jnp.ones((1, 3))), jax.Array)
    assert isinstance(Wide(2, rngs=nnx.Rngs(0)), nnx.Linear)
    assert_type(nnx.initializers.constant(1.0)(jax.random.key(0), (2,)), jax.Array)


def refused() -> None:
    nn.Dense("8")  # type: ignore[arg-type]
    nn.Dense()  # type: ignore[call-arg]
    nn.Dense(8, bias=True)  # type: ignore[call-arg]
    nn.Conv(16, kernel_size="3")  # type: ignore[arg-type]
    nn.Convolution(16, (3, 3))  # type: ignore[attr-defined]
    nn.initializers.gaussian  # type: ignore[attr-defined]
    nn.initializers.normal(0.1, mean=0.0)  # type: ignore[call-arg]
    Net(4, depth=3)  # type: ignore[call-arg]

    optax.adam()  # type: ignore[call-arg]
    optax.adam("0.1")  # type: ignore[arg-type]
    optax.adam(0.1, 0.9, 0.999, 1e-8, 0.0, None, True)  # type: ignore[call-arg]
    optax.adam(0.1, beta1=0.9)  # type: ignore[call-arg]
    optax.cosine_decay_schedule(0.1)  # type: ignore[call-arg]
    optax.contrib.adam  # type: ignore[attr-defined]
    optax.sgdd  # type: ignore[attr-defined]
    optax.huber_loss(dleta=0.5)  # type: ignore[call-overload]
    optax.huber_loss(delta="0.5")  # type: ignore[call-overload]
    optax.losses.huber_loss(dleta=0.5)  # type: ignore[call-overload]
    optax.losses.dice_loss(smoth=0.5)  # type: ignore[call-overload]
    optax.losses.huber  # type: ignore[attr-defined]
    optax.MultiSteps(optax.adam(0.1))  # type: ignore[call-arg]
    optax.nadam(0.1, beta1=0.9)  # type: ignore[call-arg]

    nnx.Linear(2)  # type: ignore[call-arg]
    nnx.Linear(2, 3, features=4)  # type: ignore[call-arg]
    nnx.Linear(2, 3, rngs=0.5)  # type: ignore[arg-type]
    nnx.Lineal  # type: ignore[attr-defined]


def main() -> None:
    linen_modules()
    initializers()
    optimizers()
    losses()
    nnx_modules()
    normal, adam = nn.initializers.normal(0.1), optax.adam(0.1)
    values: list[Any] = [None, normal, adam, nnx.Linear(2, 3), nn.Conv(4, (3, 3))]
    assert [narrowing(value) for value in values] == [0, 1, 2, 3, 4]
