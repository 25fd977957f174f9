"""`build`: modules of nodes; more of it, from a user's side, is in tests/symjax/test_nnx.py."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import nnx
from symjax.adoption.nnx.building import Building


class Experiment(sj.Object):
    model: nnx.Module
    others: tuple[nnx.Module, ...] = ()


def test_a_tree_keeps_its_structure_and_modules_stand_for_the_nodes():
    exp = Experiment(nnx.Linear(2, 3), (nnx.Linear(3, 1), nnx.Dropout(0.5)))
    built = sj.build(exp)
    assert isinstance(built, Experiment)
    assert [type(module) for module in (built.model, *built.others)] == [
        plain.Linear,
        plain.Linear,
        plain.Dropout,
    ]
    assert sj.is_symbolic(exp.model)  # the tree is as it was


@pytest.mark.parametrize("rngs", [0, plain.Rngs(0), jax.random.key(0)])
def test_one_source_of_randomness_in_the_order_of_the_tree(rngs):
    ours = sj.build([nnx.Linear(2, 3), nnx.Linear(2, 3)], rngs=rngs)
    own = plain.Rngs(0)
    for module in ours:
        theirs = plain.Linear(2, 3, rngs=own)
        assert jnp.array_equal(module.kernel[...], theirs.kernel[...])


def test_one_node_makes_one_module_at_a_reference_too_and_equal_nodes_make_two():
    shared = nnx.Linear(2, 2)
    built = sj.build(Experiment(shared, (sj.ref("model"), shared, nnx.Linear(2, 2))))
    assert built.model is built.others[0]
    assert built.model is not built.others[1]  # one node at two places of an object ties nothing
    assert built.model is not built.others[2]


def test_a_building_makes_the_same_module_of_the_same_node_each_time():
    building, node = Building(plain.Rngs(0)), nnx.Linear(2, 2)
    assert building.make(node) is building.make(node)
    assert building.make(node) is not Building(plain.Rngs(0)).make(node)


def test_what_holds_no_node_is_returned_itself():
    tree = {"a": [1, 0.5], "b": "text"}
    assert sj.build(tree) is tree


def test_the_first_hole_is_the_place_of_the_error():
    with pytest.raises(
        sj.MissingError,
        match=r"it misses model\.in_features, model\.out_features \(path=model\.in_features\)$",
    ):
        sj.build(Experiment(nnx.Linear.partial()))


def test_what_patches_inside_hold_is_not_built():
    @sj.patcher
    def dropping(tree, layer: plain.Module):
        return sj.patches.layers(lambda k, v: layer if sj.patches.has_role(v, "dropout") else v)

    @sj.symbolize
    class Net(plain.Module):
        def __init__(self, *, rngs):
            self.one, self.other = plain.Dropout(0.5, rngs=rngs), plain.Dropout(0.5, rngs=rngs)

    model = sj.build(Net(inside=(dropping(nnx.Dropout(0.25)),)))
    assert (model.one.rate, model.other.rate) == (0.25, 0.25)
    assert model.one is not model.other
