"""What layers in fields are called with, by their paths in the tree."""

import jax.numpy as jnp

from symjax import linen as nn
from symjax import nnx
from symjax.patches.analysis.standing import visits_of_fields
from symjax.patches.interior.inserting import insert

X = jnp.ones((2, 4))


class Holder(nn.Module):
    """Modules in a field, in containers, and inside."""

    first: nn.Module
    others: dict[str, tuple[nn.Module, ...]]
    unused: nn.Module = nn.Dense(1)

    @nn.compact
    def __call__(self, x):
        return nn.Dense(9)(self.others["a"][1](self.first(x)))


def widths(tree, inputs=X):
    return {str(path): visit.inputs.shape[-1] for path, visit in visits_of_fields(tree, inputs).items()}


def test_names_are_those_of_flax():
    model = Holder(nn.Dense(5), {"a": (nn.Dense(6), nn.Sequential([nn.Dense(7), nn.Dense(8)]))})
    assert widths([model]) == {
        "[0]": 4,
        "[0].first": 4,
        "[0].others.a[1]": 5,
        "[0].others.a[1].layers[0]": 5,
        "[0].others.a[1].layers[1]": 7,
    }


def test_layers_with_names_and_those_around_which_others_stand():
    wrapped = insert(nn.Dense(6), before=(nn.Dense(5),))
    model = nn.Sequential([nn.Dense(3, name="stem"), wrapped])
    assert widths(model) == {"": 4, "layers[0]": 4, "layers[1].layer": 5, "layers[1].before[0]": 3}


def test_other_models_are_passed_over():
    tree = {"linen": nn.Sequential([nn.Dense(3)]), "nnx": nnx.Linear(4, 4)}
    assert widths(tree, {"nnx": X}) == {}
    assert widths(tree, {"linen": X, "nnx": X}) == {"linen": 4, "linen.layers[0]": 4}
