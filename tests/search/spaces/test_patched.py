"""Patches whose arguments or presence are decisions."""

import pytest

import symjax as sj
from symjax import linen as nn
from symjax import search
from symjax.patches import scale_width


class Experiment(sj.Object):
    model: nn.Module
    lr: float = 0.1


EXP = Experiment(nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(4)]))


def test_an_idea_and_its_strength_are_decisions():
    space = search.space(EXP, patches=[sj.maybe(scale_width(factor=sj.oneof([0.5, 2.0])))])
    trees = [space.decode(dna) for dna in space.enumerate()]
    assert [tree.model.layers[0].features for tree in trees] == [8, 4, 16]
    assert [len(sj.lineage(tree)) for tree in trees] == [0, 1, 1]
    assert [space.decode(space.encode(tree)) for tree in trees] == trees


def test_a_tree_without_a_lineage_cannot_be_read():
    space = search.space(EXP, patches=[scale_width(factor=sj.oneof([0.5, 2.0]))])
    with pytest.raises(ValueError, match="lineage"):
        space.encode(EXP)
