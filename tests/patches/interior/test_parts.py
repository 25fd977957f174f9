"""What of a patch acts inside of a model."""

import pytest

import symjax as sj
from symjax import patches
from symjax.core.paths import Path
from symjax.patches.interior.parts import LayerPatch, parts, placed


def keep(k, v):
    return v


@sj.patcher(name="test_parts.mixed")
def mixed(tree):
    return ["change_lr?0.1", patches.layers(keep), [patches.inside(keep)], {"width": 3}]


@sj.patcher(name="test_parts.checked")
def checked(tree):
    return patches.LookingFor("layers", patches.layers(keep)), lambda tree: True


@sj.patcher(name="test_parts.by_uri")
def by_uri(tree):
    return "test_parts.checked|change_lr?0.1"


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (patches.layers(keep), [patches.layers(keep)]),
        (patches.layers(keep).expects(3), [patches.layers(keep)]),
        (patches.layers(keep) | patches.inside(keep), [patches.layers(keep), patches.inside(keep)]),
        (mixed(), [patches.layers(keep), patches.inside(keep)]),
        (patches.change_lr(0.1), []),
        ({"width": 3}, []),
        (keep, []),
    ],
    ids=["layers", "expects", "chain", "mixed", "none", "updates", "function"],
)
def test_parts(net, patch, expected):
    assert parts(patch, net) == expected


def test_a_validator_and_what_is_looked_for_are_no_parts(net):
    assert parts(checked(), net) == [patches.layers(keep)]
    assert parts(by_uri(), net) == [patches.layers(keep)]


def test_a_patch_of_a_part_that_was_moved_sees_the_paths_of_the_model():
    seen = []
    moved = placed(("encoder", "Block_0"), patches.layers(lambda k, v: seen.append(k) or v))
    assert moved.on_layer(Path(("Dense_1",)), 3, None) == 3
    assert seen == [Path(("encoder", "Block_0", "Dense_1"))]


def test_one_written_by_hand_says_what_it_does():
    class Silent(LayerPatch):
        pass

    with pytest.raises(NotImplementedError, match="Silent defines no on_layer"):
        Silent().on_layer(Path(()), 3, None)
    with pytest.raises(TypeError, match="cannot be restricted to a path"):
        Silent().at("encoder/*")
