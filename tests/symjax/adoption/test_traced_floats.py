"""A float that code needs the value of is named, with its field and with the line that needed it."""

import dataclasses
import inspect
import re
from collections.abc import Callable
from typing import Any

import flax.linen
import flax.nnx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import nnx

X = jnp.ones((1, 2))


class Noise(sj.Object):
    rate: float = 0.1
    scale: float = 1.0

    def run(self, x: Any) -> Any:
        return x * self.scale if self.rate > 0 else x  # here

    def __call__(self, x: Any) -> Any:
        return self.run(x)


class Nested(sj.Object):
    noise: Noise
    lr: float = 0.5

    def run(self, x: Any) -> Any:
        if self.noise.rate > 0:  # here, in a method of the outer object
            return x
        return x


class Linen(flax.linen.Module):
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return x if self.rate > 0 else 2 * x  # here


class Outer(flax.linen.Module):
    dropout: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return Linen(self.dropout)(x)


class Renaming(flax.linen.Module):
    """Hands one field down under the name of another."""

    rate: float
    input_rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return self.rate * Linen(self.input_rate)(x)


def divisible(size: Any) -> int:
    return int(size + 0.5)  # here


class Widened(flax.linen.Module):
    """Computes with the float before a function of its own needs a number."""

    width: float
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        x = flax.linen.Dense(divisible(2 * self.width))(x)
        return flax.linen.Dropout(self.rate, deterministic=True)(x)


class WidenedPlain(flax.nnx.Module):
    def __init__(self, width: float, rate: float) -> None:
        self.width, self.rate = flax.nnx.data(width), flax.nnx.data(rate)

    def __call__(self, x: Any) -> Any:
        return x * self.rate * divisible(2 * self.width)


class Plain(flax.nnx.Module):
    def __init__(self, rate: float) -> None:
        self.rate = flax.nnx.data(rate)

    def __call__(self, x: Any) -> Any:
        return x if self.rate > 0 else 2 * x  # here


class Holding(flax.nnx.Module):
    def __init__(self, rate: float) -> None:
        self.inner = Plain(rate)

    def __call__(self, x: Any) -> Any:
        return self.inner(x)


@dataclasses.dataclass(frozen=True, slots=True)
class Config:
    scale: float = 0.5
    offset: float = 0.5


def halved(x: Any, amount: float) -> Any:
    return x / 2 if amount > 0 else x  # here


class Rotating(flax.nnx.Module):
    def __init__(self, factor: float, shift: float) -> None:
        self.factor, self.shift = factor, shift

    def __call__(self, x: Any) -> Any:
        return halved(x + self.shift, self.factor)


class Configured(flax.nnx.Module):
    def __init__(self, config: Config) -> None:
        self.config = config
        self.inner = Rotating(config.scale, config.offset)

    def __call__(self, x: Any) -> Any:
        return self.inner(x)


class Asking(flax.nnx.Module):
    def __init__(self, rate: float) -> None:
        self.scale = 2.0 if rate > 0 else 1.0  # here


class OfView(nnx.Module):
    def __init__(self, rate: float) -> None:
        self.rate = nnx.data(rate)

    def __call__(self, x: Any) -> Any:
        return x if self.rate > 0 else 2 * x  # here


Decorated = sj.symbolize(OfView)


def line_in(code: Any) -> str:
    """Where the first line of some code that ends in "# here" stands."""
    lines, first = inspect.getsourcelines(inspect.unwrap(code))
    number = next(index for index, line in enumerate(lines) if "# here" in line)
    return f"{__file__}:{first + number}"


CASES: dict[str, tuple[Callable[[Any], Any], Any, str, str, str, str]] = {
    "a method": (lambda n: n.run(X), Noise(), "rate", "Noise", "rate", line_in(Noise.run)),
    "a call": (lambda n: n(X), Noise(), "rate", "Noise", "rate", line_in(Noise.run)),
    "a method of another object": (
        lambda n: n.run(X),
        Nested(Noise()),
        r"noise\.rate",
        "Noise",
        "rate",
        line_in(Nested.run),
    ),
    "Linen": (
        lambda m: m.apply({}, X),
        sj.symbolize(Linen)(0.1),
        "rate",
        "Linen",
        "rate",
        line_in(Linen.__call__),
    ),
    "a layer of Linen": (
        lambda m: m.apply({}, X),
        sj.symbolize(Outer)(0.1),
        "dropout",
        "Outer",
        "dropout",
        line_in(Linen.__call__),
    ),
    "a layer of Linen with a field of the name of another": (
        lambda m: m.apply({}, X),
        sj.symbolize(Renaming)(0.1, 0.2),
        "input_rate",
        "Renaming",
        "input_rate",
        line_in(Linen.__call__),
    ),
    "Linen that computes with it first": (
        lambda m: m.apply({}, X),
        sj.symbolize(Widened)(4.0, 0.1),
        "width",
        "Widened",
        "width",
        line_in(divisible),
    ),
    "NNX that computes with it first": (
        lambda n: sj.build(n)(X),
        sj.symbolize(WidenedPlain)(4.0, 0.1),
        "width",
        "WidenedPlain",
        "width",
        line_in(divisible),
    ),
    "NNX by a call": (
        lambda n: sj.build(n)(X),
        sj.symbolize(Plain)(0.1),
        "rate",
        "Plain",
        "rate",
        line_in(Plain.__call__),
    ),
    "a layer of NNX": (
        lambda n: sj.build(n)(X),
        sj.symbolize(Holding)(0.1),
        r"inner\.rate",
        "Plain",
        "rate",
        line_in(Plain.__call__),
    ),
    "a layer of NNX that has it from a configuration": (
        lambda n: sj.build(n)(X),
        sj.symbolize(Configured)(Config()),
        r"config\.scale",
        "Config",
        "scale",
        line_in(halved),
    ),
    "a constructor of NNX": (
        lambda n: sj.build(n),
        sj.symbolize(Asking)(0.1),
        "rate",
        "Asking",
        "rate",
        line_in(Asking.__init__),
    ),
    "NNX of the view": (
        lambda n: sj.build(n)(X),
        Decorated(0.1),  # type: ignore[call-arg, arg-type]
        "rate",
        "OfView",
        "rate",
        line_in(OfView.__call__),
    ),
}


@pytest.mark.parametrize(("use", "tree", "path", "owner", "field", "line"), CASES.values(), ids=CASES)
def test_a_float_that_is_tested_is_named_with_its_field_and_the_line(
    use: Any, tree: Any, path: str, owner: str, field: str, line: str
) -> None:
    told = (
        rf"The float {path} is a leaf.* need its value at {line}: .*in the field of {owner} or "
        rf"@sj.symbolize\(static=\['{field}'\]\)"
    )
    with pytest.raises(jax.errors.ConcretizationTypeError, match=told) as caught:
        jax.eval_shape(lambda tree: (use(tree), None)[1], tree)
    assert "".join(caught.value.__notes__).count("is a leaf") == 1


def test_all_floats_that_the_value_depends_on_are_named() -> None:
    class Three(sj.Object):
        low: float = 1.0
        high: float = 2.0
        other: float = 3.0

        def run(self) -> int:
            return divisible(self.low * self.high)

    with pytest.raises(jax.errors.ConcretizationTypeError) as caught:
        jax.eval_shape(lambda trees: trees["a"].run(), {"a": Three()})
    assert [note.split()[2] for note in caught.value.__notes__ if "is a leaf" in note] == ["low", "high"]


class Measuring(sj.Object):
    rate: float = 0.1

    def returned(self, x: Any) -> Any:
        loss = (self.rate * x).mean()
        return {"loss": float(loss)}

    def item(self, x: Any) -> Any:
        return {
            "loss": (self.rate * x).mean().item(),
        }

    def before(self, x: Any) -> Any:
        loss = float((self.rate * x).mean())
        return {"loss": loss}

    def numpy(self, x: Any) -> Any:
        return np.asarray(self.rate * x)

    def printed(self, x: Any) -> Any:
        loss = (self.rate * x).mean()
        print(f"{loss:.3f}")
        return loss


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("returned", r"float\(loss\)"),
        ("item", r".*item\(\)"),
        ("before", r"float\(.*\)"),
        ("numpy", r"np.asarray.*"),
    ],
)
def test_a_metric_that_is_no_number_yet_is_to_be_returned_as_it_is(method: str, line: str) -> None:
    with pytest.raises((jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)) as caught:
        jax.eval_shape(getattr(Measuring, method), Measuring(), X)
    notes = "\n".join(caught.value.__notes__)
    assert re.search(rf"{__file__}:\d+: `{line}`; return the array itself, without float\(\)", notes), notes
    assert "is a leaf" not in notes


def test_a_number_that_is_printed_too_early_is_told() -> None:
    with pytest.raises(TypeError, match=r"nothing to print yet .*\{loss:.3f\}.*; jax.debug.print"):
        jax.eval_shape(Measuring.printed, Measuring(), X)


def test_marked_as_the_advice_says_it_works() -> None:
    marked: Any = sj.symbolize(Plain, static=["rate"], name="Marked")
    assert jax.eval_shape(lambda node: sj.build(node)(X), marked(0.1)).shape == X.shape


def test_another_error_of_a_method_stays_as_it_is() -> None:
    class Failing(sj.Object):
        rate: float = 0.1

        def run(self) -> None:
            raise KeyError("of the user")

    with pytest.raises(KeyError) as caught:
        jax.eval_shape(lambda tree: tree.run(), Failing())
    assert not any("is a leaf" in note for note in getattr(caught.value, "__notes__", ()))


@pytest.mark.parametrize(
    "make",
    [
        sj.symbolize(Plain, static=["rate"], name="PlainMarked"),
        sj.symbolize(Linen, static=["rate"], name="LinenMarked"),
        sj.symbolize(OfView, static=["rate"], name="OfViewMarked"),
    ],
)
def test_an_array_for_a_float_that_is_marked_names_field_and_layer(make: Any) -> None:
    told = rf"static=True cannot hold an array: {make.__name__} got .* \(path=rate\)$"
    with pytest.raises(TypeError, match=told):
        make(jnp.ones(2))
    with pytest.raises(
        TypeError, match=rf"{make.__name__} got .*outside of jit, or drop the mark \(path=rate\)"
    ):
        jax.eval_shape(lambda rate: (make(rate), None)[1], 0.1)


def test_a_class_that_is_adopted_by_a_call_stays_the_class_of_the_modules() -> None:
    assert type(sj.build(sj.symbolize(Plain)(0.1))) is Plain  # type: ignore[operator]
    assert Plain(0.1)(X).shape == X.shape
