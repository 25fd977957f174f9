"""Which decisions run side by side, and which split a batch."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

import symjax as sj
from symjax import search
from symjax.search.planning.leaf_decisions import leaf_decisions


class Inner(sj.Object):
    x: float = 0.5
    fixed: float = sj.field(default=0.5, static=True)
    forced: int = sj.field(default=1, static=False)
    plain: int = 1
    any: Any = None


def lanes_of(tree):
    space = search.space(tree)
    return [space.spec.points[index].id for index in leaf_decisions(space)]


@pytest.mark.parametrize(
    ("fields", "lanes"),
    [
        ({"x": search.floatv(0, 1)}, ["x"]),
        ({"x": search.oneof([0.1, 0.2])}, ["x"]),
        ({"x": search.oneof([0, 0.2])}, ["x"]),  # the field makes a float of the int
        ({"x": search.oneof([0.5])}, ["x"]),
        ({"fixed": search.floatv(0, 1)}, []),
        ({"fixed": search.oneof([0.1, 0.2])}, []),
        ({"forced": search.oneof([1, 2])}, ["forced"]),
        ({"plain": search.oneof([1, 2])}, []),
        ({"any": search.oneof([1, 2])}, []),
        ({"any": search.oneof([1, 2.0])}, []),
        ({"any": search.oneof([True, False])}, []),
        ({"any": search.oneof([0.1, None])}, []),
        ({"any": search.oneof(["a", "b"])}, []),
        ({"any": search.oneof([0.1, jnp.float32(0.2)])}, []),  # one is weakly typed
        ({"any": search.oneof([np.float32(0.1), np.float32(0.2)])}, ["any"]),
        ({"any": search.oneof([np.zeros(3), np.ones(3)])}, ["any"]),
        ({"any": search.oneof([np.zeros(3), np.ones(4)])}, []),
        ({"any": search.oneof([np.zeros(10_000), np.ones(10_000)])}, []),  # too large to be copied
        ({"any": [0.5, {"a": search.floatv(0, 1)}]}, ["any[1].a"]),
        ({"any": search.oneof([Inner(0.1), Inner(0.2)])}, []),
        ({"any": search.oneof([Inner(search.floatv(0, 1)), None])}, ["any[=0/2].x"]),
        ({"any": search.oneof([search.oneof([0.1, 0.2]), 0.3])}, ["any[=0/2]"]),
    ],
)
def test_are_the_leaves_that_the_space_opens(fields, lanes):
    assert lanes_of(Inner(**fields)) == lanes


def test_a_hook_that_makes_more_of_a_float_makes_it_structure():
    class Coupled(sj.Object):
        x: float
        y: float
        copy: float = 0.0

        def on_rebind(self, changes):
            return {"copy": self.x} if "x" in changes else {}

    assert lanes_of(Coupled(search.floatv(0, 1), search.floatv(0, 1))) == ["y"]


def test_an_invariant_of_two_floats_does_not_hide_them():
    class Interval(sj.Object):
        low: float
        high: float

        def __check__(self):
            if not sj.contains(self, type=sj.Placeholder) and not self.low < self.high:
                raise ValueError("not ordered")

    assert lanes_of([Interval(search.floatv(0, 1), search.floatv(0, 1))]) == ["[0].low", "[0].high"]


def test_a_symbolic_linen_model_is_searched_as_any_tree():
    Dense = sj.symbolize(linen.Dense)
    Dropout = sj.symbolize(linen.Dropout, static=("rate",))

    class Model(sj.Object):
        layer: linen.Module
        drop: linen.Module
        scale: float

        def run(self, key, x):
            params = self.layer.init(key, x)
            y = self.drop.apply({}, self.layer.apply(params, x), deterministic=False, rngs={"dropout": key})
            return {"y": self.scale * y.mean()}

    space = search.space(
        Model(
            layer=Dense(features=search.oneof([2, 3]), use_bias=search.oneof([True, False])),
            drop=Dropout(rate=search.oneof([0.1, 0.5])),
            scale=search.floatv(1, 2),
        )
    )
    dnas = space.sample(jax.random.key(2), 12)
    results = search.evaluate(Model.run, space, dnas, jax.random.key(0), np.ones((2, 3), np.float32))
    assert results.plan.lanes == ("scale",)
    assert results.plan.split == {"layer.features": 2, "layer.use_bias": 2, "drop.rate": 2}
    for trial in results:
        alone = trial.experiment.run(trial.key, np.ones((2, 3), np.float32))
        np.testing.assert_allclose(trial.metrics["y"], alone["y"], rtol=1e-5)


def test_a_reference_follows_the_lane_that_it_refers_to():
    class Pair(sj.Object):
        rate: float
        same: float

    space = search.space(Pair(rate=search.floatv(0, 1), same=sj.ref("rate")))
    dnas = space.sample(jax.random.key(0), 5).host()
    results = search.evaluate(lambda exp, key: exp.rate - exp.same, space, dnas, jax.random.key(0))
    assert results.plan.programs == 1
    assert results.metrics.tolist() == [0.0] * 5
    assert space.decode(dnas[0]).same == space.decode(dnas[0]).rate
