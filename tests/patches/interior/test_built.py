"""`built`: a new NNX module, the old one unchanged; and nodes with patches inside, which `sj.build` applies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import symjax as sj
from symjax import linen as nn
from symjax import nnx as symbolic
from symjax import patches
from symjax.patches import ReadingError, built, has_role
from symjax.patches.interior.nnx.bridge import Bridge

from .nnx.networks import IMAGES, MLP, Config, ResNet, Scanned, X, shapes, streams


@sj.patcher(name="test_built.without_biases")
def without_biases(tree):
    """A patch of layers, wherever these stand."""
    return patches.layers(lambda k, v: v.rebind(use_bias=False) if has_role(v, "dense") else v)


@sj.patcher(name="test_built.louder_dropout")
def louder_dropout(tree, rate: float):
    """A patch that was written for fields: a rule."""
    return lambda k, v, p: rate if k.key == "rate" and has_role(p, "dropout") else v


@pytest.fixture
def model():
    return MLP(rngs=streams())


def test_a_new_module_and_the_old_one_as_it_was(model):
    before = jax.tree.map(jnp.copy, nnx.state(model))
    new = built(model, ["test_built.without_biases", "swap_activation?gelu", {"pair[0].rate": 0.25}])
    assert isinstance(new, MLP)
    assert new is not model
    assert (new.stem.bias, new.pair[0].rate, new.activation) == (None, 0.25, nnx.gelu)
    assert (model.pair[0].rate, model.activation) == (0.5, nnx.relu)
    assert all(np.array_equal(a, b) for a, b in zip(*map(leaves, (before, nnx.state(model))), strict=True))


def biases(model):
    return {path for path in shapes(model) if path.endswith("bias")}


def leaves(state):
    values = (variable.get_value() for _, variable in nnx.to_flat_state(state))
    return [jax.random.key_data(v) if jnp.issubdtype(v.dtype, jax.dtypes.prng_key) else v for v in values]


def test_parameters_are_kept_where_shapes_agree_and_new_ones_come_from_rngs(model):
    wider = lambda k, v: v.rebind(out_features=3) if str(k) == "pair[1]" else v  # noqa: E731
    one, again, other = (built(model, wider, rngs=seed) for seed in (0, 0, 1))
    assert jnp.array_equal(one.stem.kernel[...], model.stem.kernel[...])
    assert shapes(one)["pair/1/kernel"] == (4, 3)
    assert jnp.array_equal(one.pair[1].kernel[...], again.pair[1].kernel[...])
    assert not jnp.array_equal(one.pair[1].kernel[...], other.pair[1].kernel[...])


def test_a_shared_layer_stays_shared(model):
    new = built(model, without_biases())
    assert new.hidden[1] is new.stem
    assert new.hidden[0] is not new.stem
    assert biases(new) == {"named/norm/bias"}


def test_each_rule_sees_what_those_before_have_made(model):
    rules = [
        {"pair[1].out_features": 3},
        lambda k, v: v.rebind(use_bias=v.out_features != 3) if has_role(v, "dense") else v,
    ]
    new = built(model, rules)
    assert new.pair[1].bias is None
    assert new.stem.bias is not None


def test_patches_for_fields_of_a_tree_act_on_layers(model):
    assert built(model, louder_dropout(0.75)).pair[0].rate == 0.75
    assert built(model, patches.on_type(symbolic.Dropout, symbolic.Dropout(0.1))).pair[0].rate == 0.1
    assert built(model, louder_dropout(0.75).expects(1)).pair[0].rate == 0.75
    with pytest.raises(patches.PatchError, match="was to change 2 places"):
        built(model, louder_dropout(0.75).expects(2))


def test_nothing_matched_is_told_with_what_there_is(model):
    with pytest.warns(patches.PatchWarning, match=r"hidden/0 \(Linear\)"):
        new = built(model, "apply_sepconv")
    assert new is not model
    assert shapes(new) == shapes(model)
    with pytest.raises(patches.PatchError, match="changed nothing"):
        built(model, "apply_sepconv", strict=True)


def test_a_path_that_there_is_not(model):
    with pytest.raises(KeyError, match=r"pair\[0\].rat.*pair\[0\].rate"):
        built(model, {"pair[0].rat": 1.0})


def test_in_a_tree_a_built_module_stays_and_it_is_said_what_to_do(model):
    with pytest.raises(
        patches.PatchError, match=r"model is an NNX module that is built already: patches.built"
    ):
        sj.patch({"model": model}, without_biases(), strict=True)


def test_a_layer_that_holds_others_stays_where_only_they_change():
    layer = nnx.Sequential(nnx.Linear(4, 3, rngs=streams()), nnx.relu, nnx.Dropout(0.5))
    new = built(
        layer, [patches.layers(lambda k, v: nnx.gelu if v is nnx.relu else v), {"layers[2].rate": 0.25}]
    )
    assert (new.layers[1], new.layers[2].rate) == (nnx.gelu, 0.25)
    assert layer.layers[1] is nnx.relu


def test_no_module():
    with pytest.raises(TypeError, match=r"expected a built NNX module, got .* sj.patch"):
        built(symbolic.Linear(2, 3), "test_built.without_biases")


def test_a_layer_whose_arguments_cannot_be_read_back():
    class Opaque(nnx.Module):
        def __init__(self, config, *, rngs):
            self.dense = nnx.Linear(4, config["width"], rngs=rngs)

        def __call__(self, x):
            return self.dense(x)

    layer = Opaque({"width": 3}, rngs=streams())
    with pytest.raises(
        ReadingError, match=r"this Opaque cannot be made anew .* stores no config.*\(path=<root>\)"
    ):
        built(layer, lambda k, v: v.rebind(config={"width": 4}) if not k else v)
    assert shapes(built(layer, {"dense.out_features": 4})) == {"dense/kernel": (4, 4), "dense/bias": (4,)}
    assert type(built(layer, lambda k, v: symbolic.Linear(4, 2) if not k else v)) is nnx.Linear


def test_an_attribute_that_is_no_longer_the_argument_is_noticed():
    class Doubling(nnx.Module):
        def __init__(self, width: int, *, rngs):
            self.width = 2 * width
            self.dense = nnx.Linear(4, self.width, rngs=rngs)

    layer = Doubling(3, rngs=streams())
    with pytest.raises(ReadingError, match=r"cannot be read back: .*6\].* or .*12\]"):
        built(layer, lambda k, v: v.rebind(width=4) if not k else v)


def test_the_mode_of_the_module_counts_for_new_layers(model):
    rule = lambda k, v: patches.insert(v, after=[symbolic.Dropout(0.5)]) if has_role(v, "dense") else v  # noqa: E731
    assert not built(model, rule).stem.after_0.deterministic
    model.eval()
    new = built(model, rule)
    assert new.stem.after_0.deterministic
    assert jnp.array_equal(new(X), model(X))


def test_with_shapes_in_the_place_of_arrays():
    shaped = nnx.eval_shape(lambda: ResNet(Config(), rngs=nnx.Rngs(0)))
    new = built(shaped, "apply_sepconv")
    assert type(new.blocks[0].conv1) is Bridge
    assert isinstance(new.blocks[0].conv1.pointwise["kernel"].get_value(), jax.ShapeDtypeStruct)
    assert isinstance(new.head.kernel.get_value(), jax.ShapeDtypeStruct)


def test_under_eval_shape_and_jit(model):
    shaped = nnx.eval_shape(lambda: built(MLP(rngs=nnx.Rngs(0)), {"pair[1].out_features": 3}))
    assert shapes(shaped)["pair/1/kernel"] == (4, 3)
    jitted = nnx.jit(lambda model, x: built(model, "test_built.without_biases")(x))
    model.eval()
    assert jnp.allclose(jitted(model, X), built(model, "test_built.without_biases")(X), atol=1e-6)


def test_a_stack_is_made_anew_as_a_stack():
    model = Scanned(rngs=streams())
    new = built(model, lambda k, v: v.rebind(use_bias=False) if has_role(v, "dense") else v)
    assert shapes(new) == {"layers/layers/0/kernel": (3, 4, 4)}
    assert jnp.array_equal(new.layers.layers[0].kernel[...], model.layers.layers[0].kernel[...])
    new = built(model, lambda k, v: nn.Dense(4, use_bias=False) if has_role(v, "dense") else v)
    kernel = new.layers.layers[0].kernel[...]
    assert jnp.array_equal(kernel, model.layers.layers[0].kernel[...])
    assert new(X).shape == (3, 4)
    new = built(model, lambda k, v: nn.Sequential([nn.Dense(4), nn.Dense(4)]) if has_role(v, "dense") else v)
    stack = new.layers.layers[0].layers_0["kernel"][...]
    assert stack.shape == (3, 4, 4)
    assert not jnp.array_equal(stack[0], stack[1])
    assert new(X).shape == (3, 4)


def test_a_linen_layer_of_which_inputs_tell_what_it_is_called_with():
    class Sum(nnx.Module):
        def __call__(self, x, y):
            return x + y

    class Net(nnx.Module):
        def __init__(self):
            self.sum = Sum()

        def __call__(self, x):
            return self.sum(x, 2 * x)

    class Bilinear(nn.Module):
        @nn.compact
        def __call__(self, x, y):
            return nn.Dense(2)(x) * nn.Dense(2)(y)

    rule = lambda k, v: Bilinear() if k and k.key == "sum" else v  # noqa: E731
    with pytest.raises(ValueError, match=r"what this Sum is called with is not known.*inputs=.*\(path=sum\)"):
        built(Net(), rule)
    assert built(Net(), rule, inputs=X)(X).shape == (3, 2)


# Nodes.


def test_on_a_node_the_patch_becomes_part_of_it():
    node = sj.symbolize(MLP)()
    new = sj.patch(node, "test_built.without_biases")
    assert new.inside == (without_biases(),)
    assert sj.from_json(sj.to_json(new)) == new
    assert sj.diff(node, new)
    assert biases(nnx.eval_shape(lambda: sj.build(new))) == {"named/norm/bias"}


def test_called_with_rngs_such_a_node_builds_at_once():
    model = sj.symbolize(MLP)(inside=(without_biases(),), rngs=streams())
    assert biases(model) == {"named/norm/bias"}


def test_without_inputs_the_layers_of_a_node_are_known():
    node = sj.symbolize(ResNet)(Config())
    assert [str(path.key) for path in patches.apply_sepconv().matched(node)] == [
        f"blocks/{i}/conv{j}" for i in (0, 1) for j in (1, 2)
    ]
    with pytest.raises(
        patches.PatchError,
        match=r"nothing inside of <root> matched, or it had its new value already; it calls blocks/0 \(Block\)",
    ):
        sj.patch(node, patches.inside(lambda k, v: v), strict=True)
    open_choice = sj.symbolize(MLP)(sj.oneof([4, 8]))
    assert sj.patch(open_choice, "test_built.without_biases").inside == (without_biases(),)


@sj.patcher(name="test_built.dropout_at")
def dropout_at(tree, rate: float):
    return patches.layers(lambda k, v: v.rebind(rate=rate) if has_role(v, "dropout") else v)


def test_floats_of_patches_inside_are_leaves():
    new = sj.patch(sj.symbolize(MLP)(), dropout_at(0.25))
    assert jax.tree.leaves(new) == [0.25]
    rates = jax.vmap(lambda node: sj.build(node).pair[0].rate)(
        sj.rebind(new, {"inside[0].rate": jnp.array([0.1, 0.9])})
    )
    assert rates.tolist() == pytest.approx([0.1, 0.9])


def test_fields_that_are_layers_are_changed_once():
    @sj.symbolize
    class Pair(nnx.Module):
        def __init__(self, first: nnx.Module, *, rngs):
            self.first = first
            self.second = nnx.Linear(4, 4, rngs=rngs)

    @sj.patcher
    def doubled(tree):
        return patches.layers(
            lambda k, v: v.rebind(out_features=2 * v.out_features) if has_role(v, "dense") else v
        )

    new = sj.patch(Pair(symbolic.Linear(4, 4)), doubled())
    assert new.first.out_features == 8
    model = nnx.eval_shape(lambda: sj.build(new))
    assert (model.first.out_features, model.second.out_features) == (8, 8)


def test_a_function_of_nodes():
    @sj.symbolize
    def network(width: int) -> nnx.Module:
        return symbolic.Sequential(symbolic.Linear(4, width), nnx.relu, symbolic.Linear(width, 2))

    new = sj.patch(network(3), "test_built.without_biases")
    assert new.inside == (without_biases(),)
    assert shapes(nnx.eval_shape(lambda: sj.build(new))) == {
        "layers/0/kernel": (4, 3),
        "layers/2/kernel": (3, 2),
    }


def test_initialization_of_the_code_is_kept_where_the_patch_does_not_change_it():
    @sj.symbolize
    class Ones(nnx.Module):
        def __init__(self, *, rngs):
            self.dense = nnx.Linear(4, 3, kernel_init=nnx.initializers.ones, rngs=rngs)

        def __call__(self, x):
            return self.dense(x)

    model = sj.build(sj.patch(Ones(), "test_built.without_biases"))
    assert (model.dense.kernel[...] == 1).all()
    zeros = patches.layers(
        lambda k, v: v.rebind(kernel_init=nnx.initializers.zeros) if has_role(v, "dense") else v
    )
    assert (sj.build(sj.patch(Ones(), zeros)).dense.kernel[...] == 0).all()
    assert (built(Ones(rngs=streams()), zeros).dense.kernel[...] == 1).all()  # it may be trained


def test_a_node_among_fields_of_nnx_can_become_one_of_linen():
    new = sj.patch(symbolic.Sequential(symbolic.Conv(3, 4, (3, 3)), nnx.relu), "apply_sepconv")
    assert type(new.fns[0]).__name__ == "Bridge"
    assert new.fns[0].linen == patches.SeparableConv(4, (3, 3), kernel_init=new.fns[0].linen.kernel_init)
    assert nnx.eval_shape(lambda: sj.build(new)(IMAGES)).shape == (2, 4, 4, 4)
