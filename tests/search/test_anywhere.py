"""A choice stands anywhere in a tree: the code that cannot do with one waits until it is decided."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import attrs
import flax.linen
import flax.struct
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as raw_nnx

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax, search

KEY = jax.random.key(0)
INPUTS = jnp.ones((1, 4))


class Holder(sj.Object):
    value: Any


@dataclasses.dataclass(frozen=True)
class Heads:
    """A configuration that divides."""

    width: int = 8
    heads: int = 2
    size: int = dataclasses.field(init=False)

    def __post_init__(self):
        if self.width % self.heads:
            raise ValueError("the heads do not divide the width")
        object.__setattr__(self, "size", self.width // self.heads)


@dataclasses.dataclass
class Block:
    """A configuration that computes with another one in it."""

    attention: Heads = dataclasses.field(default_factory=Heads)

    def __post_init__(self):
        self.hidden = 4 * self.attention.width


@flax.struct.dataclass
class Struct:
    width: int = flax.struct.field(pytree_node=False, default=8)
    rate: float = 0.1
    dtype: Any = jnp.float32

    def __post_init__(self):
        if self.width < 0:
            raise ValueError("a width is positive")


@attrs.frozen
class Attrs:
    width: int = attrs.field(default=8, converter=int)
    double: int = attrs.field(init=False)

    def __attrs_post_init__(self):
        object.__setattr__(self, "double", 2 * self.width)


@sj.symbolize
class Plain:
    """A class whose constructor computes."""

    def __init__(self, width: int, *sizes: int, **more: Any):
        self.total = 2 * width + sum(sizes) + sum(more.values())


class Strict(nn.Module):
    """A module that looks at its fields before it calls Flax."""

    width: int
    sizes: list[int] = ()

    def __post_init__(self):
        if not isinstance(self.width, int):
            raise TypeError("the width is an int")
        object.__setattr__(self, "hidden", 2 * self.width)
        super().__post_init__()

    def setup(self):
        self.layers = [nn.Dense(size) for size in (*self.sizes, self.hidden)]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Foreign(flax.linen.Module):
    """A plain Flax module that looks into a module in its fields."""

    first: flax.linen.Module
    activation: Callable[..., Any] = flax.linen.relu

    def __post_init__(self):
        if self.first.features % 2:
            raise ValueError("the features are even")
        super().__post_init__()

    @flax.linen.compact
    def __call__(self, x):
        return self.activation(self.first(x))


@sj.symbolize
class Mixer(raw_nnx.Module):
    """An NNX module of a configuration."""

    def __init__(self, config: Heads, layers: int, *, rngs: raw_nnx.Rngs):
        self.layers = raw_nnx.List([raw_nnx.Linear(4, config.size, rngs=rngs) for _ in range(layers)])


@sj.symbolize
def functor(a: int, b: Sequence[int], c: dict[str, Any]) -> int:
    return a + sum(b) + len(c)


class Pair(NamedTuple):
    a: Any
    b: Any


def initialized(model):
    return jax.eval_shape(model.init, KEY, INPUTS)


def applied(optimizer):
    params = {"w": jnp.ones(2)}
    return optimizer.update(params, optimizer.init(params), params)


# What stands there, opened; and what the decoded value must be able to do.
PLACES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "Sequential's list": (
        lambda: nn.Sequential(sj.oneof([[nn.Dense(4), nn.relu], [nn.Dense(sj.oneof([2, 3]))]])),
        initialized,
    ),
    "Sequential's list, rebound": (
        lambda: nn.Sequential([nn.Dense(4)]).rebind(layers=sj.oneof([[nn.Dense(4), nn.relu], [nn.Dense(2)]])),
        initialized,
    ),
    "an item of that list": (
        lambda: nn.Sequential([sj.oneof([nn.Dense(4), nn.Dense(2)]), sj.oneof([nn.relu, nn.gelu])]),
        initialized,
    ),
    "a module with a __post_init__": (lambda: Strict(sj.oneof([2, 3]), [sj.oneof([1, 2]), 3]), initialized),
    "the same, rebound": (
        lambda: Strict(2).rebind(width=sj.oneof([2, 3]), sizes=sj.oneof([[1], [2, 3]])),
        initialized,
    ),
    "a module in a module with a __post_init__": (
        lambda: sj.symbolize(Foreign)(nn.Dense(sj.oneof([2, 4])), sj.oneof([nn.relu, nn.gelu])),
        initialized,
    ),
    "a factory and a dtype": (
        lambda: nn.Dense(
            2,
            kernel_init=nn.initializers.normal(sj.floatv(0.01, 0.1)),
            bias_init=sj.oneof([nn.initializers.zeros, nn.initializers.ones_init()]),
            dtype=sj.oneof([jnp.float32, jnp.bfloat16]),
        ),
        initialized,
    ),
    "a frozen configuration": (
        lambda: Holder(Heads()).rebind({"value.width": sj.oneof([8, 16])}),
        lambda tree: tree.value.size == tree.value.width // 2,
    ),
    "a symbolized configuration": (
        lambda: Holder(sj.symbolize(Heads)(heads=sj.oneof([2, 4]))),
        lambda tree: tree.value.size == 8 // tree.value.heads,
    ),
    "a configuration in a configuration": (
        lambda: Holder(Block()).rebind({"value.attention.width": sj.oneof([8, 16])}),
        lambda tree: tree.value.hidden == 4 * tree.value.attention.width,
    ),
    "a whole configuration": (
        lambda: Holder(sj.oneof([Block(), Block(Heads(16))])),
        lambda tree: tree.value.hidden == 4 * tree.value.attention.width,
    ),
    "a flax.struct": (
        lambda: Holder(Struct()).rebind(
            {
                "value.width": sj.oneof([2, 3]),
                "value.rate": sj.floatv(0.0, 0.5),
                "value.dtype": sj.oneof([jnp.float32, jnp.bfloat16]),
            }
        ),
        lambda tree: tree.value.width in (2, 3),
    ),
    "an attrs class": (
        lambda: Holder(Attrs()).rebind({"value.width": sj.oneof([2, 3])}),
        lambda tree: tree.value.double == 2 * tree.value.width,
    ),
    "a plain class": (
        lambda: Plain(sj.oneof([1, 2]), 3, sj.oneof([4, 5]), more=sj.oneof([6, 7])),
        lambda plain: plain.total == 2 * plain.width + 3 + plain.sizes[1] + plain.more["more"],
    ),
    "a functor": (
        lambda: functor(sj.oneof([1, 2]), (1, sj.oneof([2, 3])), {"k": sj.oneof(["a", "b"])}),
        lambda node: node() == node.a + 1 + node.b[1] + 1,
    ),
    "an optimizer and its schedule": (
        lambda: optax.chain(
            optax.clip(sj.floatv(0.1, 1.0)),
            optax.adamw(
                optax.cosine_decay_schedule(sj.floatv(1e-4, 0.1, "log"), 100),
                weight_decay=sj.floatv(0.0, 0.1),
                mask=sj.oneof([None, {"w": True}]),
            ),
            sj.oneof([optax.sgd(0.1), optax.adam(sj.floatv(0.1, 1.0))]),
        ),
        applied,
    ),
    "a node of NNX": (
        lambda: nnx.Sequential(nnx.Linear(2, sj.oneof([4, 5])), sj.oneof([nnx.relu, nnx.tanh])),
        lambda node: sj.build(node, rngs=0),
    ),
    "a configuration of NNX": (
        lambda: Mixer(Heads(), sj.oneof([1, 2])).rebind({"config.heads": sj.oneof([2, 4])}),
        lambda node: sj.build(node, rngs=0),
    ),
    "containers": (
        lambda: Holder(
            {"a": (1, [sj.oneof([2, 3])]), "b": Pair(sj.oneof([{"c": 1}, (2,)]), sj.floatv(0.0, 1.0))}
        ),
        lambda tree: tree.value["b"].b >= 0,
    ),
    "bare containers": (
        lambda: {"a": (1, [sj.oneof([2, 3])]), "b": sj.oneof([{"c": sj.oneof([1, 2])}, [2]])},
        lambda tree: tree["a"][1][0] in (2, 3),
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_choice_stands_in(place):
    make, works = PLACES[place]
    space = search.space(make())
    seen = set()
    for dna in space.sample(KEY, 8):
        tree = space.decode(dna)
        assert not sj.query(tree, where=lambda value: isinstance(value, sj.Placeholder), enter_selected=True)
        assert works(tree) is not False
        assert sj.eq(space.decode(space.encode(tree)), tree)
        seen.add(sj.hash(tree))
    assert len(seen) > 1


def test_what_cannot_be_made_raises_when_it_is_decided():
    space = search.space(Holder(Heads()).rebind({"value.heads": sj.oneof([2, 3])}))
    space.decode(search.DNA.from_numbers(space.spec, [0]))
    with pytest.raises(ValueError, match="do not divide") as refused:
        space.decode(search.DNA.from_numbers(space.spec, [1]))
    assert "while making Heads (path=value)" in refused.value.__notes__


def test_what_waits_shows_its_arguments():
    node = sj.symbolize(Heads)(width=sj.oneof([8, 16]))
    assert (node.width, node.heads) == (sj.oneof([8, 16]), 2)
    with pytest.raises(AttributeError, match=r"Heads\.size .* width is an open choice: oneof\(\[8, 16\]\)"):
        _ = node.size
    block = Holder(Block()).rebind({"value.attention.width": sj.oneof([8, 16])}).value
    assert block.attention.heads == 2
    with pytest.raises(AttributeError, match=r"attention\.width is an open choice"):
        _ = block.hidden


def test_code_that_nobody_knows_of_is_told_what_to_do():
    with pytest.raises(TypeError, match="not decided yet") as refused:
        Heads(width=sj.oneof([8, 16]))
    assert "@sj.symbolize" in refused.value.__notes__[0]


def test_checks_and_hooks_of_objects_wait_for_choices_in_their_parts():
    class Model(sj.Object):
        dense: nn.Dense
        outputs: int = 2

        def __check__(self):
            if self.outputs > self.dense.features:
                raise ValueError("too many outputs")

        def on_rebind(self, changes):
            return {"outputs": self.dense.features // 2}

    space = search.space(Model(nn.Dense(4)).rebind({"dense.features": sj.oneof([4, 8])}))
    trees = [space.decode(search.DNA.from_numbers(space.spec, [index])) for index in (0, 1)]
    assert [tree.outputs for tree in trees] == [2, 4]
    with pytest.raises(ValueError, match="too many outputs"):
        trees[0].rebind(lambda k, v: 9 if k == "outputs" else v)
