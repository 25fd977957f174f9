import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import optax, search
from symjax.search.proposing.calls import Calls
from symjax.search.proposing.suggestions import Suggestion
from symjax.search.proposing.survey import Survey

X = jax.ShapeDtypeStruct((2, 3), jnp.float32)


class Experiment(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation
    rates: tuple[float, ...] = (0.1, 0.2)


EXP = Experiment(
    nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(8), nn.relu, nn.Dense(2)]),
    optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
)


def survey(tree=EXP, where=lambda k, v, p: True):
    return Survey(tree, Calls.of(tree, X, None), where)


def test_values_come_in_the_order_of_the_tree():
    paths = [str(s.path) for s in survey().suggestions()]
    places = {str(path): place for place, (path, _, _) in enumerate(sj.walk(EXP))}
    assert paths == sorted(paths, key=places.__getitem__)
    assert "optimizer.args[0].max_norm" in paths


def test_equal_activations_are_tied_by_references():
    looked_at = survey(where=lambda k, v, p: callable(v))
    (suggestion,) = looked_at.suggestions()
    space = search.space(looked_at.opened([suggestion]))
    for dna in space.enumerate():
        layers = space.decode(dna).model.layers
        assert layers[3] is layers[1]


def test_floats_in_a_list_and_arguments_that_nobody_gave_stay():
    by_path = {str(s.path): s for s in survey().suggestions()}
    assert by_path["rates[0]"].choice is None
    assert not any("bias" in path or "kernel" in path for path in by_path)


def test_a_reference_needs_a_node_that_holds_both():
    tree = {"a": 8, "b": 8}
    tied = Suggestion(sj.Path(["a"]), 8, "a width", search.oneof([4, 8]), (sj.Path(["b"]),))
    with pytest.raises(ValueError, match="no symbolic node holds both b and a"):
        Survey(tree, Calls.of(tree, None, None), lambda k, v, p: True).opened([tied])
