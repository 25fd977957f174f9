"""The argument `inside` of nodes of modules: there where it is given, and nowhere else."""

import pickle

import flax.linen
import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.core.inside import is_patchable

RATE = patches.change_lr(0.25)
OTHER = patches.apply_sepconv()


class Net(flax.linen.Module):
    width: int = 4

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(self.width)(x)


class Own(flax.linen.Module):
    """A class that has an argument of this name itself."""

    inside: int = 3

    def __call__(self, x):
        return x * self.inside


def build_net(width: int = 4) -> flax.linen.Module:
    return Net(width)


NODES = [
    nn.Dense(3),
    sj.symbolize(Net)(),
    sj.symbolize(build_net)(),
    nnx.Linear(2, 3),
]


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_a_node_without_it_does_not_have_it(node):
    assert is_patchable(node)
    assert "inside=" not in repr(node)
    assert '"inside"' not in sj.to_json(node)
    assert not sj.query(node, "inside")
    assert node.rebind(inside=()) == node
    assert "inside" not in vars(node.rebind(inside=()))


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_a_node_with_it_is_a_tree_as_any_other(node):
    patched = node.rebind(inside=(RATE,))
    assert patched != node
    assert hash(patched) == hash(node.rebind(inside=[RATE]))
    assert "inside=(change_lr(learning_rate=0.25),)" in repr(patched).replace("\n", "").replace("  ", "")
    assert patched.rebind({"inside[0].learning_rate": 0.25}) == patched
    assert sj.diff(node, patched).updates() == {"inside": (RATE,)}
    assert node.rebind(sj.diff(node, patched).updates()) == patched
    assert patched.rebind(sj.diff(patched, node).updates()) == node
    assert sj.from_json(sj.to_json(patched)) == patched
    assert pickle.loads(pickle.dumps(patched)) == patched
    assert patched.rebind({"inside[1]": OTHER}).inside == (RATE, OTHER)
    assert patched.rebind({"inside[0]": sj.MISSING}) == node


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_its_numbers_are_leaves(node):
    patched = node.rebind(inside=(RATE, OTHER))
    assert jax.tree.leaves(patched) == [*jax.tree.leaves(node), 0.25]
    doubled = jax.tree.map(lambda leaf: 2 * leaf, patched)
    assert doubled.inside == (patches.change_lr(0.5), OTHER)
    with_one, with_both = node.rebind(inside=(OTHER,)), node.rebind(inside=(OTHER, OTHER))
    structures = [jax.tree.structure(tree) for tree in (node, with_one, with_both)]
    assert len(set(map(hash, structures))) >= 1
    assert structures[0] != structures[1] != structures[2]


def test_constructors_take_it():
    assert nn.Dense(3, inside=(RATE,)) == nn.Dense(3).rebind(inside=(RATE,))
    assert sj.symbolize(build_net)(inside=(RATE,)) == sj.symbolize(build_net)().rebind(inside=(RATE,))
    assert eval(
        sj.to_python(nn.Dense(3, inside=(OTHER,))), {"nn": nn, "apply_sepconv": patches.apply_sepconv}
    ) == (nn.Dense(3, inside=(OTHER,)))


def test_clones_keep_it_and_a_function_hands_it_to_what_it_builds():
    assert nn.Dense(3, inside=(OTHER,)).clone() == nn.Dense(3, inside=(OTHER,))
    assert nn.Dense(3, inside=(OTHER,)).clone(features=4) == nn.Dense(4, inside=(OTHER,))
    assert sj.symbolize(build_net)(3, inside=(OTHER,)).make() == sj.symbolize(Net)(3, inside=(OTHER,))


def test_a_class_with_an_argument_of_the_name_keeps_its_own():
    own = sj.symbolize(Own)(5)
    assert not is_patchable(own)
    assert own.rebind(inside=7).apply({}, 2) == 14
    assert sj.from_json(sj.to_json(own)) == own


def test_it_is_checked():
    with pytest.raises(TypeError, match=r"path=inside"):
        nn.Dense(3).rebind(inside=RATE)


def test_choices_in_patches_are_choices_of_the_model():
    open_model = nn.Dense(3, inside=(patches.change_lr(sj.oneof([0.1, 0.2])),))
    space = sj.search.space(open_model)
    closed = {space.decode(dna).inside for dna in space.sample(jax.random.key(0), 16)}
    assert closed == {(patches.change_lr(0.1),), (patches.change_lr(0.2),)}
