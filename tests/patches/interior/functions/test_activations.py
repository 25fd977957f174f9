"""Activations by name."""

import jax
import pytest

from symjax.patches import role
from symjax.patches.interior.functions.activations import activation
from symjax.patches.roles.flax_layers import ACTIVATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_those_of_jax(name):
    assert activation(name) is getattr(jax.nn, name)


def test_those_that_are_marked():
    @role("activation")
    def wavy(x):
        return x

    assert activation("wavy") is wavy


def test_the_nearest_names_are_listed_first():
    with pytest.raises(ValueError, match=r"no activation .gleu.; did you mean .gelu."):
        activation("gleu")
    with pytest.raises(ValueError, match=r"known activations: "):
        activation("softmax")
