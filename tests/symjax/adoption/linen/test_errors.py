"""Errors inside a running Linen module name the field to blame."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn

X = jnp.ones((1, 2))


@sj.symbolize
@dataclasses.dataclass(frozen=True)
class Config:
    rate: float = 0.1


class OfConfig(nn.Module):
    config: Config

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return x if self.config.rate == 0.0 else 2 * x


class OfRates(nn.Module):
    rates: Sequence[float] = (0.1, 0.2)

    @nn.compact
    def __call__(self, x: Any) -> Any:
        for rate in self.rates:
            x = x if rate == 0.0 else 2 * x
        return x


class OfTable(nn.Module):
    table: dict[str, Any]

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return OfRates(self.table["rates"])(x)


class ToArray(nn.Module):
    rate: float = 0.1

    def __call__(self, x: Any) -> Any:
        return x * np.linspace(0, self.rate, 2)


class ToIndex(nn.Module):
    start: int = sj.field(default=0, static=False)

    def __call__(self, x: Any) -> Any:
        return [x, x][self.start]


class Outer(nn.Module):
    inner: nn.Module

    def __call__(self, x: Any) -> Any:
        return self.inner(x)


@pytest.mark.parametrize(
    ("model", "place", "owner", "field"),
    [
        (OfConfig(Config()), "config.rate", "Config", "rate"),
        (Outer(OfConfig(Config())), "inner.config.rate", "Config", "rate"),
        (OfRates(), r"rates\[0\]", "OfRates", "rates"),
        (OfTable({"rates": (0.1, 0.2)}), r"table.rates\[0\]", "OfTable", "table"),
        (ToArray(), "rate", "ToArray", "rate"),
        (ToIndex(), "start", "ToIndex", "start"),
    ],
)
def test_a_traced_float_is_told_by_the_outermost_field_that_holds_it(model, place, owner, field):
    told = rf"The float {place} is a leaf.* in the field of {owner} or @sj.symbolize\(static=\['{field}'\]\)"
    with pytest.raises(Exception, match=told) as caught:
        jax.jit(lambda model: model.apply({}, X))(model)
    assert "".join(caught.value.__notes__).count("is a leaf") == 1


class Mlp(nn.Module):
    width: int
    activation: Any = nn.relu

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(self.width)(self.activation(x))


@pytest.mark.parametrize(
    ("model", "place"),
    [
        (nn.Dense(sj.oneof([2, 3])), "features"),
        (Mlp(sj.oneof([2, 3])), "width"),
        (Mlp(2, sj.oneof([nn.relu, nn.tanh])), "activation"),
        (Outer(sj.oneof([nn.Dense(2), nn.Dense(sj.oneof([2, 3]))])), "inner"),
        (nn.Sequential([nn.Dense(sj.oneof([2, 3]))]), r"layers\[0\].features"),
    ],
)
def test_an_open_choice_is_named_where_it_stands(model, place):
    told = (
        rf"\n{place} is an open choice: oneof\(.*\) is not decided yet .*search\.space\(tree\)\.decode\(dna\)"
    )
    with pytest.raises(TypeError, match=told) as caught:
        model.init(jax.random.key(0), X)
    assert "".join(caught.value.__notes__).count("is an open choice") == 1


def test_a_reference_is_no_open_choice():
    class Two(nn.Module):
        width: int
        head: int

        @nn.compact
        def __call__(self, x: Any) -> Any:
            raise ValueError("of the user")

    with pytest.raises(ValueError, match="of the user") as caught:
        Two(2, sj.ref("width")).init(jax.random.key(0), X)
    assert "open choice" not in "".join(caught.value.__notes__)


class Fails(nn.Module):
    """Fails in a method of choice."""

    where: str
    sizes: tuple[int, ...] = (3,)
    parts: tuple[nn.Module, ...] = ()

    def setup(self) -> None:
        self.fail("setup")

    def __call__(self, x: Any) -> Any:
        self.fail("__call__")
        return self.encode(x)

    def encode(self, x: Any) -> Any:
        self.fail("encode")

    @nn.nowrap
    def fail(self, where: str) -> None:
        if where == self.where:
            raise ValueError("wrong")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("setup", "was in its setup"),
        ("__call__", "was called with (f32[1,2])"),
        ("encode", ".encode was called with (f32[1,2])"),
    ],
)
def test_the_method_and_the_arguments_are_told(where, said):
    dot = "" if said.startswith(".") else " "
    with pytest.raises(ValueError, match="wrong") as caught:
        nn.Sequential([Fails(where, (1, 2), (nn.Dense(2),))]).init(jax.random.key(0), X)
    note = caught.value.__notes__[0]
    assert note == f"layers[0]: Fails(where='{where}', sizes=(1, 2)){dot}{said} (path=layers[0])"
