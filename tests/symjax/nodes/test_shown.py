"""What a node shows: one rule for text, source, files, notebooks and pickles."""

import pickle
from typing import Any

import pytest

import symjax as sj
from symjax import linen as nn
from symjax.core.schema import schema_of
from symjax.nodes.shown import shown

UNNAMED = (lambda n: lambda x: x + n)(1)


class Shower(sj.Object):
    """Every kind of field that may be left out."""

    needed: int
    rate: float = 0.5
    closure: Any = UNNAMED
    secret: int = sj.field(default=7, repr=False)


def names(node, **options):
    schema = schema_of(node)
    return [name for name, _ in shown(schema, schema.values(node), **options)]


@pytest.mark.parametrize(
    ("rebuilds", "same", "expected"),
    [
        (False, None, ["needed", "rate", "closure"]),
        (False, sj.eq, ["needed"]),
        (True, None, ["needed", "rate", "secret"]),
        (True, sj.eq, ["needed"]),
    ],
)
def test_which_arguments_are_shown(rebuilds, same, expected):
    assert names(Shower(1), rebuilds=rebuilds, same=same) == expected
    changed = Shower(1, 0.25, len, 8)
    everything = ["needed", "rate", "closure"] + ["secret"] * rebuilds
    assert names(changed, rebuilds=rebuilds, same=same) == everything


def test_a_hole_shows_and_a_name_that_was_not_given_does_not():
    assert names(Shower.partial(), rebuilds=True, same=sj.eq) == ["needed"]
    assert "name" not in names(nn.Dense(3), rebuilds=True, same=None)
    assert "name" in names(nn.Dense(3, name="head"), rebuilds=True, same=sj.eq)


def test_all_who_show_a_node_agree():
    node = Shower(1)
    assert sj.format(node) == sj.to_python(node) == "Shower(needed=1)"
    assert "rate" not in sj.to_json(node, hide_defaults=True)
    assert "rate" not in node._repr_html_()
    assert pickle.loads(pickle.dumps(node)) == node  # a closure cannot be pickled, but left out


def test_a_pickle_keeps_the_lineage():
    changed = sj.patch(nn.Sequential([nn.Dense(3)]), {"layers[0].features": 4})
    assert sj.lineage(changed)
    assert sj.lineage(pickle.loads(pickle.dumps(changed))) == sj.lineage(changed)
