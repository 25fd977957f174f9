"""References, and the ties of Linen modules."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import search
from symjax.verbs.refs import resolve

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


class Two(nn.Module):
    a: nn.Module
    b: nn.Module

    def __call__(self, x):
        return self.b(self.a(x))


def test_an_unbound_module_reads_its_ties_as_flax_does():
    tied = Two(nn.Dense(4), sj.ref("a"))
    assert tied.b is tied.a
    shared = nn.Dense(4)
    assert Two(shared, shared).b.features == 4


def test_a_clone_with_other_arguments_keeps_a_shared_module_where_it_is_not_replaced():
    shared = nn.Dense(4)
    assert Two(shared, shared).clone() == Two(shared, sj.ref("a"))
    changed = Two(shared, shared).clone(a=nn.Dense(4, use_bias=False))
    assert changed == Two(nn.Dense(4, use_bias=False), nn.Dense(4))
    assert changed.init(jax.random.key(0), X)["params"].keys() == {"a", "b"}


def test_among_the_candidates_of_a_choice_a_reference_starts_at_the_node_that_holds_the_choice():
    shared = nn.Dense(4)
    model = nn.Sequential([shared, sj.oneof([shared, nn.Dense(4)])])
    assert str(model).endswith("oneof([ref('layers[0]'), Dense(features=4)])))")
    assert sj.from_json(sj.to_json(model)) == model
    space = search.space(model)
    tied, untied = (space.decode(search.DNA.from_numbers(space.spec, [choice])) for choice in (0, 1))
    assert tied.init(jax.random.key(0), X)["params"].keys() == {"layers_0"}
    assert untied.init(jax.random.key(0), X)["params"].keys() == {"layers_0", "layers_1"}
    net = Net(8, sj.oneof([sj.ref("width"), 3]))
    space = search.space(net)
    assert [space.decode(search.DNA.from_numbers(space.spec, [choice])).head for choice in (0, 1)] == [8, 3]
