"""Arrays, NumPy scalars, keys and shapes: each form of each, and what has none."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax.text import array_forms

from .. import trees

arrays = st.one_of(trees.numpy_arrays(), trees.jax_arrays())


@given(arrays)
def test_json_keeps_type_dtype_shape_weakness_and_bits(recipe):
    array = recipe()
    (back,) = sj.from_json(sj.to_json((array,)))
    if isinstance(array, jax.Array) and jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        assert sj.eq(back, array)
    else:
        assert isinstance(array, jax.Array) == isinstance(back, jax.Array)
        assert trees.same_bits(back, array)


@given(trees.numpy_scalars())
def test_scalars_too(recipe):
    (back,) = sj.from_json(sj.to_json((recipe(),)))
    assert trees.same_bits(back, recipe())


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((2, 3), np.float32), "f32[2,3] [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]"),
        (np.arange(10), "i64[10] in [0, 9]"),
        (jnp.zeros((0, 2), jnp.bfloat16), "bf16[0,2]"),
        (np.uint8(3), "u8[] 3"),
        (np.array(["a"] * 9), "<U1[9]"),
        (jax.ShapeDtypeStruct((2,), jnp.complex64), "c64[2]"),
    ],
)
def test_text(array, text):
    assert array_forms.text(array, True) == text


def test_text_of_a_tracer_is_its_shape_and_of_a_long_one_all_of_it_where_that_is_asked_for():
    assert jax.eval_shape(lambda x: (array_forms.text(x, True) == "f32[2]") * x, jnp.ones(2)).shape == (2,)
    assert array_forms.text(np.arange(8), False) == f"i64[8] {list(range(8))}"


class Names:
    def name(self, module, name):
        return f"{module}.{name}"


@given(arrays)
def test_source_makes_an_equal_array_or_there_is_none(recipe):
    array = recipe()
    if not jnp.issubdtype(array.dtype, jax.dtypes.extended):
        text = array_forms.source(Names(), array, sj.Path(""))
        if text is not None:
            assert trees.same_bits(eval(text, {"numpy": np, "jax": jax}), array)


def test_what_has_no_form_is_refused_by_name():
    class Own(np.ndarray):
        pass

    for value in (np.ones(2).view(Own), np.zeros(2, "i4,i4"), np.str_("a")):
        with pytest.raises(TypeError, match=r"\(path=\[0\]"):
            sj.to_json([value])
    assert array_forms.source(Names(), np.array([np.nan]), sj.Path("")) is None


@pytest.mark.parametrize(
    "record",
    [
        '{"$array": {"dtype": "O", "shape": [1], "of": "numpy", "data": ""}}',
        '{"$array": {"dtype": "float32", "shape": [-1], "of": "numpy", "data": ""}}',
        '{"$array": {"dtype": "float32", "shape": [1], "of": "torch", "data": "AAAAAA=="}}',
        '{"$array": {"dtype": "float32", "shape": [2], "of": "numpy", "data": "AAAAAA=="}}',
        '{"$scalar": ["object", ""]}',
        '{"$shape": [[2], "float32", 1]}',
    ],
)
def test_bad_records_are_refused(record):
    with pytest.raises(sj.LoadError):
        sj.from_json(f'{{"symjax": 1, "tree": {record}}}')


def test_the_name_of_a_dtype_leads_back_to_it():
    for dtype in (np.float32, np.int8, np.bool_, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn):
        name = array_forms.dtype_name(np.dtype(dtype), sj.Path(""))
        assert jnp.dtype(name) == np.dtype(dtype)
