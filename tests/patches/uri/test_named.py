"""Functions, classes and dtypes by name: of the kind that is asked for, and nothing that has effects."""

from collections.abc import Callable
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest

from symjax import linen as nn
from symjax.patches.uri.hints import parsed
from symjax.patches.uri.named import Kind, kind_named, known_names, named


@pytest.mark.parametrize(
    ("present", "hint", "kind"),
    [
        (jax.nn.relu, Any, Kind.FUNCTION),
        (None, Callable[..., Any], Kind.FUNCTION),
        (None, Callable[..., Any] | None, Kind.FUNCTION),
        (nn.initializers.normal(0.1), Callable[..., Any], Kind.FUNCTION),
        ("relu", Callable[..., Any] | str, None),
        (nn.Dense, Any, Kind.CLASS),
        (None, type[nn.Module], Kind.CLASS),
        (jnp.float32, Any, Kind.DTYPE),
        (None, jnp.dtype | None, Kind.DTYPE),
        (None, Any, None),
        (3, int, None),
        (nn.Dense(3), Any, None),
    ],
)
def test_what_a_text_names(present, hint, kind):
    assert kind_named(present, parsed(hint)) is kind


@pytest.mark.parametrize(
    ("text", "kind", "present", "value"),
    [
        ("gelu", Kind.FUNCTION, None, jax.nn.gelu),
        ("jax.nn.gelu", Kind.FUNCTION, None, jax.nn.gelu),
        ("xavier_uniform", Kind.FUNCTION, None, jax.nn.initializers.xavier_uniform),
        ("Dense", Kind.CLASS, flax.linen.Conv, flax.linen.Dense),
        ("Dense", Kind.CLASS, nn.Conv, nn.Dense),
        ("bfloat16", Kind.DTYPE, None, jnp.bfloat16),
        ("Dense", Kind.FUNCTION, None, None),
        ("gelu", Kind.CLASS, None, None),
        ("gelu", Kind.DTYPE, None, None),
        ("os.system", Kind.FUNCTION, None, None),
        ("builtins.exec", Kind.FUNCTION, None, None),
        ("jax.numpy.save", Kind.FUNCTION, None, None),
        ("save", Kind.FUNCTION, jnp.sin, None),
        ("__import__('os')", Kind.FUNCTION, None, None),
        ("", Kind.FUNCTION, None, None),
    ],
)
def test_the_value_of_a_name(text, kind, present, value):
    assert named(text, kind, present) is value


@pytest.mark.parametrize(
    ("kind", "present", "name"),
    [
        (Kind.FUNCTION, jax.nn.relu, "gelu"),
        (Kind.CLASS, nn.Dense, "LayerNorm"),
        (Kind.DTYPE, None, "bfloat16"),
    ],
)
def test_the_known_names_can_be_given(kind, present, name):
    names = known_names(kind, present)
    assert name in names
    assert named(name, kind, present) is not None
