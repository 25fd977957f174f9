"""A diff is a patch: it does again what was done, leads back, and can be stored and printed."""

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax, patches
from symjax.patches import Updates, from_diff


class Block(sj.Object):
    conv: nn.Module = nn.Conv(8, (3, 3))
    rate: float = 0.5
    activation: object = nn.relu


class Tied(sj.Object):
    width: int = 8
    head: int = 8
    inner: object = None


class Inner(sj.Object):
    width: object = None


PAIRS = [
    ({"a": 1, "b": [1, 2]}, {"a": 2, "b": [1, 2, 3]}),
    ([1, 2, 3], [1]),
    ([1], [2, 3]),
    ({"a": 1, "b": 2}, {"b": 3, "c": 4}),
    ("a", (1,)),
    (Tied(inner={"a": 1}), Tied(inner=[1, {"b": ()}])),
    (Block(), Block(rate=0.1, conv=nn.Dense(3))),
    (Block(conv=nn.Conv(8, (3, 3))), Block(conv=nn.Conv(9, (3, 3), strides=2), activation=nn.gelu)),
    (Block(), optax.adam(0.1)),
    (Tied(inner={frozenset([1]): 1, "a": "x"}), Tied(inner={frozenset([1]): 2, "a": "y"})),
    ({"x.y": {(1, 2): 1.0}}, {"x.y": {(1, 2): 2.0}}),
    ({1: "a"}, {1: "b"}),
    (Tied(), Tied(head=sj.ref("width"))),
    (Tied(head=sj.ref("width")), Tied(head=3)),
    (Tied(), Tied(inner=Inner(width=sj.ref("width", up=2)))),
    (Tied(), Tied(inner=(sj.ref("head"), {"deep": sj.ref("width")}))),
    (Tied(), Tied(inner=patches.scale_width(2.0))),
    (Tied(inner=sj.oneof([1, 2])), Tied(inner=sj.oneof([1, 3]))),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_it_does_again_what_was_done(before, after):
    patch = from_diff(sj.diff(before, after))
    assert sj.eq(patch(before), after)
    assert patch == from_diff(sj.diff(before, after))


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_it_can_be_stored_and_printed(before, after, tmp_path):
    patch = from_diff(sj.diff(before, after))
    assert sj.from_json(sj.to_json(patch)) == patch
    sj.save(patch, tmp_path / "patch.json")
    assert sj.eq(sj.load(tmp_path / "patch.json")(before), after)


NAMES = {
    "sj": sj,
    "nn": nn,
    "optax": optax,
    "jax": jax,
    "Updates": Updates,
    "Block": Block,
    "Tied": Tied,
    "Inner": Inner,
    "scale_width": patches.scale_width,
    "oneof": sj.oneof,
    "ref": sj.ref,
}


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] != optax.adam(0.1)])
def test_its_source_makes_it_again(before, after):
    patch = from_diff(sj.diff(before, after))
    assert eval(sj.to_python(patch), dict(NAMES)) == patch


def test_references_are_those_of_the_patched_tree():
    patched = from_diff(sj.diff(Tied(), Tied(head=sj.ref("width"))))(Tied(width=3))
    assert patched.head == 3
    assert patched.rebind(width=4).head == 4


def test_a_tree_that_holds_such_a_patch_leaves_its_references_alone():
    patch = from_diff(sj.diff(Tied(), Tied(head=sj.ref("width"))))
    tree = Tied(inner=(0, patch))
    assert tree.inner[1] == patch
    assert tree.rebind({"inner[0]": sj.MISSING}).inner[0] == patch


def test_a_tree_that_holds_such_a_patch_resolves_none_of_its_references():
    deep = Inner(width=Inner(width=sj.ref("width", up=3)))
    patch = from_diff(sj.diff(Tied(), Tied(inner=deep)))
    tree = Tied(inner=(0, patch), head=sj.ref("width"))
    assert tree.head == 8
    assert tree.inner[1] == patch


def test_references_in_such_a_patch_do_not_follow_what_moves_in_the_tree_that_holds_it():
    patch = Updates({"head": sj.ref("inner[2]", up=2)})
    assert Tied(inner=(0, patch, 5)).rebind({"inner[0]": sj.MISSING}).inner[0] == patch


def test_what_differs_nowhere_changes_nothing():
    with pytest.warns(patches.PatchWarning, match="changed nothing"):
        assert from_diff(sj.diff([1], [1]))([1]) == [1]


def test_the_text_describes_it():
    assert str(from_diff(sj.diff(Block(), Block(rate=0.1)))) == "<Updates(updates={'rate': 0.1})>"


# The way back.


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_inverse_leads_back(before, after):
    patch = from_diff(sj.diff(before, after))
    back = patch.inverse(before)
    assert sj.eq(back(patch(before)), before)
    assert sj.eq(back.inverse(after)(before), after)
    assert sj.from_json(sj.to_json(back)) == back


def test_the_inverse_of_patches_of_all_kinds():
    model = nn.Sequential([nn.Conv(8, (3, 3)), nn.relu, nn.Dense(4), nn.Dense(10)])
    for text in ("scale_width?2", "swap_activation?gelu | apply_sepconv", "layers[0].features=3#1"):
        patch = patches.from_uri(text)
        assert patch.inverse(model)(patch(model)) == model


trees = st.recursive(
    st.integers(0, 3) | st.sampled_from([0.5, "a", None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(trees, trees)
def test_a_stored_diff_leads_from_any_tree_to_any_other_and_back(a, b):
    a, b = Tied(inner=a), Tied(inner=b)
    if a == b:
        return
    patch = sj.from_json(sj.to_json(from_diff(sj.diff(a, b))))
    assert sj.eq(patch(a), b)
    assert sj.eq(patch.inverse(a)(b), a)
