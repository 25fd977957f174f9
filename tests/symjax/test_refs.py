"""References, and the ties of Linen modules."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.refs import resolve

X = jnp.ones((1, 4))


class Net(sj.Object):
    width: int
    head: int = sj.ref("width")


def test_a_reference_follows_the_value():
    assert Net(8).head == 8
    assert Net(8).rebind(width=16).head == 16
    assert resolve(Net(8)) == Net(8, head=8)
    assert sj.from_json(sj.to_json(Net(8))) == Net(8)


def test_a_reference_that_leads_nowhere():
    with pytest.raises(KeyError, match=r"\(path=widht\)$"):
        _ = Net(8, head=sj.ref("widht")).head


def test_references_that_lead_to_each_other():
    with pytest.raises(ValueError, match="lead to each other"):
        _ = Net(sj.ref("head"), head=sj.ref("width")).head


@pytest.mark.parametrize(
    "again", [lambda m: m, lambda m: jax.tree.map(lambda x: x, m), lambda m: m.rebind({})]
)
def test_one_module_given_twice_is_tied_as_in_flax(again):
    def make(linen):
        shared = linen.Dense(4)
        return linen.Sequential([linen.Sequential([shared]), linen.Dense(4), shared])

    ours = again(make(nn)).init(jax.random.key(0), X)
    assert jax.tree.structure(ours) == jax.tree.structure(make(flax.linen).init(jax.random.key(0), X))


def test_a_rule_does_not_tie_by_accident():
    one = nn.Dense(4)
    model = nn.Sequential([nn.Dense(4), nn.Dense(4)])
    model = model.rebind(lambda k, v: one if isinstance(v, nn.Dense) else v)
    assert model.init(jax.random.key(0), X)["params"].keys() == {"layers_0", "layers_1"}
