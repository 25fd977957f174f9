"""Where calls stand in a model."""

import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import patches
from symjax.patches.interior.functions.running import FunctionPatch, ModulePlaces, Places, run_rewritten
from symjax.patches.interior.recording import watching


def test_places():
    assert Places().path(("a", "b")) == ("a", "b")
    assert not Places().is_in(("a",), "recurrent_cell")
    places = ModulePlaces()
    cell = type(sj.linen.GRUCell(3))
    places.modules.update({(): object, ("encoder",): object, ("encoder", "cell"): cell, ("a", "b"): object})
    assert places.path(("Model", "encoder.encode", "other", "cell", "cell.helper")) == ("encoder", "cell")
    assert places.path(("Model", "Model.encode")) == ()
    places.modules["encoder", "layers", "encoder"] = object
    assert places.path(("Model", "encoder", "encoder")) == ("encoder",)  # as in lifted transforms
    assert places.path(("Model", "b")) == ("a", "b")  # of a module whose own method was not called
    assert places.path(()) == ()
    assert places.is_in(("Model", "encoder", "cell"), "recurrent_cell")
    assert not places.is_in(("Model", "encoder"), "recurrent_cell")


def test_what_is_called_is_recorded_with_what_replaces_it():
    first, second = patches.traced("relu", "silu"), patches.traced("tanh", "silu")
    with watching() as sightings:
        new = run_rewritten(
            lambda x, *, scale: jax.nn.relu(x) + jnp.tanh(x) * scale,
            [(first, "a"), (second, "b")],
            Places(),
            (jnp.ones(3),),
            {"scale": 2},
        )
    assert [(s.path, s.layer, s.sources) for s in sightings] == [
        ("relu", "relu", ("a",)),
        ("tanh", "tanh", ()),
        ("silu", "silu", ()),
        ("tanh", "tanh", ("b",)),
    ]
    assert jnp.allclose(new, 3 * jax.nn.silu(jnp.ones(3)))


def test_a_patch_says_what_it_replaces():
    class Nothing(FunctionPatch):
        pass

    with pytest.raises(NotImplementedError, match="Nothing defines no replacement"):
        run_rewritten(jnp.sin, [(Nothing(), None)], Places(), (1.0,), {})
