"""The forms of each kind: every row of the table of kinds has them, and a tag means one thing."""

import enum
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.core.kinds import KINDS
from symjax.text.forms import DECODERS, FORMS

from ..trees import Box


class Permission(enum.IntFlag):
    READ = 1
    WRITE = 2


class Shade(enum.Flag):
    LIGHT = enum.auto()
    DARK = enum.auto()


def test_every_kind_has_its_forms():
    assert set(FORMS) == set(KINDS)
    assert len(DECODERS) == sum(len(form.decode) for form in FORMS.values())  # no tag stands for two kinds


@pytest.mark.parametrize(
    "value",
    [
        Permission.READ,
        Permission.READ | Permission.WRITE,
        Permission(0),
        Permission(12),
        Shade.LIGHT | Shade.DARK,
        Shade(0),
    ],
)
def test_flags_may_be_combined(value):
    assert sj.from_json(sj.to_json(Box(value)), modules=[__name__]).content is value
    names: dict = {}
    exec(sj.to_python(Box(value), imports=True), names)
    assert names["tree"].content is value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (jnp.float32, "float32"),
        (np.dtype("int8"), "int8"),
        (nn.relu, "relu"),
        (functools.partial(nn.gelu, approximate=False), "partial(gelu, approximate=False)"),
        (int, "int"),
        (slice(1, 2), "slice(1, 2, None)"),
        (np.float32(0.5), "f32[] 0.5"),
        (jnp.arange(3), "i32[3] [0, 1, 2]"),
        (jax.ShapeDtypeStruct((2, 3), jnp.bfloat16), "bf16[2,3]"),
        (jax.random.key(0), "key<fry>[]"),
    ],
)
def test_text(value, text):
    assert sj.format(value) == text


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (jnp.float32, "jnp.float32"),
        (np.float32, "np.float32"),
        (np.dtype("float32"), "jnp.dtype('float32')"),
        (..., "..."),
        (float("inf"), "float('inf')"),
        (sj.MISSING, "sj.MISSING"),
    ],
)
def test_source(value, source):
    assert sj.to_python(value) == source


def test_a_dtype_that_is_called_is_written_as_one():
    layer = nn.Conv(3, (1, 1), kernel_init=jnp.float32)
    names: dict = {}
    exec(sj.to_python(layer, imports=True), names)
    assert names["tree"] == layer
    assert callable(names["tree"].kernel_init)
