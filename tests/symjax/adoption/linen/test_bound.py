"""What a bound module tells of the tree it came from."""

from typing import Any

import flax.linen
import jax
import jax.numpy as jnp

from symjax import linen as nn
from symjax.adoption.linen.bound import fields_of_bound, path_of, symbolic_class

X = jnp.ones((1, 2))
places: list[tuple[str, type, dict[str, Any]]] = []


class Probe(nn.Module):
    """Tells where it stands while it runs."""

    size: int = 1

    def __call__(self, x: Any) -> Any:
        places.append((str(path_of(self)), symbolic_class(self), fields_of_bound(self)))
        return x


class Making(nn.Module):
    @nn.compact
    def __call__(self, x: Any) -> Any:
        return Probe(3, name="made")(Probe(2)(x))


def seen(model: Any) -> list[str]:
    places.clear()
    model.init(jax.random.key(0), X)
    assert all(cls is Probe for _, cls, _ in places)
    return [path for path, _, _ in places]


def test_a_layer_is_found_where_it_stands_in_the_tree():
    assert seen(Probe()) == [""]
    assert seen(nn.Sequential([Probe(1), nn.Sequential([Probe(2)])])) == ["layers[0]", "layers[1].layers[0]"]
    assert [fields["size"] for _, _, fields in places] == [1, 2]


def test_a_layer_that_is_made_inside_has_the_name_of_its_parameters():
    assert seen(nn.Sequential([Making()])) == ["layers[0].Probe_0", "layers[0].made"]


def test_a_module_of_plain_flax_is_its_own_class_without_fields():
    module = flax.linen.Dense(3)
    assert symbolic_class(module) is flax.linen.Dense
    assert fields_of_bound(module) == {}
