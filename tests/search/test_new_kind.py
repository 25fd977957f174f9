"""A new kind of decision is one class: nothing else knows of it, and all of it works."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA, Choice
from symjax.search.spaces.suggesting import suggestions


class PowerOfTwo(Choice):
    """2 to a whole power, from `lo` to `hi`; its gene is the power above that of `lo`."""

    __symjax_name__: ClassVar[str] = "tests.PowerOfTwo"

    lo: int
    hi: int

    def __check__(self) -> None:
        if not 0 < self.lo < self.hi:
            raise ValueError(f"power_of_two needs 0 < lo < hi, got {self.lo} and {self.hi}")

    @property
    def values(self) -> list[int]:
        return [self.lo << power for power in range((self.hi // self.lo).bit_length())]

    def options(self):
        return self.values

    def size(self, sizes):
        return len(self.values)

    def least(self):
        return [0]

    def check(self, genes, name):
        if ((genes < 0) | (genes >= len(self.values))).any():
            raise ValueError(f"{name} is no power of two from {self.lo} to {self.hi}")

    def enumerate(self, steps) -> Iterator[list[int]]:
        return ([power] for power in range(len(self.values)))

    @classmethod
    def draw(cls, choices: Sequence["PowerOfTwo"], words: jax.Array) -> jax.Array:
        return (words % np.array([len(choice.values) for choice in choices], np.uint32)).astype(jnp.int32)

    def numbers(self, genes):
        return [self.values[int(genes[0])]]

    def genes(self, numbers, name):
        for number in numbers:
            if number not in self.values:
                raise ValueError(f"{name} is no power of two from {self.lo} to {self.hi}, got {number}")
        return [self.values.index(number) for number in numbers]

    def decide(self, genes, branch: Callable[[int, int], Any]):
        return self.values[int(genes[0])]

    def __symjax_text__(self):
        return "power_of_two", [self.lo, self.hi], {}


class Experiment(sj.Object):
    width: int
    scale: float
    rate: float = 0.1

    def run(self, key):
        return {"sum": jnp.ones(self.width).sum() * self.scale + self.rate}


SPACE = search.space(
    Experiment(
        width=PowerOfTwo(4, 16),
        scale=PowerOfTwo(1, 8),
        rate=search.oneof([0.5, search.floatv(0.0, 0.25)]),
    )
)


def test_it_prints():
    assert repr(SPACE).splitlines()[1] == "  width: power_of_two(4, 16)"
    assert "0 = 'width': power_of_two(4, 16)" in str(SPACE)
    assert "power_of_two(4, 16)" in SPACE._repr_html_()


class Text(sj.Object):
    width: str


def test_it_is_checked_against_the_field():
    with pytest.raises(TypeError, match="width expects str"):
        Text(PowerOfTwo(1, 2))


def test_it_is_sampled_decoded_encoded_and_written():
    dnas = SPACE.sample(jax.random.key(0), 64)
    trees = SPACE.decode(dnas)
    assert {tree.width for tree in trees} == {4, 8, 16}
    assert {tree.scale for tree in trees} == {1, 2, 4, 8}
    for dna, tree in zip(dnas[:8], trees, strict=False):
        assert SPACE.decode(SPACE.encode(tree)) == tree
        assert DNA.from_json(SPACE.spec, dna.to_json()) == dna
        assert SPACE.values(dna)["width"] == tree.width
    with pytest.raises(ValueError, match="width is no power of two from 4 to 16, got 5"):
        DNA.from_dict(SPACE.spec, {"width": 5, "scale": 1, "rate": 0})
    with pytest.raises(ValueError, match=r"\(path=width\)"):
        SPACE.encode(Experiment(5, 1.0))


def test_it_is_counted_and_enumerated():
    some = search.space(Experiment(PowerOfTwo(4, 16), PowerOfTwo(1, 8)))
    assert (some.size, SPACE.size) == (12, math.inf)
    assert [(tree.width, tree.scale) for tree in some.decode(some.grid(1))][:5] == [
        (4, 1),
        (4, 2),
        (4, 4),
        (4, 8),
        (8, 1),
    ]


def test_it_is_planned_as_a_lane_where_it_lands_on_a_leaf():
    key = jax.random.key(0)
    dnas = SPACE.sample(key, 8)
    plan = str(search.plan(Experiment.run, SPACE, dnas, key))
    assert "split by width (4, 8, 16)" in plan
    assert "scale" in plan[plan.index("lanes:") :]
    results = search.evaluate(Experiment.run, SPACE, dnas, key)
    expected = [tree.width * tree.scale + tree.rate for tree in SPACE.decode(dnas)]
    np.testing.assert_allclose(results["sum"], expected, rtol=1e-6)


def test_it_is_suggested_by_all_of_its_values():
    optuna = pytest.importorskip("optuna", reason="needs Optuna: pip install symjax-flax[search]")
    space = search.space({"width": PowerOfTwo(8, 64)})
    assert space.suggest(optuna.trial.FixedTrial({"width": 32})) == {"width": 32}
    (parameter, value), *rest = suggestions(
        space.spec, space.choices, ({},), space.from_values({"width": 16})
    )
    assert (parameter.options, value, rest) == ((8, 16, 32, 64), 16, [])
