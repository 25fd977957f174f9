"""Example inputs, and which model in a tree they are for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import Inputs
from symjax.patches.outlines.inputs import inputs_for

X = jnp.ones((2, 3))
SHAPE = jax.ShapeDtypeStruct((2, 3), jnp.float32)


class Rivals(sj.Object):
    generator: nn.Module = nn.Sequential([nn.Dense(3)])
    critic: nn.Module = nn.Sequential([nn.Dense(1)])
    head: nn.Module = nn.Dense(2)


class Exemplary(sj.Object):
    model: nn.Module = nn.Dense(3)
    batch: int = 2

    def example_inputs(self):
        return jnp.ones((self.batch, 3)), True


def test_arrays_become_shapes_and_python_values_stay():
    inputs = Inputs(X, [np.ones(3), None], mask={"a": SHAPE}, train=True, rate=0.5, method="encode")
    assert inputs.args == (SHAPE, [jax.ShapeDtypeStruct((3,), jnp.float32), None])
    assert inputs.kwargs == {"mask": {"a": SHAPE}, "train": True, "rate": 0.5}
    assert inputs.method == "encode"
    assert len(inputs.arrays) == 3
    assert repr(inputs).endswith("train=True, rate=0.5, method='encode')")


def test_arrays_are_filled_in_where_their_shapes_stood():
    inputs = Inputs(X, 3, x=[X])
    assert inputs.filled((1, 2)) == ((1, 3), {"x": [2]})


def test_keys_are_arrays_too():
    assert Inputs(jax.random.key(0)).arrays == (jax.eval_shape(jax.random.key, 0),)


def test_inputs_are_immutable_values():
    assert Inputs(X, train=True) == Inputs(SHAPE, train=True) != Inputs(SHAPE)
    with pytest.raises(AttributeError, match="immutable"):
        Inputs(X).args = ()
    with pytest.raises(TypeError, match="name of a method"):
        Inputs(X, method=print)


def test_one_model_gets_them_in_whatever_form():
    tree = {"model": nn.Sequential([nn.Dense(3)]), "lonely": nn.Dense(1)}
    for form in (X, SHAPE, (X,), Inputs(X), {"model": X}, {"model": (X,)}):
        assert inputs_for(tree, form) == {"model": Inputs(X)}
    assert inputs_for(tree, (X, True)) == {"model": Inputs(X, True)}
    assert inputs_for(tree, [X, X]) == {"model": Inputs([X, X])}
    assert inputs_for(nn.Dense(3), X) == {"": Inputs(X)}


def test_an_experiment_may_say_them_itself():
    assert inputs_for(Exemplary(batch=5)) == {"model": Inputs(jnp.ones((5, 3)), True)}
    assert inputs_for(Exemplary(), X) == {"model": Inputs(X)}
    assert inputs_for(Rivals()) == {}


def test_several_models_need_a_mapping():
    by_path = inputs_for(Rivals(), {"critic": X, "generator": (X, 1)})
    assert list(by_path.items()) == [("generator", Inputs(X, 1)), ("critic", Inputs(X))]
    with pytest.raises(ValueError, match=r"any of 2 models.*'generator': ….*generator, critic"):
        inputs_for(Rivals(), X)


def test_a_path_without_a_model_is_refused():
    with pytest.raises(KeyError, match=r"no model at 'critik'; did you mean 'critic'\?.*Inputs"):
        inputs_for(Rivals(), {"critik": X})
    with pytest.raises(ValueError, match="holds no model"):
        inputs_for({"rate": 0.1}, X)
