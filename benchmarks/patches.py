"""Patches: a rule beside a bare walk, chains, PyGlove, and a model that is patched inside beside a plain one.

One run prints the medians, the ratios, and the aims with met or not met. README.md says what the rows mean.
"""

import collections
import functools
import gc
import re
from collections.abc import Callable
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
from clock import Aim, Op, Seconds, asked, measure, print_all
from trees import build, declare

import symjax as sj
from symjax import patches

jax.config.update("jax_platforms", "cpu")

ROWS = {
    "rule": "rule with one hit, 10,000 nodes (other: bare walk)",
    "rule-chain": "ten rules in a chain (other: one by one)",
    "uri-chain": "ten URIs in a chain (other: one by one)",
    "hit": "rule with one hit, 200 nodes (other: PyGlove)",
    "hits": "rule with 25 hits, 200 nodes (other: PyGlove)",
    "trace": "trace a model, identity inside (other: plain)",
    "trace-scan": "trace a scanned one, identity inside",
    "call": "jitted call, identity inside (other: plain)",
}
OTHER = "other"
AIMS = (
    Aim("rule", OTHER, 1.5, at_most=True),
    Aim("rule-chain", OTHER, 1.05, at_most=True),
    Aim("uri-chain", OTHER, 1.05, at_most=True),
    Aim("hit", OTHER, 80),
    Aim("trace", OTHER, 1.5, at_most=True),
    Aim("trace-scan", OTHER, 1.5, at_most=True),
    Aim("call", OTHER, 1.05, at_most=True),
)

Ops = dict[str, Op]


def rule_ops() -> Ops:
    tree = large_tree()
    patched = sj.patch(tree, rule)
    assert patched.learning_rate == 0.5
    assert patched.layers is tree.layers
    return {
        "symjax": Op(lambda _: sj.patch(tree, rule)),
        OTHER: Op(lambda _: collections.deque(sj.walk(tree), maxlen=0)),
    }


def large_tree() -> Any:
    class Layer(sj.Object):
        features: int
        kernel: tuple[int, int] = (3, 3)
        groups: int = 1
        use_bias: bool = True
        padding: str = "SAME"
        activation: Callable[..., Any] = jax.nn.gelu
        dropout: float = 0.0

    class Experiment(sj.Object):
        layers: tuple[Layer, ...]
        learning_rate: float = 1e-3

    tree = Experiment(tuple([Layer(features=i + 1, kernel=(i + 2, 3)) for i in range(1000)]))
    assert 10_000 <= sum(1 for _ in sj.walk(tree)) <= 10_010
    return tree


def rule(k: sj.Path, v: Any) -> Any:
    return 0.5 if k.key == "learning_rate" else v


def chain_ops(steps: list[Any]) -> Ops:
    tree = build(declare(sj.Object))

    def one_by_one(_: Any) -> Any:
        return functools.reduce(sj.patch, steps, tree)

    assert sj.patch(tree, steps) == one_by_one(None) != tree
    return {"symjax": Op(lambda _: sj.patch(tree, steps)), OTHER: Op(one_by_one)}


def rates(n: int) -> Callable[..., Any]:
    return lambda k, v: n / 100 if k.key == "dropout" else v


def peer_ops(name: str, read: Callable[[Any], list[Any]]) -> Ops:
    import pyglove as pg

    tree, peer = build(declare(sj.Object)), build(declare(pg.Object, sequence=list))

    def ours(k: Any, v: Any) -> Any:
        return 0.5 if k.key == name else v

    def theirs(k: Any, v: Any, p: Any) -> Any:
        return 0.5 if k and k.key == name else v

    assert set(read(sj.patch(tree, ours))) == set(read(peer.clone().rebind(theirs))) == {0.5}
    return {"symjax": Op(lambda _: sj.patch(tree, ours)), OTHER: Op(lambda _: peer.clone().rebind(theirs))}


class Block(flax.linen.Module):
    """A residual block as people write it, all layers inside."""

    features: int

    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:  # float32[batch, positions, features]
        y = flax.linen.LayerNorm()(x)
        y = flax.linen.SelfAttention(num_heads=4)(y)
        x = x + y
        y = flax.linen.Dense(4 * self.features)(flax.linen.LayerNorm()(x))
        return x + flax.linen.Dense(self.features)(flax.linen.gelu(y))


class Net(flax.linen.Module):
    """A transformer encoder."""

    features: int = 32
    depth: int = 6

    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for _ in range(self.depth):
            x = Block(self.features)(x)
        return flax.linen.Dense(10)(flax.linen.LayerNorm()(x))


class Carried(flax.linen.Module):
    """A block as `flax.linen.scan` wants it."""

    features: int

    @flax.linen.compact
    def __call__(self, x: jax.Array, _: None) -> tuple[jax.Array, None]:
        return Block(self.features)(x), None


class ScannedNet(flax.linen.Module):
    """The same with `flax.linen.scan` over the blocks."""

    features: int = 32
    depth: int = 6

    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        blocks = flax.linen.scan(
            flax.linen.remat(Carried),
            variable_axes={"params": 0},
            split_rngs={"params": True},
            length=self.depth,
        )
        x, _ = blocks(self.features)(x, None)
        return flax.linen.Dense(10)(flax.linen.LayerNorm()(x))


@sj.patcher
def identity(tree: Any) -> Any:
    """Asks for each layer, and changes none."""
    return patches.layers(lambda k, v: v)


def trace_ops(net: type[flax.linen.Module]) -> Ops:
    x = jnp.ones((2, 5, 32))
    plain = net()
    patched = sj.symbolize(net)().rebind(inside=(identity(),))
    variables = jax.eval_shape(plain.init, jax.random.key(0), x)

    def trace(model: Any) -> Callable[[Any], Any]:
        return lambda _: jax.make_jaxpr(lambda v, x: model.apply(v, x))(variables, x)

    assert nameless(trace(patched)(None)) == nameless(trace(plain)(None))
    return {"symjax": Op(trace(patched)), OTHER: Op(trace(plain))}


def nameless(jaxpr: Any) -> str:
    """A program as text without the names that are no part of what is computed."""
    return re.sub(r"name=\S+", "", str(jaxpr))


def call_ops() -> Ops:
    x = jnp.ones((2, 5, 32))
    patched = sj.symbolize(Net)().rebind(inside=(identity(),))
    variables = Net().init(jax.random.key(0), x)

    def call(model: Any) -> Callable[[Any], Any]:
        apply = jax.jit(lambda v, x: model.apply(v, x))
        return lambda _: apply(variables, x).block_until_ready()

    assert jnp.array_equal(call(patched)(None), call(Net())(None))
    return {"symjax": Op(call(patched)), OTHER: Op(call(Net()))}


MAKE: dict[str, Callable[[], Ops]] = {
    "rule": rule_ops,
    "rule-chain": lambda: chain_ops([rates(n) for n in range(10)]),
    "uri-chain": lambda: chain_ops([f"on_key?dropout&{n / 100}" for n in range(10)]),
    "hit": lambda: peer_ops("learning_rate", lambda tree: [tree.optimizer.learning_rate]),
    "hits": lambda: peer_ops("dropout", lambda tree: [layer.dropout for layer in tree.model.layers]),
    "trace": lambda: trace_ops(Net),
    "trace-scan": lambda: trace_ops(ScannedNet),
    "call": call_ops,
}


def main() -> None:
    rows, repeats = asked(__doc__, ROWS)
    results: dict[str, Seconds] = {}
    for row in rows:
        try:
            ops = MAKE[row]()
        except ImportError as error:
            print(f"{row} is left out: {error}")
            continue
        gc.freeze()  # what was imported is no concern of the collector's
        results[row] = measure(ops, repeats)
    print(f"\nProcessor time, medians of {repeats} rounds.\n")
    print_all(results, ROWS, ["symjax", OTHER], AIMS)


if __name__ == "__main__":
    main()
