"""Two models tried on the same numbers, and new layers that change nothing."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np

import symjax as sj
from symjax import linen as nn
from symjax.patches import Inputs, models, outline
from symjax.patches.analysis.identities import (
    NEW,
    Trial,
    Variable,
    drawn,
    leaves_by_path,
    with_identities,
)

KEY = jax.random.key(0)
X = jax.ShapeDtypeStruct((2, 4), jnp.float32)


@sj.symbolize
class Residual(flax.linen.Module):
    depth: int

    @flax.linen.compact
    def __call__(self, x):
        for i in range(self.depth):
            y = flax.linen.Dense(6, name=f"up_{i}")(flax.linen.LayerNorm(name=f"norm_{i}")(x))
            x = x + flax.linen.Dense(4, name=f"down_{i}")(jax.nn.gelu(y))
        return x


def trial(old, new):
    before, after = (outline(models(model)[0], Inputs(X)) for model in (old, new))
    return Trial(before, after, sj.init(old, KEY, jnp.ones(X.shape)))


def fresh(tried, model):
    """The old variables and new ones, and what is known of them."""
    values = leaves_by_path(sj.init(model, jax.random.key(1), jnp.ones(X.shape)))
    known = leaves_by_path(tried.known)
    report = {p: Variable(p, "carried") if p in known else Variable(p, "initialized", NEW) for p in values}
    return {**values, **known}, report


def test_the_difference_is_relative_to_the_largest_output():
    tried = trial(nn.Dense(3), nn.Dense(3))
    values = leaves_by_path(tried.known)
    assert tried.difference(values) == 0
    doubled = {path: 2 * value for path, value in values.items()}
    assert tried.difference(doubled) == 1
    assert tried.difference({path: value * np.nan for path, value in values.items()}) == np.inf


def test_of_outputs_that_have_grown_the_first_count():
    tried = trial(nn.Dense(2), nn.Dense(3))
    values = {
        path: jnp.pad(v, [(0, 0)] * (v.ndim - 1) + [(0, 1)])
        for path, v in leaves_by_path(tried.known).items()
    }
    assert tried.difference(values) == 0
    assert trial(nn.Dense(3), nn.Dense(2)).difference(fresh(tried, nn.Dense(2))[0]) == np.inf


def test_of_a_residual_branch_the_last_layer_alone_is_zero():
    tried = trial(Residual(1), Residual(3))
    values, report = fresh(tried, Residual(3))
    changed, report = with_identities(tried, values, report, {}, 1e-6)
    assert tried.difference(changed) <= 1e-6
    zero = {path[1] for path, variable in report.items() if variable.note == "new, set to zero"}
    assert zero == {"down_1", "down_2"}
    assert not changed["params", "down_1", "kernel"].any()
    assert (changed["params", "up_1", "kernel"] == values["params", "up_1", "kernel"]).all()


def test_a_dense_layer_after_relu_is_the_identity():
    old, new = nn.Sequential([nn.relu]), nn.Sequential([nn.relu, nn.Dense(4), nn.relu])
    tried = trial(old, new)
    values, report = with_identities(tried, *fresh(tried, new), {}, 1e-6)
    assert (values["params", "layers_1", "kernel"] == jnp.eye(4)).all()
    assert {variable.note for variable in report.values()} == {"new, set to the identity"}


def test_where_nothing_helps_nothing_changes():
    old, new = nn.Sequential([]), nn.Sequential([nn.gelu, nn.Dense(4)])
    tried = trial(nn.Sequential([nn.relu]), new)
    values, report = fresh(tried, new)
    assert with_identities(tried, values, report, {}, 1e-6) == (values, report)
    assert old.layers == ()


def test_the_innermost_layers_whose_outputs_are_others():
    tried = trial(Residual(2), Residual(2))
    values = leaves_by_path(tried.known)
    assert tried.changed(values, {}, 1e-6) == ()
    values["params", "up_1", "bias"] += 1
    assert tried.changed(values, {path: path for path in values}, 1e-6) == (("up_1",), ("down_1",))


def test_numbers_are_drawn_of_each_kind():
    floats, ints, bools, key = drawn(Inputs(jnp.ones(3), jnp.ones(3, int), jnp.ones(3, bool), KEY))
    assert floats.dtype == jnp.float32
    assert set(ints.tolist()) <= {0, 1}
    assert bools.dtype == bool
    assert jnp.issubdtype(key.dtype, jax.dtypes.prng_key)


class Masked(flax.linen.Module):
    """Logits of which one is never chosen."""

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(3)(x).at[:, 0].set(-jnp.inf)


def test_an_infinite_output_is_itself():
    tried = trial(sj.symbolize(Masked)(), sj.symbolize(Masked)())
    values = leaves_by_path(tried.known)
    assert tried.difference(values) == 0
    assert tried.difference({path: 2 * value for path, value in values.items()}) == 1
