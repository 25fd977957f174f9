"""What an abstract call has found becomes a patch that is data."""

import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches.library.blocks.planning import planned, wrap_layers
from symjax.patches.library.blocks.residual import Residual

KEY = jax.random.key(0)
X = jnp.ones((1, 4))


def test_it_wraps_modules_by_path():
    model = nn.Sequential([nn.Dense(4), nn.Dense(4)])
    patched = model.rebind(inside=(wrap_layers({"layers_1": Residual.partial()}),))
    variables = patched.init(KEY, X)
    assert jax.tree.structure(variables) == jax.tree.structure(model.init(KEY, X))
    hidden = nn.Dense(4).apply({"params": variables["params"]["layers_0"]}, X)
    assert jnp.allclose(patched.apply(variables, X), hidden + model.apply(variables, X))


def test_a_field_of_the_same_name_is_no_module():
    class Named(nn.Module):
        part: int = 3

    rule = wrap_layers({"a/part": Residual.partial()})
    path = sj.Path(("a", "part"))
    assert rule.on_layer(path, 3, Named()) == 3
    assert rule.on_layer(path, nn.Dense(2), Named()) == Residual(nn.Dense(2))


@pytest.mark.parametrize("where", [{}, {"other": nn.Sequential([nn.Dense(2)])}])
def test_each_model_with_inputs_is_planned(where):
    tree = {"model": nn.Sequential([nn.Dense(4)]), **where}
    edited = planned(tree, {"model": X}, lambda seen: {seen.visits[-1].path: Residual.partial()}, "things")
    assert edited.places == (sj.Path.parse("model.inside") / "layers_0",)
    assert edited.tree["model"].inside == (wrap_layers({"layers_0": Residual.partial()}),)
    assert edited.tree.get("other") is where.get("other")


def test_reasons():
    model = nn.Sequential([nn.Dense(4)])
    assert planned(model, X, lambda seen: {}, "things").why == "a call of <root> shows no things"
    assert planned(model, X, lambda seen: {(): Residual.partial()}, "things").tree is model
    assert "give example inputs" in planned(model, None, lambda seen: {}, "things").why
    linear = nnx.Linear(4, 4)
    assert "Linen modules only, and <root> is none" in planned(linear, X, lambda seen: {}, "things").why


def test_what_was_inside_stays(theirs, inputs):
    model = sj.patch(theirs, "remove_bias|stochastic_depth", inputs=inputs)
    assert model.inside[0] == patches.remove_bias()
    assert isinstance(model.inside[1], wrap_layers)


@pytest.mark.parametrize(
    "uri",
    ["stochastic_depth", "tie_weights", "gated_feed_forward", "mixture_of_experts", "mup_initialization"],
)
def test_roles_that_are_asked_on_the_way_are_not_what_is_looked_for(uri):
    with pytest.raises(patches.PatchError, match="a call of <root> shows no") as caught:
        sj.patch(nn.Sequential([nn.LayerNorm(), nn.relu]), uri, inputs=X, strict=True)
    assert "roles" not in str(caught.value)
