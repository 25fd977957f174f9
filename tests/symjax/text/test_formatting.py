"""Text: trees as constructor calls, arrays in short, differences."""

import ast
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax

from .. import trees
from ..trees import Box, Color, Pair, Plain, Rate, affine, ramp


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Rate(0.5), "Rate(rate=0.5)"),
        (Rate(0.5, 3), "Rate(rate=0.5, steps=3)"),
        (Rate.partial(), "Rate(rate=MISSING)"),
        (Box(), "Box()"),
        (Box([1, (2,)], {"a.b": None, 3: "x"}), "Box(content=(1, (2,)), other={'a.b': None, 3: 'x'})"),
        (Box(Pair(1, 2)), "Box(content=Pair(left=1, right=2))"),
        (nn.Dense(8), "Dense(features=8)"),
        (nn.Dense(8, name="head"), "Dense(features=8, name='head')"),
        (nn.Dense(8, dtype=jnp.bfloat16), "Dense(features=8, dtype=bfloat16)"),
        (
            nn.Sequential([nn.Dense(8), nn.relu, jnp.tanh]),
            "Sequential(layers=(Dense(features=8), relu, tanh))",
        ),
        (nn.initializers.normal(0.1), "normal(stddev=0.1)"),
        (optax.adam(0.1), "adam(learning_rate=0.1)"),
        (
            optax.sgd(optax.constant_schedule(0.1)),
            "sgd(learning_rate=constant_schedule(value=0.1))",
        ),
        (affine(1, extra=2), "affine(x=1, more={'extra': 2})"),
        (ramp(0.5), "ramp(start=0.5)"),
        (Plain(1, 2, extra=3), "Plain(first=1, rest=(2,), more={'extra': 3})"),
        ([1, (2,), {"a": 3}, ()], "[1, (2,), {'a': 3}, ()]"),
        (Color.RED, "<Color.RED: 1>"),
        (int, "int"),
        (jnp.float32, "float32"),
        (np.dtype("int8"), "int8"),
        (nn.relu, "relu"),
        (functools.partial(nn.gelu, approximate=False), "partial(gelu, approximate=False)"),
        (float("nan"), "nan"),
        (sj.MISSING, "MISSING"),
        (sj.Insertion(3), "Insertion(3)"),
    ],
)
def test_text(tree, text):
    assert sj.format(tree) == text


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (jnp.zeros((2, 3)), "f32[2,3] [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]"),
        (np.arange(3), "i64[3] [0, 1, 2]"),
        (jnp.ones(2, jnp.bfloat16), "bf16[2] [1.0, 1.0]"),
        (jnp.asarray(1.5), "f32[] 1.5"),
        (np.arange(100, dtype=np.uint8).reshape(10, 10), "u8[10,10] in [0, 99]"),
        (jnp.zeros((0, 3)), "f32[0,3]"),
        (jax.ShapeDtypeStruct((2,), jnp.float16), "f16[2]"),
        (np.ones(7, bool), "bool[7] in [1, 1]"),
        (jnp.asarray([jnp.nan] * 8), "f32[8] in [nan, nan]"),
    ],
)
def test_arrays_in_short(array, text):
    assert sj.format(array) == text
    assert sj.format(Box(array)) == f"Box(content={text})"


def test_arrays_at_length():
    assert sj.format(np.arange(8), short_arrays=False) == "i64[8] [0, 1, 2, 3, 4, 5, 6, 7]"


def test_arrays_that_have_no_range():
    assert sj.format(np.full(8, 1j)).startswith("c128[8]")
    assert sj.format(jax.random.key(0)).startswith("key<fry>[]")


def test_a_tracer_is_its_shape():
    seen = []
    jax.jit(lambda tree: seen.append(repr(tree)))(Rate(0.5))
    assert seen == ["Rate(rate=f32[])"]


def test_defaults_are_shown_when_asked_for():
    assert sj.format(Rate(0.5), hide_defaults=False) == "Rate(rate=0.5, steps=10)"
    assert "use_bias=True" in sj.format(nn.Dense(8), hide_defaults=False)
    assert "name" not in sj.format(nn.Dense(8), hide_defaults=False)


def test_wide_trees_are_broken_over_lines():
    tree = Box([Rate(0.1 * i) for i in range(10)], {"key": nn.Dense(100)})
    assert sj.format(tree, width=40, indent=4) == "\n".join(
        [
            "Box(",
            "    content=(",
            *[f"        Rate(rate={0.1 * i})," for i in range(9)],
            f"        Rate(rate={0.1 * 9})",
            "    ),",
            "    other={'key': Dense(features=100)}",
            ")",
        ]
    )


@given(trees.trees(), st.integers(20, 120))
def test_a_line_is_as_long_as_it_may_be_or_cannot_be_broken(tree, width):
    for line in sj.format(tree, width=width).splitlines():
        # Only a single value, or the key before it, is longer than a line.
        assert len(line) <= width or not line.rstrip().endswith("),") or line.count("(") <= 2


@given(trees.trees(), st.booleans())
def test_the_layout_changes_white_space_only(tree, hide):
    def dense(text):
        return "".join(text.split()).replace(",)", ")")

    wide = sj.format(tree, width=10**6, hide_defaults=hide)
    assert "\n" not in wide
    assert dense(sj.format(tree, width=30, hide_defaults=hide)) == dense(wide)


@given(trees.recipes())
def test_equal_trees_have_equal_texts(recipe):
    assert sj.format(recipe()) == sj.format(recipe())
    assert repr(recipe()) == repr(recipe())


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
        max_leaves=6,
    )
)
def test_plain_containers_are_python(tree):
    assert sj.eq(ast.literal_eval(sj.format(tree)), tree)


def test_repr_and_str_are_the_text():
    assert repr(Rate(0.5, 3)) == str(Rate(0.5, 3)) == sj.format(Rate(0.5, 3))


def test_a_lambda_and_a_function_inside():
    assert "lambda" in sj.format(lambda x: x)
    assert sj.format(trees.double) == "double"


def test_a_value_whose_own_text_fails_is_named_where_it_stands():
    class Broken:
        def __repr__(self):
            raise RuntimeError("no text")

    with pytest.raises(RuntimeError, match="no text"):
        sj.format(Box(Broken()))


def test_text_inside_of_messages_is_short():
    with pytest.raises(TypeError) as caught:
        Rate("x" * 1000)
    assert len(str(caught.value)) < 200


def test_differences():
    a = Box(nn.Sequential([nn.Dense(3), nn.relu]), {"a": jnp.ones(20)})
    b = a.rebind({"content.layers[0].features": 5, "content.layers[1]": jnp.tanh, "other.a": jnp.zeros(20)})
    assert repr(sj.diff(a, b)) == (
        "Box(\n"
        "  content=Sequential(layers=[0: Dense(features: 3 → 5), 1: relu → tanh]),\n"
        "  other={'a': f32[20] in [1, 1] → f32[20] in [0, 0]}\n"
        ")"
    )


def _changed(left, right):
    return str(sj.diff(Box(left), Box(right))).removeprefix("Box(content: ").removesuffix(")")


def test_arrays_that_look_alike_are_told_apart():
    five = jnp.asarray(5, jnp.int32)
    weak = jax.jit(lambda: 5)()
    assert _changed(five, np.asarray(five)) == "i32[] 5 (jax.Array) → i32[] 5 (numpy.ndarray)"
    assert _changed(five, weak) == "i32[] 5 (jax.Array) → i32[] 5 (weakly typed jax.Array)"
    ramp = jnp.arange(12.0)
    swapped = ramp.at[3].set(4.0).at[4].set(3.0)
    assert _changed(ramp, swapped) == "f32[12] in [0, 11] → f32[12] in [0, 11] (2 of 12 differ)"
    assert _changed(jnp.array([1.0, 2.0]), jnp.array([1.0, 3.0])) == "f32[2] [1.0, 2.0] → f32[2] [1.0, 3.0]"
    keys = jax.random.split(jax.random.key(0), 3)
    assert _changed(keys, keys.at[1].set(keys[0])) == "key<fry>[3] → key<fry>[3] (1 of 3 differ)"
    shape = jax.ShapeDtypeStruct((2,), jnp.float32)
    assert _changed(shape, jnp.ones(2)) == "f32[2] → f32[2] [1.0, 1.0]"
    weakly = jax.ShapeDtypeStruct((2,), jnp.float32, weak_type=True)
    assert _changed(shape, weakly) == "f32[2] (ShapeDtypeStruct) → f32[2] (weakly typed ShapeDtypeStruct)"
