"""A model as people write them: all layers are made inside `@compact`, the words are those of Flax."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj


class TheirBlock(flax.linen.Module):
    """A transformer block."""

    @flax.linen.compact
    def __call__(self, x, train=False):
        width = x.shape[-1]
        y = flax.linen.LayerNorm()(x)
        x = x + flax.linen.MultiHeadDotProductAttention(num_heads=2)(y)
        y = flax.linen.gelu(flax.linen.Dense(2 * width, name="up")(flax.linen.LayerNorm()(x)))
        y = flax.linen.Dropout(0.5, deterministic=not train)(y)
        return x + flax.linen.Dense(width, name="down")(y)


class TheirModel(flax.linen.Module):
    """Convolutions, batch normalization, two blocks, a head."""

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = flax.linen.Conv(4, (3,), name="conv")(x)
        x = flax.linen.BatchNorm(use_running_average=not train, name="norm")(x)
        x = flax.linen.Conv(4, (1,), name="pointwise")(flax.linen.relu(x))
        for i in range(2):
            x = TheirBlock(name=f"block_{i}")(x, train)
        return flax.linen.Dense(3, name="head")(x.mean(axis=1))


@pytest.fixture(scope="session")
def theirs():
    """The model, symbolized without its source being touched."""
    return sj.symbolize(TheirModel)()


class ScannedBlock(flax.linen.Module):
    """A residual block with two modules of one class inside, as a scan runs it."""

    @flax.linen.compact
    def __call__(self, x, _):
        for name in ("one", "other"):
            x = x + flax.linen.Sequential([flax.linen.Dense(x.shape[-1])], name=name)(x)
        return x, None


class Scanned(flax.linen.Module):
    """Blocks that stand in one program, whose parameters have an axis of their own."""

    again: bool = False

    @flax.linen.compact
    def __call__(self, x):
        block = flax.linen.remat(ScannedBlock) if self.again else ScannedBlock
        blocks = flax.linen.scan(block, variable_axes={"params": 0}, split_rngs={"params": True}, length=2)
        return blocks(name="blocks")(x, None)[0]


@pytest.fixture(scope="session")
def scanned():
    """A model whose blocks a scan runs."""
    return sj.symbolize(Scanned)()


@pytest.fixture(scope="session")
def inputs():
    """What it is called with."""
    return jax.random.normal(jax.random.key(0), (2, 6, 4))


@pytest.fixture(scope="session")
def their_variables(theirs, inputs):
    """Its variables, unpatched."""
    return theirs.init(jax.random.key(0), inputs)


@pytest.fixture(scope="session")
def trains(inputs):
    """Asserts that a model trains: outputs and gradients are finite, compiled, by the calling convention."""

    def check(model):
        def loss(params, state):
            y, new = model.apply(
                {"params": params, **state},
                inputs,
                train=True,
                rngs={"dropout": jax.random.key(1)},
                mutable=[name for name in state if name == "batch_stats"] or ["batch_stats"],
            )
            return (y**2).sum(), new

        variables = dict(model.init(jax.random.key(0), inputs))
        params = variables.pop("params")
        state = {name: value for name, value in variables.items() if name == "batch_stats"}
        (value, _), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(params, state)
        assert jnp.isfinite(value)
        assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
        return params

    return check
