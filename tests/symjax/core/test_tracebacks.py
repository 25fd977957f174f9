"""Tracebacks show the user's lines, and the library's own where the library is at fault."""

import dataclasses
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx
from symjax.core.tracebacks import hide_frames, line_at_fault

X = jnp.ones((1, 2))


class Positive(sj.Object):
    rate: float

    def __check__(self) -> None:
        if self.rate < 0:
            raise ValueError("negative")


class Net(nn.Module):
    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(3)(jnp.reshape(x, (5, 7)))


class Nested(nnx.Module):
    def __init__(self, *, rngs: Any) -> None:
        self.linear = nnx.Linear(3, 4, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.linear(x)


@sj.symbolize
class Picky:
    def __init__(self, rate: float) -> None:
        if rate < 0:
            raise ValueError("negative")


def rule(path: Any, value: Any) -> Any:
    raise ValueError("of the rule")


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    """An error that refuses assignment."""

    code: int


def frozen_rule(path: Any, value: Any) -> Any:
    raise Frozen(3)


USERS: dict[str, Callable[[], Any]] = {
    "a wrong type": lambda: Positive("x"),  # type: ignore[arg-type]
    "an unknown field": lambda: Positive(rat=1.0),  # type: ignore[call-arg]
    "a check": lambda: Positive(-1.0),
    "a check at rebind": lambda: sj.rebind(Positive(1.0), {"rate": -1.0}),
    "a check at a node's rebind": lambda: Positive(1.0).rebind(rate=-1.0),
    "no such path": lambda: sj.rebind(Positive(1.0), {"rat": -1.0}),
    "a patch": lambda: sj.patch(Positive(1.0), rule),
    "a frozen error": lambda: sj.rebind(Positive(1.0), frozen_rule),
    "a rule": lambda: sj.rebind(Positive(1.0), rule),
    "a constructor": lambda: Picky(-1.0),
    "an argument of a layer": lambda: nn.Dense("x"),
    "no such argument of a layer": lambda: nn.Dense(width=3),
    "a function": lambda: sj.symbolize(rule)("here")(),
    "a layer": lambda: nn.Sequential([Net()]).init(jax.random.key(0), X),
    "a layer of an adopted module": lambda: sj.symbolize(flax.linen.Dense)(3).apply({}, X),
    "a layer of NNX": lambda: Nested(rngs=nnx.Rngs(0))(X),
    "a node that cannot be built": lambda: sj.build(nnx.Linear.partial(2)),
}


@pytest.mark.parametrize("run", USERS.values(), ids=USERS)
def test_an_error_of_the_user_shows_no_frame_of_the_library(run: Callable[[], Any]) -> None:
    with pytest.raises(Exception) as caught:
        run()
    assert own_frames(caught.value) == []


@pytest.fixture
def unfiltered() -> Iterator[None]:
    before = getattr(jax.config, "jax_traceback_filtering", "auto")
    jax.config.update("jax_traceback_filtering", "off")
    yield
    jax.config.update("jax_traceback_filtering", before)


@pytest.mark.usefixtures("unfiltered")
def test_all_frames_are_shown_where_jax_shows_its_own() -> None:
    with pytest.raises(TypeError) as caught:
        Positive("x")  # type: ignore[arg-type]
    assert own_frames(caught.value)


def test_an_error_of_the_library_keeps_its_frames() -> None:
    library = types.ModuleType("symjax.broken")
    exec("def outer(): return inner()\ndef inner(): return {}['absent']", vars(library))
    with pytest.raises(KeyError) as caught:
        _hiding(library.outer)
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-2:] == [
        "outer",
        "inner",
    ]


def test_what_the_library_raises_on_purpose_is_an_error_of_the_user() -> None:
    library = types.ModuleType("symjax.strict")
    exec("def outer(): return inner()\ndef inner(): raise KeyError('absent')", vars(library))
    with pytest.raises(KeyError) as caught:
        _hiding(library.outer)
    assert own_frames(caught.value) == []


def _hiding(call: Callable[[], Any]) -> None:
    try:
        call()
    except Exception as error:
        hide_frames(error)
        raise


def own_frames(error: BaseException) -> list[str]:
    """The functions of this library in the traceback of an error."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [f.f_code.co_name for f in frames if f.f_globals["__name__"].startswith("symjax.")]


def test_the_line_at_fault_is_the_innermost_of_the_user() -> None:
    with pytest.raises(Exception) as caught:
        jnp.ones(2) if jnp.ones(3).reshape(5) else None
    place, text = line_at_fault(caught.value)
    assert place.startswith(f"{__file__}:")
    assert text == "jnp.ones(3).reshape(5)"
    assert line_at_fault(ValueError("never raised")) == ("", "")
