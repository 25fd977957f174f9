"""References, and the ties of Linen modules."""

import pickle
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import search
from symjax.verbs.refs import resolve, resolve_within

X = jnp.ones((1, 4))


class Net(sj.Object):
    width: int
    head: int = sj.ref("width")


def test_a_reference_follows_the_value():
    assert Net(8).head == 8
    assert Net(8).rebind(width=16).head == 16
    assert resolve(Net(8)) == Net(8, head=8)
    assert sj.from_json(sj.to_json(Net(8))) == Net(8)


def test_a_reference_that_can_never_resolve_is_refused_with_its_place():
    with pytest.raises(KeyError, match=r"ref\('widht'\) leads nowhere: .*'width'\?.*\(path=head\)$"):
        Net(8, head=sj.ref("widht"))
    with pytest.raises(KeyError, match=r"\(path=a\.w\)$"):
        Top(In(sj.ref("widht", up=2)), width=8)
    with pytest.raises(KeyError, match=r"\(path=head\)$"):
        Net(8).rebind(head=sj.ref("widht"))
    with pytest.raises(sj.LoadError, match=r"\(path=head\)$"):
        sj.from_json(sj.to_json(Net(8)).replace('"path": "width"', '"path": "widht"'))


def test_references_that_lead_to_each_other_are_refused():
    with pytest.raises(ValueError, match=r"lead to each other.*\(path=(width|head)\)$"):
        Net(sj.ref("head"), head=sj.ref("width"))


class In(sj.Object):
    w: int


class Top(sj.Object):
    a: In
    width: int

    def total(self):
        return self.a.w + self.width


@pytest.mark.parametrize(
    "again",
    [
        lambda tree: tree,
        lambda tree: jax.tree.map(lambda x: x, tree),
        lambda tree: pickle.loads(pickle.dumps(tree)),
        lambda tree: sj.from_json(sj.to_json(tree)),
        lambda tree: tree.rebind(width=8),
    ],
)
def test_a_reference_across_objects_is_read_from_the_node_that_holds_both(again):
    tree = again(Top(In(sj.ref("width", up=2)), width=8))
    assert tree.a.w == 8
    assert tree.total() == jax.jit(Top.total)(tree) == 16
    assert tree.rebind(width=3).total() == 6


def test_a_reference_over_two_nodes():
    class Outer(sj.Object):
        inner: Top
        size: int

    tree = Outer(Top(In(sj.ref("size", up=3)), width=1), size=5)
    assert tree.inner.a.w == tree.inner.total() - 1 == 5


def test_references_in_candidates_reach_the_node_above_once_they_are_chosen():
    tree = Top(sj.oneof([In(sj.ref("width", up=2)), In(3)]), width=8)
    space = search.space(tree)
    decoded = [space.decode(search.DNA.from_numbers(space.spec, [choice])) for choice in (0, 1)]
    assert [one.a.w for one in decoded] == [8, 3]
    open_target = Top(In(sj.ref("width", up=2)), width=sj.oneof([1, 2]))
    space = search.space(open_target)
    decoded = [space.decode(search.DNA.from_numbers(space.spec, [choice])) for choice in (0, 1)]
    assert [one.total() for one in decoded] == [2, 4]


def test_a_reference_that_a_factory_makes_is_resolved():
    class Made(sj.Object):
        width: int
        head: int = sj.field(default_factory=lambda: sj.ref("width"))

    assert Made(8).head == 8
    assert Made(8, head=sj.MISSING).head == 8
    assert Made(8, head=3).rebind(head=sj.MISSING).head == 8


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


def test_a_node_keeps_its_own_references_where_it_is_read_from_one_above():
    class Holder(sj.Object):
        model: nn.Module
        width: int

    shared = nn.Dense(4)
    tied = nn.Sequential([shared, shared, nn.Dense(sj.ref("width", up=3))])
    model = Holder(tied, width=6).model
    assert model == nn.Sequential([shared, sj.ref("layers[0]"), nn.Dense(6)])
    assert model.init(jax.random.key(0), X)["params"].keys() == {"layers_0", "layers_2"}


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
    model = nn.Sequential([shared, sj.oneof([shared, nn.Dense(5)])])
    assert str(model).endswith("oneof([ref('layers[0]'), Dense(features=5)])))")
    assert sj.from_json(sj.to_json(model)) == model
    space = search.space(model)
    tied, untied = (space.decode(search.DNA.from_numbers(space.spec, [choice])) for choice in (0, 1))
    assert tied.init(jax.random.key(0), X)["params"].keys() == {"layers_0"}
    assert untied.init(jax.random.key(0), X)["params"].keys() == {"layers_0", "layers_1"}
    net = Net(8, sj.oneof([sj.ref("width"), 3]))
    space = search.space(net)
    assert [space.decode(search.DNA.from_numbers(space.spec, [choice])).head for choice in (0, 1)] == [8, 3]


class Inner(sj.Object):
    width: Any


class Outer(sj.Object):
    inner: Any
    width: Any = 8


def test_a_rebind_refuses_a_reference_inside_a_node_that_leads_nowhere():
    tree = Outer(Inner(sj.ref("width", up=2)))
    with pytest.raises(
        KeyError, match=r"leads nowhere.*no field 'widht'; did you mean.*\(path=inner.width\)"
    ):
        tree.rebind({"inner.width": sj.ref("widht", up=2)})


def test_a_reference_that_was_read_alone_says_how_to_read_it():
    with pytest.raises(TypeError, match=r"read it through the node that holds both ends"):
        Inner(sj.ref("width", up=2)).width * 2


def test_a_plain_container_resolves_what_leads_to_it():
    tree = {"a": [1, 2], "b": sj.ref("a[1]"), "c": Outer(Inner(sj.ref("a[0]", up=3)), sj.ref("inner"))}
    resolved = resolve_within(tree)
    assert (resolved["b"], resolved["c"].inner.width) == (2, 1)
    assert sj.query(resolved["c"], where=lambda v: v == sj.ref("inner"), enter_selected=True)
    opened = {"a": sj.oneof([1, 2]), "b": sj.ref("a"), "c": sj.ref("a.features")}
    assert resolve_within(opened)["c"] == sj.ref("a.features")
    with pytest.raises(KeyError, match=r"ref\('x'\) leads nowhere"):
        resolve_within({"a": sj.ref("x")})
    with pytest.raises(ValueError, match="lead to each other"):
        resolve_within([sj.ref("[1]"), sj.ref("[0]")])
