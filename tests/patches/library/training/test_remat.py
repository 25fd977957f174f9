"""`apply_remat`: the same numbers, with blocks that are computed again."""

import dataclasses

import flax.linen
import jax
import numpy as np
import pytest
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import apply_remat

from .experiments import Configured, X


class Block(flax.linen.Module):
    """A residual block with normalization, and a switch that Python asks for."""

    @flax.linen.compact
    def __call__(self, x, train=False):
        y = flax.linen.BatchNorm(use_running_average=not train)(x)
        if train:
            y = flax.linen.relu(y)
        return x + flax.linen.Dense(x.shape[-1])(y)


class Net(flax.linen.Module):
    """Blocks inside ``@compact``, one of them by name."""

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = flax.linen.Dense(5)(x)
        x = Block()(x, train=train)
        x = Block(name="second")(x, train)
        return flax.linen.Dense(4)(x)


NET = sj.symbolize(Net)()


def remats(model, *args):
    """The number of parts that are computed again."""
    variables = jax.eval_shape(model.init, jax.random.key(0), X)

    def run(variables):
        return model.apply(variables, X, *args, mutable=["batch_stats"])[0]

    return sum(
        equation.primitive.name == "remat2" or equation.primitive.name == "checkpoint"
        for equation in jax.make_jaxpr(run)(variables).eqns
    )


def values(model, train):
    """Loss, gradient and new statistics."""
    variables = Net().init(jax.random.key(0), X)

    def loss(params):
        y, new = model.apply({**variables, "params": params}, X, train, mutable=["batch_stats"])
        return (y**2).sum(), new

    return jax.jit(jax.value_and_grad(loss, has_aux=True))(variables["params"])


@pytest.mark.parametrize("train", [False, True])
def test_the_numbers_stay(train):
    patched = sj.patch(NET, "apply_remat", inputs=X)
    assert remats(NET, train) == 0
    assert remats(patched, train) == 2
    assert patched.inside == (apply_remat(paths=("Block_0", "second")),)
    expected, got = values(Net(), train), values(patched, train)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_parameters_keep_their_names():
    patched = sj.patch(NET, "apply_remat", inputs=X)
    shapes = jax.eval_shape(patched.init, jax.random.key(0), X)
    assert shapes == jax.eval_shape(Net().init, jax.random.key(0), X)


class Wider(flax.linen.Module):
    """A block that is residual where the width stays."""

    features: int
    residual: bool = True

    @flax.linen.compact
    def __call__(self, x):
        y = flax.linen.Dense(self.features)(x)
        if not self.residual:
            return y
        return y + (x if x.shape == y.shape else flax.linen.Dense(self.features, name="shortcut")(x))


class Widening(flax.linen.Module):
    """Blocks of one class, and a module of another."""

    residual: bool = True

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = Wider(3, self.residual, name="same")(x)
        x = Wider(5, self.residual, name="wider")(x)
        return Block(name="alone")(x) if not self.residual else x


@pytest.mark.parametrize("residual", [True, False])
def test_blocks_of_one_class(residual):
    model = sj.symbolize(Widening)(residual)
    paths = sj.patch(model, "apply_remat", inputs=X).inside[0].paths
    assert paths == (("same", "wider") if residual else ("alone",))


def test_repeated_modules_where_none_is_residual():
    class Plain(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x, train=False):
            x = Wider(4, residual=False, name="first")(x)
            return Wider(2, residual=False, name="second")(x)

    patched = sj.patch(sj.symbolize(Plain)(), "apply_remat", inputs=X)
    assert patched.inside == (apply_remat(paths=("first", "second")),)
    assert remats(patched) == 2


def test_the_body_of_a_scan_is_a_block(scanned):
    patched = sj.patch(scanned, "apply_remat", inputs=X)
    assert patched.inside == (apply_remat(paths=("blocks",)),)
    variables = jax.eval_shape(patched.init, jax.random.key(0), X)
    assert variables == jax.eval_shape(scanned.init, jax.random.key(0), X)
    (scan,) = [e for e in jax.make_jaxpr(patched.apply)(variables, X).eqns if e.primitive.name == "scan"]
    assert [e.primitive.name for e in scan.params["jaxpr"].eqns if "policy" in e.params] in (
        ["remat2"],
        ["checkpoint"],
    )


def test_without_inputs_numbered_modules_are_blocks():
    patched = sj.patch(NET, "apply_remat")
    assert patched.inside == (apply_remat(),)
    assert remats(patched) == 1  # the other has a name without a number


def test_blocks_in_fields():
    class Stack(nn.Module):
        blocks: tuple[nn.Module, ...]
        head: nn.Module = nn.Dense(4)

        def __call__(self, x):
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    plain = sj.symbolize(Block)
    assert remats(sj.patch(Stack([plain(), plain()]), "apply_remat")) == 2


def test_marked_blocks():
    @patches.role("block")
    class Part(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.Dense(3)(x)

    class Parts(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x, train=False):
            return Part(name="only")(x)

    for inputs in (None, X):
        assert remats(sj.patch(sj.symbolize(Parts)(), "apply_remat", inputs=inputs)) == 1


@pytest.mark.parametrize(
    ("policy", "function"),
    [
        ("nothing", None),
        ("dots", jax.checkpoint_policies.dots_saveable),
        ("dots_without_batch", jax.checkpoint_policies.dots_with_no_batch_dims_saveable),
    ],
)
def test_policies(policy, function):
    model = sj.patch(NET, apply_remat(policy), inputs=X)
    variables = jax.eval_shape(model.init, jax.random.key(0), X)
    parts = [eqn for eqn in jax.make_jaxpr(model.apply)(variables, X).eqns if "policy" in eqn.params]
    assert [eqn.params["policy"] for eqn in parts] == [function, function]


def test_configurations():
    @dataclasses.dataclass
    class Config:
        remat: bool = False

    assert apply_remat()(Configured(Config())).config.remat is True


def test_nothing_there():
    model = nn.Sequential([nn.Dense(3), nn.relu])
    with pytest.warns(patches.PatchWarning, match="residual or repeated blocks of Linen models"):
        sj.patch(model, "apply_remat", inputs=X)


def test_it_is_saved():
    patched = sj.patch(NET, "apply_remat", inputs=X)
    assert sj.from_json(sj.to_json(patched)) == patched


class NnxBlock(flax_nnx.Module):
    """A residual block that asks for a switch in Python."""

    def __init__(self, width, *, rngs):
        self.width = width
        self.norm = flax_nnx.BatchNorm(width, rngs=rngs)
        self.dense = flax_nnx.Linear(width, width, rngs=rngs)

    def __call__(self, x, active=True):
        return x + flax_nnx.relu(self.dense(self.norm(x))) if active else x


class NnxNet(flax_nnx.Module):
    """Blocks in a list, made in ``__init__``."""

    def __init__(self, depth, *, rngs):
        self.depth = depth
        self.blocks = flax_nnx.List([NnxBlock(3, rngs=rngs) for _ in range(depth)])
        self.head = flax_nnx.Linear(3, 2, rngs=rngs)

    def __call__(self, x):
        for block in self.blocks:
            x = block(x, active=True)
        return self.head(x)


def nnx_values(model):
    """Gradients and statistics after a call."""
    gradients = flax_nnx.grad(lambda model: (model(X) ** 2).sum())(model)
    return flax_nnx.to_pure_dict(gradients), flax_nnx.to_pure_dict(flax_nnx.state(model, flax_nnx.BatchStat))


def test_blocks_of_nnx_models():
    node = sj.patch(sj.symbolize(NnxNet)(2), "apply_remat")
    assert node.inside == (apply_remat(),)
    plain, model = NnxNet(2, rngs=flax_nnx.Rngs(0)), sj.build(node, rngs=flax_nnx.Rngs(0))
    graph, state = flax_nnx.split(model)
    program = jax.make_jaxpr(lambda state: flax_nnx.merge(graph, state)(X))(state)
    assert str(program).count("remat2[") + str(program).count("checkpoint[") == 2
    expected, got = nnx_values(plain), nnx_values(model)
    assert jax.tree.structure(expected) == jax.tree.structure(got)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


class Cell(flax.linen.RNNCellBase):
    """A recurrent cell that somebody wrote."""

    features: int

    @flax.linen.compact
    def __call__(self, carry, x):
        carry = flax.linen.tanh(flax.linen.Dense(self.features)(x) + flax.linen.Dense(self.features)(carry))
        return carry, carry

    @flax.linen.nowrap
    def initialize_carry(self, rng, input_shape):
        return jax.numpy.zeros((*input_shape[:-1], self.features))

    @property
    def num_feature_axes(self):
        return 1


class Recurrent(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.RNN(Cell(3))(flax.linen.RNN(Cell(4))(x))


def test_a_recurrent_cell_is_no_block_for_who_calls_it_asks_for_a_cell():
    with pytest.warns(patches.PatchWarning, match="apply_remat changed nothing"):
        sj.patch(sj.symbolize(Recurrent)(), "apply_remat", inputs=jax.numpy.ones((1, 5, 2)))
