"""NNX modules as nodes, `build`, and where modules are made at once."""

import itertools
import pickle
import re
from typing import Generic, TypeVar

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import nnx

X = jnp.ones((1, 2))


@sj.symbolize
class Net(nnx.Module):
    """A class of a user's own, which takes `rngs` by position."""

    SCALE = 2.0

    def __init__(self, inputs, rngs: plain.Rngs, outputs=3, inner=None):
        self.linear = nnx.Linear(inputs, outputs, rngs=rngs)
        self.drop = nnx.Dropout(0.5)
        self.act = nnx.PReLU()
        self.inner = nnx.data(inner)

    @classmethod
    def small(cls, rngs):
        return cls(2, rngs)

    def __call__(self, x):
        return self.act(self.linear(x))


@sj.symbolize
class Wide(Net):
    """A class of a class."""

    def __init__(self, inputs, *, rngs):
        super().__init__(inputs, rngs, outputs=8)


@sj.symbolize
class Halves(nnx.Module):
    """Fails where its argument is 0."""

    def __init__(self, size):
        self.half = 1 / size


T = TypeVar("T")


@sj.symbolize
class Wrapper(nnx.Module, Generic[T]):
    """A generic class."""

    def __init__(self, inner: T):
        self.inner = inner


class Undecorated(nnx.Module):
    """Made by its author's code, as ever."""

    def __init__(self, layer=None, *, rngs):
        self.layer = layer
        self.act = nnx.PReLU()
        self.seq = nnx.Sequential(nnx.Linear(2, 3, rngs=rngs), nnx.PReLU(), nnx.Dropout(0.1))


def test_a_built_node_is_the_module():
    ours = sj.build(nnx.Linear(2, 3), rngs=0)
    theirs = plain.Linear(2, 3, rngs=plain.Rngs(0))
    assert type(ours) is plain.Linear
    assert jnp.array_equal(ours.kernel[...], theirs.kernel[...])


def test_with_rngs_it_builds_at_once():
    assert type(nnx.Linear(2, 3, rngs=nnx.Rngs(0))) is plain.Linear
    assert isinstance(nnx.Linear(2, 3, rngs=nnx.Rngs(0)), nnx.Linear)


def test_rngs_by_position():
    assert sj.is_symbolic(Net(2))
    assert Net(2, outputs=4).outputs == 4
    for made in (Net(2, plain.Rngs(0)), Net.small(plain.Rngs(0)), sj.build(Net(2))):
        assert isinstance(made, Net)
        assert isinstance(made, plain.Module)
        assert made(X).shape == (1, 3)
    assert Net.SCALE == 2.0
    with pytest.raises(AttributeError, match="SCLAE"):
        Net.SCLAE


def test_nodes_among_the_arguments_of_a_module_that_is_made_at_once_are_built():
    net = Net(2, plain.Rngs(0), inner=[nnx.Linear(2, 3), {"a": nnx.PReLU()}, 7])
    assert type(net.inner[0]) is plain.Linear
    assert type(net.inner[1]["a"]) is plain.PReLU
    seq = nnx.Sequential(nnx.Linear(2, 3, rngs=nnx.Rngs(0)), nnx.PReLU())
    assert type(seq.layers[1]) is plain.PReLU
    with pytest.raises(TypeError, match="rngs"):
        nnx.Sequential(nnx.Linear(2, 3, rngs=nnx.Rngs(0)), nnx.Linear(3, 3))


def test_inside_a_constructor_layers_are_made_as_flax_makes_them():
    for net in (Net(2, plain.Rngs(0)), sj.build(Net(2))):
        assert type(net.drop) is plain.Dropout
        assert type(net.act) is plain.PReLU
    made = Undecorated(nnx.PReLU(), rngs=plain.Rngs(0))
    assert [type(layer) for layer in made.seq.layers] == [plain.Linear, plain.PReLU, plain.Dropout]
    assert (type(made.layer), type(made.act)) == (plain.PReLU, plain.PReLU)
    assert sj.is_symbolic(nnx.PReLU())


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: nnx.List([v]), lambda v: (v,), lambda v: {"a": v}])
def test_rngs_that_were_forgotten_in_a_constructor(wrap):
    class Forgetful(nnx.Module):
        def __init__(self, *, rngs):
            self.linear = wrap(nnx.Linear(2, 3))

    with pytest.raises(
        TypeError, match=r"Forgetful.linear holds a node, Linear.* takes rngs \(path=linear\)$"
    ):
        Forgetful(rngs=plain.Rngs(0))


def test_a_constructor_may_build_nodes_by_itself():
    class Ensemble(nnx.Module):
        def __init__(self, member, *, rngs):
            self.members = nnx.List([sj.build(member, rngs=rngs) for _ in range(2)])
            self.head = sj.build(nnx.Sequential(nnx.Linear(3, 1), nnx.relu), rngs=rngs)

    made = Ensemble(nnx.Linear(2, 3), rngs=plain.Rngs(0))
    assert not jnp.array_equal(made.members[0].kernel[...], made.members[1].kernel[...])


@sj.symbolize
class Mlp(nnx.Module):
    """Sizes as a list."""

    def __init__(self, sizes: list[int], names: dict[str, int] | None = None, *, rngs: plain.Rngs):
        sizes = sizes + [1]  # noqa: RUF005 - what a tuple cannot
        self.names = {**(names or {}), "last": 1}
        self.layers = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in itertools.pairwise(sizes)])


def test_a_constructor_gets_lists_and_dicts_as_it_asks_for_them():
    node = Mlp([4, 3], {"a": 2})
    assert node.sizes == (4, 3)
    assert len(sj.build(node).layers) == len(Mlp([4, 3], rngs=plain.Rngs(0)).layers) == 2
    assert sj.build(node).names == {"a": 2, "last": 1}


def test_a_subclass_of_a_symbolic_layer_is_a_module_class():
    class Pair(nnx.Sequential):
        def __init__(self, *, rngs):
            super().__init__(nnx.Linear(2, 3, rngs=rngs), nnx.PReLU())

    made = Pair(rngs=plain.Rngs(0))
    assert isinstance(made, plain.Sequential)
    assert type(made.layers[1]) is plain.PReLU


def test_a_decorated_class_can_be_extended_pickled_and_made_of_a_type():
    wide = sj.build(Wide(2))
    assert wide(X).shape == (1, 8)
    assert isinstance(wide, Net)
    assert issubclass(Wide, Net)
    assert not issubclass(Net, Wide)
    again = pickle.loads(pickle.dumps(wide))
    assert type(again) is type(wide)
    assert jnp.array_equal(again(X), wide(X))
    assert pickle.loads(pickle.dumps(Wide(2))) == Wide(2)
    assert type(pickle.loads(pickle.dumps(Undecorated(rngs=plain.Rngs(0))))) is Undecorated
    assert Wrapper[plain.Linear](nnx.Linear(2, 3)) == Wrapper(nnx.Linear(2, 3))


def test_module_is_flax_s_for_all_that_asks():
    assert isinstance(plain.Linear(2, 3, rngs=plain.Rngs(0)), nnx.Module)
    assert issubclass(plain.Linear, nnx.Module)
    assert issubclass(Undecorated, plain.Module)
    assert not issubclass(flax.linen.Dense, nnx.Module)
    assert not isinstance(Undecorated(rngs=plain.Rngs(0)), Net)


def test_nodes_are_trees():
    node = nnx.Sequential(nnx.Linear(2, 3), nnx.relu, nnx.Linear(3, 1))
    assert sj.from_json(sj.to_json(node)) == node
    wide = node.rebind({"fns[0].out_features": 8, "fns[2].in_features": 8})
    assert sj.build(wide, rngs=1)(X).shape == (1, 1)


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (lambda built, bad: nnx.Sequential(built, nnx.relu, bad), r"fns\[2\]"),
        (lambda built, bad: Net(2, plain.Rngs(0), 3, bad), "inner"),
        (lambda built, bad: Net(2, plain.Rngs(0), inner=[built, bad]), r"inner\[1\]"),
    ],
)
def test_a_node_among_the_arguments_of_a_module_is_named_by_its_place(make, place):
    built = plain.Linear(2, 2, rngs=plain.Rngs(0))
    with pytest.raises(TypeError, match=rf"not decided yet.* \(path={place}\.out_features\)$"):
        make(built, nnx.Linear(2, sj.oneof([2, 3])))
    with pytest.raises(ZeroDivisionError) as failed:
        make(built, Halves(0))
    assert re.search(rf"^while building Halves \(path={place}\)$", failed.value.__notes__[0])


@sj.symbolize
class ExplicitSuper(nnx.Module):
    """Names itself where its name means its nodes."""

    def __init__(self, *, rngs):
        super(ExplicitSuper, self).__init__()  # noqa: UP008 - what is tested


@sj.symbolize
class HoldsExplicitSuper(nnx.Module):
    """Makes one."""

    def __init__(self, *, rngs):
        self.inner = ExplicitSuper(rngs=rngs)


@pytest.mark.parametrize("cls", [ExplicitSuper, HoldsExplicitSuper])
def test_super_with_arguments_is_explained_once(cls):
    for make in (lambda: cls(rngs=plain.Rngs(0)), lambda: sj.build(cls())):
        with pytest.raises(TypeError, match="super") as failed:
            make()
        assert "\n".join(failed.value.__notes__).count("write super().__init__()") == 1


def test_the_modules_of_a_larger_tree_are_built():
    class Experiment(sj.Object):
        model: nnx.Module
        rate: float = 0.1

    built = sj.build(Experiment(nnx.Sequential(nnx.Linear(2, 3))))
    assert isinstance(built, Experiment)
    assert type(built.model.layers[0]) is plain.Linear
    assert sj.build(built) is built


def test_a_node_that_is_given_twice_is_one_module_and_only_that():
    layer = nnx.Linear(2, 2)
    tied = nnx.Sequential(layer, nnx.relu, layer)
    assert str(tied) == "Sequential(fns=(Linear(in_features=2, out_features=2), relu, ref('fns[0]')))"
    leaves, treedef = jax.tree.flatten(tied)
    for again in (tied, treedef.unflatten(leaves), sj.from_json(sj.to_json(tied)), tied.rebind({})):
        module = sj.build(again)
        assert module.layers[0] is module.layers[2]
    untied = sj.build(tied.rebind({"fns[2]": layer}))
    assert untied.layers[0] is not untied.layers[2]
    assert not jnp.array_equal(untied.layers[0].kernel[...], untied.layers[2].kernel[...])
    later = sj.build(nnx.Sequential(sj.ref("fns[1]"), nnx.Linear(2, 2)))
    assert later.layers[0] is later.layers[1]
    with pytest.raises(KeyError, match="fns"):
        sj.build(nnx.Sequential(sj.ref("fns[7]")))


def test_initializers_are_those_of_linen():
    for name in dir(plain.initializers):
        if not name.startswith("_") and hasattr(sj.linen.initializers, name) and name != "tp":
            ours = getattr(nnx.initializers, name)
            assert ours is getattr(sj.linen.initializers, name) or not isinstance(ours, type)


def test_a_node_says_that_it_is_not_built():
    with pytest.raises(TypeError, match=r"sj\.build"):
        nnx.Linear(2, 3)(X)
    with pytest.raises(sj.MissingError, match=r"misses .*out_features"):
        sj.build(nnx.Linear.partial(2))
    with pytest.raises(
        TypeError, match=r"oneof\(\[2, 3\]\) is not decided yet \(path=fns\[0\]\.out_features\)"
    ):
        sj.build(nnx.Sequential(nnx.Linear(2, sj.oneof([2, 3]))))
    with pytest.raises(AttributeError, match="Linear has no field 'kernel'") as caught:
        nnx.Linear(2, 3).kernel
    assert "sj.build" in caught.value.__notes__[0]
    with pytest.raises(ZeroDivisionError) as failed:
        sj.build(nnx.Sequential(nnx.Linear(2, 3, kernel_init=lambda *args: 1 / 0)))
    assert "while building Linear (path=fns[0])" in failed.value.__notes__


def test_an_error_inside_a_copy_of_the_module_says_where_too():
    class Outer(nnx.Module):
        def __init__(self, *, rngs):
            self.nets = nnx.List([Net(2, rngs), Net(4, rngs)])

        @nnx.jit
        def run(self, x):
            return self(x)

        def __call__(self, x):
            for net in self.nets:
                x = net(x)
            return x

    module = Outer(rngs=nnx.Rngs(0))
    gradient = nnx.grad(lambda module: module(X).sum())
    for run in (lambda: module(X), lambda: module.run(X), lambda: gradient(module)):
        with pytest.raises(TypeError) as caught:
            run()
        notes = [note for note in caught.value.__notes__ if "was running" in note]
        assert notes == [
            "nets[1].linear: Linear(in_features=4, out_features=3) was running (path=nets[1].linear)"
        ]


def test_a_function_that_a_class_keeps_is_no_method_of_it():
    def double(x):
        return 2 * x

    class Keeps(nnx.Module):
        scale = double

    assert Keeps.scale(3) == Keeps.scale(x=3) == 6
    with pytest.raises(TypeError) as caught:
        Keeps.scale(None)
    assert not hasattr(caught.value, "__notes__")
