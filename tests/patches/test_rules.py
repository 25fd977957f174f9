"""Rules without a function."""

import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import on_key, on_member, on_path, on_type, on_value


class Block(sj.Object):
    conv: nn.Module = nn.Conv(8, (3, 3))
    rate: float = 0.5
    rates: float = 0.5
    activation: object = nn.relu


def test_on_type():
    model = nn.Sequential([nn.Dropout(0.5), nn.Dense(3), nn.Dropout(0.1)])
    patched = on_type(nn.Dropout, nn.Dropout(0.9))(model)
    assert [layer.rate for layer in patched.layers if isinstance(layer, nn.Dropout)] == [0.9, 0.9]
    patched = on_type((nn.Dropout, nn.Dense), fn=lambda v: v.rebind(name="x"))(model)
    assert [layer.name for layer in patched.layers] == ["x", "x", "x"]


def test_on_type_does_not_enter_what_it_replaced():
    nested = {"a": (1, (2, 3))}
    assert on_type(tuple, fn=lambda v: (v,))(nested) == {"a": ((1, (2, 3)),)}


def test_on_path_matches_as_query_does():
    tree = {"model": {"rate": 0.1, "rates": 0.1}, "rate": 0.1}
    assert on_path(r"model\.rate$", 0.5)(tree) == {"model": {"rate": 0.5, "rates": 0.1}, "rate": 0.1}
    assert on_path(r".*rate", 0.5)(tree) == {"model": {"rate": 0.5, "rates": 0.5}, "rate": 0.5}
    assert on_path("model", None)(tree) == {"model": None, "rate": 0.1}


def test_on_key_matches_whole_keys():
    patched = on_key("rate", 0.1)(Block())
    assert (patched.rate, patched.rates) == (0.1, 0.5)
    patched = on_key("rate|rates", fn=lambda rate: rate / 2)(Block())
    assert (patched.rate, patched.rates) == (0.25, 0.25)


def test_on_value_is_strict_in_types():
    assert on_value(1, 2)([1, 1.0, True]) == [2, 1.0, True]
    assert on_value(nn.relu, nn.gelu)(Block()).activation is nn.gelu
    assert on_value(nn.Conv(8, (3, 3)), nn.Dense(3))(Block()).conv == nn.Dense(3)


def test_on_member():
    model = nn.Sequential([nn.Conv(8, (3, 3)), nn.Dense(8), Block().conv])
    patched = on_member(nn.Conv, "features", 16)(model)
    assert [layer.features for layer in patched.layers] == [16, 8, 16]
    assert on_member(Block, "rate", fn=lambda rate: rate * 2)([Block()])[0].rate == 1.0


def test_none_is_a_value():
    assert on_key("rate", None)({"rate": 1}) == {"rate": None}


@pytest.mark.parametrize("options", [{}, {"value": 1, "fn": abs}])
@pytest.mark.parametrize("make", [lambda **o: on_key("a", **o), lambda **o: on_type(int, **o)])
def test_a_value_or_a_function_is_needed(make, options):
    with pytest.raises(TypeError, match="either a value or fn"):
        make(**options)({"a": -1})


def test_they_are_patches_with_names():
    patch = on_key("learning_rate|lr", 0.5) | on_path(r".*\.rate$", 0.25)
    assert patches.from_uri(str(patch)) == patch
    assert sj.from_json(sj.to_json(patch)) == patch
    assert on_key("a", 1).expects(1)({"a": 0}) == {"a": 1}
