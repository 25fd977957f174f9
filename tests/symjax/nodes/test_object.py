"""`Object` and `field`: declaring classes, making objects, and what is refused."""

import collections
import copy
import dataclasses
import functools
import inspect
import pickle
import pydoc
import textwrap
import types
import typing
from typing import Annotated, Any, ClassVar

import cloudpickle
import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from annotated_types import Gt
from hypothesis import given

import symjax as sj
from symjax import linen as nn

from .. import trees
from ..trees import Box, Rate


class Adam(sj.Object):
    """An optimizer's numbers."""

    learning_rate: Annotated[float, Gt(0)] = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    nesterov: bool = False


class Base(sj.Object):
    first: int
    second: float = 2.0


class Derived(Base):
    third: str = "3"
    kind: ClassVar[str] = "no field"

    def total(self):
        return self.first + self.second

    @property
    def twice(self):
        return 2 * self.total()

    @classmethod
    def of_text(cls, text):
        return cls(int(text))

    @staticmethod
    def helper():
        return "help"


# Making objects.


def test_by_position_and_by_keyword():
    assert Adam(0.1) == Adam(learning_rate=0.1) == Adam(0.1, (0.9, 0.999), nesterov=False)
    assert Adam(0.1, nesterov=True).nesterov is True
    assert (Adam().learning_rate, Adam().betas) == (1e-3, (0.9, 0.999))


def test_fields_come_in_base_then_subclass_order():
    assert [f.name for f in dataclasses.fields(Derived)] == ["first", "second", "third"]
    assert list(inspect.signature(Derived).parameters) == ["first", "second", "third"]
    assert Derived.__match_args__ == ("first", "second", "third")
    made = Derived(1, 2.5, "x")
    assert (made.first, made.second, made.third) == (1, 2.5, "x")
    assert [str(path) for path, _, _ in sj.walk(made)][1:] == ["first", "second", "third"]


def test_fields_of_several_bases():
    class Left(sj.Object):
        a: int = 1

    class Right(sj.Object):
        b: int = 2

    class Both(Left, Right):
        c: int = 3

    assert set(inspect.signature(Both).parameters) == {"a", "b", "c"}
    assert list(inspect.signature(Both).parameters)[-1] == "c"
    assert Both(a=5, b=6, c=7).rebind(b=0) == Both(a=5, b=0, c=7)


def test_methods_properties_and_class_variables_are_python():
    made = Derived.of_text("3")
    assert made.total() == 5.0
    assert made.twice == 10.0
    assert made.helper() == "help"
    assert Derived.kind == "no field"
    assert isinstance(made, Base)


def test_the_signature_is_for_editors():
    parameters = inspect.signature(Adam).parameters
    assert parameters["learning_rate"].default == 1e-3
    assert parameters["learning_rate"].annotation == Annotated[float, Gt(0)]
    assert inspect.signature(Base).parameters["first"].default is inspect.Parameter.empty


def test_it_is_a_dataclass_to_the_standard_library():
    assert dataclasses.is_dataclass(Adam)
    assert dataclasses.replace(Adam(0.1), nesterov=True) == Adam(0.1, nesterov=True)


def test_it_matches_patterns():
    match Adam(0.5):
        case Adam(learning_rate, nesterov=False):
            assert learning_rate == 0.5
        case _:
            raise AssertionError


def test_a_subclass_gives_a_new_default():
    class Fast(Adam):
        learning_rate = 0.5

    assert Fast() == Fast(0.5)
    assert Fast().betas == (0.9, 0.999)
    assert Adam().learning_rate == 1e-3
    with pytest.raises(ValueError, match=r"greater than 0, got -1.0 \(path=learning_rate\)$"):
        Fast(-1.0)


def test_a_function_as_a_default_stays_itself():
    class Pooling(sj.Object):
        pool: Any = textwrap.indent

    class Other(Pooling):
        pool = textwrap.dedent

    assert Pooling().pool is textwrap.indent
    assert Pooling() == Pooling(textwrap.indent)
    assert Other().pool is textwrap.dedent


def test_a_keyword_only_field_and_a_required_one_after_a_default():
    class Mixed(sj.Object):
        a: int = 1
        b: int = sj.field(kw_only=True)

    assert Mixed(5, b=2).b == 2
    with pytest.raises(TypeError, match="takes 1 positional"):
        Mixed(5, 2)
    with pytest.raises(TypeError, match=r"comes after 'a', which has a default.*kw_only=True\) \(path=b\)$"):
        types.new_class(
            "Wrong", (sj.Object,), {}, lambda ns: ns.update(__annotations__={"a": int, "b": int}, a=1)
        )


def test_default_factories_make_each_default_anew():
    made = []

    class Counted(sj.Object):
        items: list[int] = sj.field(default_factory=lambda: made.append(1) or [len(made)])

    assert Counted().items == (1,)
    assert Counted().items == (2,)
    assert Counted([7]).items == (7,)
    assert len(made) == 2


def test_documentation_of_fields():
    class Documented(sj.Object):
        rate: float = sj.field(default=0.1, doc="Share of the pixels.")

    (only,) = dataclasses.fields(Documented)
    assert only.metadata["doc"] == "Share of the pixels."


def test_a_field_without_repr():
    class Quiet(sj.Object):
        shown: int = 1
        hidden: int = sj.field(default=2, repr=False)

    assert repr(Quiet(3, 4)) == "Quiet(shown=3)"
    assert Quiet(3, 4) != Quiet(3, 5)


# Containers inside are frozen.


def test_lists_become_tuples_and_dicts_maps_recursively():
    given = {"b": [1, {"c": [2]}], "a": {3, 4}}
    made = Box(given, collections.OrderedDict(x=[5]))
    assert made.content == {"b": (1, {"c": (2,)}), "a": frozenset({3, 4})}
    assert type(made.content) is sj.Map
    assert type(made.content["b"]) is tuple
    assert type(made.content["b"][1]) is sj.Map
    assert type(made.content["a"]) is frozenset
    assert type(made.other) is sj.Map
    given["b"].append(9)
    given["c"] = 1
    assert made.content == {"b": (1, {"c": (2,)}), "a": frozenset({3, 4})}


def test_tuples_are_kept_where_nothing_changes():
    inner = (1, (2.0, "x"))
    assert Box(inner).content is inner


def test_named_tuples_stay_named():
    made = Box(trees.Pair([1], 2)).content
    assert type(made) is trees.Pair
    assert made == trees.Pair((1,), 2)


# Immutable.


@given(trees.objects())
def test_nothing_can_be_assigned_or_deleted(recipe):
    tree = recipe()
    for _, node, _ in sj.walk(tree):
        if isinstance(node, sj.Object):
            for name in ("content", "rate", "anything", "_private"):
                with pytest.raises(AttributeError, match="immutable"):
                    setattr(node, name, 1)
                with pytest.raises(AttributeError, match="immutable"):
                    delattr(node, name)
    assert tree == recipe()


def test_the_message_says_what_to_do_instead():
    with pytest.raises(
        AttributeError, match=r"Adam is immutable; tree.rebind\(nesterov=…\).*\(path=nesterov\)$"
    ):
        Adam().nesterov = True


# Errors at construction: what, where, and the nearest names.


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: Adam(learning_rat=0.1),
            TypeError,
            r"Adam has no field 'learning_rat'; did you mean 'learning_rate'\? "
            r"its fields: learning_rate, betas, nesterov \(path=learning_rat\)$",
        ),
        (lambda: Base(), TypeError, r"Base misses first; give it, or .*Base.partial\(…\) \(path=first\)$"),
        (lambda: Base(sj.MISSING), TypeError, r"Base misses first.*\(path=first\)$"),
        (
            lambda: Adam(1, 2, 3, 4),
            TypeError,
            r"Adam takes 3 positional arguments \(learning_rate, betas, nest",
        ),
        (lambda: Adam(0.1, learning_rate=0.2), TypeError, r"Adam got two values for 'learning_rate'"),
        (
            lambda: Adam("x"),
            TypeError,
            r"Adam.learning_rate expects .*float.*got 'x' of type str \(path=learning_",
        ),
        (lambda: Adam(-1.0), ValueError, r"greater than 0, got -1.0 \(path=learning_rate\)$"),
        (lambda: Adam(nesterov=1), TypeError, r"expects bool, got 1 of type int \(path=nesterov\)$"),
        (
            lambda: Adam(betas=(0.9,)),
            TypeError,
            r"Adam.betas expects tuple\[float, float\].*\(path=betas.*\)$",
        ),
        (
            lambda: Box({"a": [bytearray()]}),
            TypeError,
            r"unhashable structure .*bytearray.*\(path=content\.a\[0\]\)$",
        ),
        (lambda: trees.Fixed(jnp.ones(2)), TypeError, r"static=True cannot hold an array.*\(path=content\)$"),
        (
            lambda: trees.Fixed((1, jnp.ones(2))),
            TypeError,
            r"static=True cannot hold an array.*\(path=content\[1\]\)$",
        ),
    ],
)
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@dataclasses.dataclass
class Statistics:
    """No configuration, and unhashable."""

    mean: np.ndarray


class Comparable:
    """Unhashable, as a class that defines equality alone is; what it was made of is not to be seen."""

    def __init__(self, mean):
        self.mean = mean

    def __eq__(self, other):
        return self is other


@pytest.mark.parametrize("cls", [Statistics, Comparable])
def test_the_class_of_an_object_that_is_no_structure_can_be_symbolized(cls):
    with pytest.raises(
        TypeError, match=rf"sj\.symbolize\({cls.__name__}\) in .* of the tree \(path=content\)$"
    ):
        Box(cls(mean=np.ones(2)))
    symbolic = sj.symbolize(cls, name=f"tests.{cls.__name__}")
    assert list(Box(symbolic(mean=np.ones(2))).content.mean) == [1, 1]


@pytest.mark.parametrize("kind", [list, dict])
def test_a_container_that_holds_itself_is_refused(kind):
    cycle = kind()
    if kind is list:
        cycle.append((cycle,))
    else:
        cycle["x"] = [cycle]
    with pytest.raises(ValueError, match=r"holds itself.*\(path=other\)$"):
        Box(other=cycle)


@pytest.mark.parametrize("default", [[], {}, set(), [1]])
def test_a_mutable_default_is_refused(default):
    for given_default in (default, sj.field(default=default)):
        with pytest.raises(
            TypeError, match=r"Wrong.items has a mutable default .*default_factory=….*\(path=items\)$"
        ):
            types.new_class(
                "Wrong",
                (sj.Object,),
                {},
                lambda ns, d=given_default: ns.update(__annotations__={"items": Any}, items=d),
            )


def test_a_default_and_a_factory_together_are_refused():
    with pytest.raises(TypeError, match="default or a default_factory, not both"):
        sj.field(default=1, default_factory=list)


def test_an_own_init_is_refused():
    with pytest.raises(TypeError, match=r"Own defines __init__.*@sj.symbolize"):

        class Own(sj.Object):
            def __init__(self):
                pass


@pytest.mark.parametrize(
    "name", ["self", "cls", "args", "kwargs", "values", "path", "tree", "items", "name", "_x"]
)
def test_a_field_may_have_any_other_name(name):
    cls = types.new_class("Named", (sj.Object,), {}, lambda ns: ns.update(__annotations__={name: float}))
    node = cls(**{name: 1.0})
    assert getattr(node.rebind(**{name: 2.0}), name) == 2.0
    assert cls.partial().rebind({name: 1.0}) == cls.partial(**{name: 1.0}) == node
    assert sj.from_json(sj.to_json(node)) == node
    assert jax.tree.map(lambda leaf: leaf, node) == node


@pytest.mark.parametrize("name", ["rebind", "partial", "_sj_flat", "_sj_lineage", "__dict__", "__class__"])
def test_a_field_cannot_take_the_name_of_a_method(name):
    with pytest.raises(TypeError, match=f"Wrong.{name}: this name is the library's"):
        types.new_class("Wrong", (sj.Object,), {}, lambda ns: ns.update(__annotations__={name: int}))


def test_an_attribute_that_is_no_field():
    with pytest.raises(AttributeError, match=r"Adam has no field 'nestrov'; did you mean 'nesterov'\?"):
        Adam().nestrov
    with pytest.raises(AttributeError, match=r"no field 'replace';.*; tree\.rebind\(field=…\) gives a chang"):
        Adam().replace(nesterov=True)
    assert not hasattr(Adam(), "__nothing__")
    assert getattr(Adam(), "nothing", 5) == 5


# __check__.


class Interval(sj.Object):
    low: float
    high: float = 1.0

    def __check__(self):
        if self.low > self.high:
            raise ValueError("low exceeds high")


def test_a_broken_invariant_is_refused_at_construction_and_at_rebind():
    assert Interval(0.5).high == 1.0
    with pytest.raises(ValueError, match=r"^low exceeds high"):
        Interval(2.0)
    with pytest.raises(
        ValueError, match=r"^low exceeds high\nwhile checking Interval \(path=content\[0\]\)$"
    ):
        Box((Interval(0.5),)).rebind({"content[0].low": 3.0})


def test_an_invariant_of_a_base_class_holds_in_subclasses():
    class Named(Interval):
        name: str = ""

    with pytest.raises(ValueError, match="low exceeds high"):
        Named(2.0)


# Partial objects.


def test_partial_objects():
    hole = Base.partial(second=3.0)
    assert sj.is_partial(hole)
    assert list(sj.missing(hole)) == ["first"]
    assert hole.second == 3.0
    assert hole.rebind(first=1) == Base(1, 3.0)
    assert hole == Base.partial(second=3.0)
    assert hole != Base.partial()
    assert hole != Base(1, 3.0)
    assert repr(hole) == "Base(first=MISSING, second=3.0)"


def test_using_a_hole_lists_the_holes():
    class Two(sj.Object):
        a: int
        b: Base

    with pytest.raises(
        sj.MissingError, match=r"Two.a is not given yet; this tree misses: a, b\.first \(path=a\)$"
    ):
        Two.partial(b=Base.partial()).a
    assert issubclass(sj.MissingError, AttributeError)
    assert not hasattr(Base.partial(), "first")


def test_partial_objects_are_checked_as_far_as_they_go():
    with pytest.raises(TypeError, match=r"\(path=second\)$"):
        Base.partial(second="x")
    with pytest.raises(TypeError, match=r"did you mean 'second'\?"):
        Base.partial(secnd=1.0)


def test_partial_objects_are_pytrees():
    assert jax.tree.leaves(Rate.partial()) == []
    assert jax.tree.map(lambda x: x + 1, Base.partial(second=3.0)) == Base.partial(second=4.0)


def test_missing_means_the_default():
    assert Base(1, sj.MISSING) == Base(1)


# Copies.


@given(trees.objects())
def test_copies_are_equal(recipe):
    tree = recipe()
    for _, node, _ in sj.walk(tree):
        if sj.is_symbolic(node):
            assert copy.copy(node) == node
            assert copy.deepcopy(node) == node
            assert type(copy.deepcopy(node)) is type(node)


@given(trees.objects())
def test_pickle(recipe):
    tree = recipe()
    copied = pickle.loads(pickle.dumps(tree))
    assert copied == tree
    assert type(copied) is type(tree)
    assert hash(copied) == hash(tree)
    assert jax.tree.structure(copied) == jax.tree.structure(tree)


@given(trees.objects())
def test_cloudpickle(recipe):
    tree = recipe()
    assert cloudpickle.loads(cloudpickle.dumps(tree)) == tree


@pytest.mark.parametrize("function", [nn.relu, jnp.tanh, nn.silu, nn.gelu, nn.softmax])
def test_activations_survive(function):
    tree = Box({"a": (function, 1)}, nn.Sequential([nn.Dense(2), function]))
    for copied in (
        pickle.loads(pickle.dumps(tree)),
        cloudpickle.loads(cloudpickle.dumps(tree)),
        copy.deepcopy(tree.other),
    ):
        assert copied in (tree, tree.other)


def test_cloudpickle_of_a_lambda():
    copied = cloudpickle.loads(cloudpickle.dumps(Box(lambda x: x + 1)))
    assert copied.content(2) == 3


def test_a_default_that_cannot_be_pickled_is_made_again_by_its_class():
    assert pickle.loads(pickle.dumps(WithClosure())).make(1) == 2
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(WithClosure(lambda x: x))


class WithClosure(sj.Object):
    make: Any = (lambda n: lambda x: x + n)(1)


def test_pickled_partial_objects_stay_partial():
    assert pickle.loads(pickle.dumps(Base.partial())) == Base.partial()


# The classes themselves.


def test_a_class_of_the_same_place_replaces_its_older_self():
    def define():
        class Again(sj.Object):
            value: int = 1

        return Again

    first, second = define(), define()
    assert first is not second
    assert first(1) != second(1)
    assert sj.from_json(sj.to_json(second(5))) == second(5)


def test_generic_fields_and_string_annotations():
    namespace: dict[str, Any] = {}
    source = (
        "from __future__ import annotations\n"
        "import symjax as sj\n"
        "class Tree(sj.Object):\n"
        "    value: int\n"
        "    children: tuple[Tree, ...] = ()\n"
    )
    exec(compile(source, "generated", "exec"), namespace)
    tree = namespace["Tree"]
    assert tree(1, [tree(2)]).children[0].value == 2
    with pytest.raises(TypeError, match=r"\(path=value\)$"):
        tree("x")


# What a class body may say.


def test_an_inherited_field_that_is_overridden():
    class Base(sj.Object):
        rate: float
        width: int = 3

        @property
        def size(self):
            return self.width * 2

    class Computed(Base):
        @property
        def width(self):
            return 7

    class Cached(Base):
        @functools.cached_property
        def width(self):
            return 7

    class Constant(Base):
        width: ClassVar[int] = 7

    for cls in (Computed, Cached, Constant):
        assert (cls(0.5).width, cls(0.5).size) == (7, 14)
        assert list(inspect.signature(cls).parameters) == ["rate"]
        with pytest.raises(TypeError, match="no field 'width'"):
            cls(0.5, width=3)

    class Default(Base):
        width = 9
        rate = 0.1

    assert (Default().width, Default().rate) == (9, 0.1)

    class Static(Base):
        rate = sj.field(static=True)
        width = sj.field(static=False)

    assert jax.tree.leaves(Base(0.5)) == [0.5]
    assert jax.tree.leaves(Static(0.5)) == [3]
    with pytest.raises(TypeError, match="misses rate"):
        Static()


def test_an_attribute_error_inside_a_property_stays_itself():
    class Net(sj.Object):
        width: int

        @property
        def broken(self):
            return self.width.nothing

    with pytest.raises(AttributeError, match="'int' object has no attribute 'nothing'"):
        _ = Net(3).broken


def test_ways_of_dataclasses_are_refused_with_what_to_write_instead():
    with pytest.raises(TypeError, match=r"__post_init__.*__check__.*cached_property"):

        class A(sj.Object):
            x: int

            def __post_init__(self): ...

    with pytest.raises(TypeError, match=r"dataclasses\.field.*sj\.field.*\(path=x\)"):

        class B(sj.Object):
            x: int = dataclasses.field(default=3)

    with pytest.raises(TypeError, match=r"KW_ONLY.*sj\.field\(kw_only=True\)"):

        class C(sj.Object):
            _: dataclasses.KW_ONLY
            x: int

    with pytest.raises(TypeError, match="leave @dataclass out"):

        @dataclasses.dataclass
        class D(sj.Object):
            x: int

    with pytest.raises(TypeError, match="InitVar"):

        class E(sj.Object):
            x: dataclasses.InitVar[int]


def test_the_docs_of_fields_are_shown():
    class Noise(sj.Object):
        """Adds noise."""

        rate: float = sj.field(default=0.1, doc="Share of the pixels, in [0, 1].")
        seed: int = 0

    assert "rate: Share of the pixels, in [0, 1]." in pydoc.render_doc(Noise)
    assert "Adds noise." in pydoc.render_doc(Noise)


class Parts(sj.Object):
    name: str = "parts"
    sizes: tuple[int, ...] = sj.field(default_factory=lambda: (1, 2))
    options: Any = sj.field(default_factory=lambda: {"a": {"b": 1}})
    rates: Any = None


def test_dataclasses_know_objects():
    fields = {field.name: field for field in dataclasses.fields(Parts)}
    assert fields["sizes"].default_factory() == (1, 2)
    assert fields["name"].default == "parts"
    plain = dataclasses.asdict(Parts(rates={"x": np.ones(2)}))
    assert type(plain["options"]) is type(plain["options"]["a"]) is dict
    assert dataclasses.replace(Parts(), name="other") == Parts(name="other")


def test_the_attributes_of_an_object_make_it_again_after_a_flatten():
    tree = Parts(rates=0.5)
    jax.tree.leaves(tree)
    hash(tree)
    assert Parts(**vars(tree)) == tree
    assert jax.tree.leaves(Parts(**{**vars(tree), "rates": 0.7})) == [0.7]


def test_a_deep_copy_owns_its_arrays():
    tree = Parts(rates=(np.zeros(2), jnp.ones(2), jax.random.key(0)))
    copied = copy.deepcopy(tree)
    assert copied == tree
    assert not np.shares_memory(copied.rates[0], tree.rates[0])
    assert not copied.rates[0].flags.writeable
    copied.rates[1].delete()
    assert float(tree.rates[1][0]) == 1.0


def test_what_is_cached_on_a_node_stays_with_it():
    class Net(sj.Object):
        width: int
        rate: float = 0.5

        @functools.cached_property
        def double(self):
            return self.width * 2

    net = Net(3)
    assert net.double == 6
    assert net.rebind(width=4).double == 8
    assert "double" not in vars(jax.tree.map(lambda x: x, net))
    assert "double" not in vars(pickle.loads(pickle.dumps(Parts())))
    assert net == Net(3)


def test_a_check_waits_until_the_object_is_complete():
    class Inner(sj.Object):
        size: int

    class Sum(sj.Object):
        inner: Inner
        total: int

        def __check__(self):
            if self.inner.size != self.total:
                raise ValueError("the total is off")

    part = Sum.partial(total=3)
    assert part.rebind(inner=Inner(3)) == Sum(Inner(3), 3)
    with pytest.raises(ValueError, match="the total is off"):
        part.rebind(inner=Inner(4))
    inside = Sum(Inner.partial(), 3)
    with pytest.raises(ValueError, match="the total is off"):
        inside.rebind({"inner.size": 4})


def test_a_plain_module_as_a_default_is_adopted():
    class Net(sj.Object):
        model: nn.Module = flax.linen.Dense(3)

    assert Net().model == nn.Dense(3)
    assert Net().rebind({"model.features": 5}).model.features == 5
    assert sj.from_json(sj.to_json(Net())) == Net()


@pytest.mark.parametrize(
    "value",
    [functools.partial(max, [1]), slice([1], 2), slice(np.ones(2)), functools.partial(max, np.ones(2))],
)
def test_structure_that_could_not_be_flattened_is_refused_at_once(value):
    with pytest.raises(TypeError, match=r"\(path=content\)$"):
        trees.Box(value)


def test_an_array_inside_a_static_field_is_refused_with_its_path():
    with pytest.raises(TypeError, match=r"static=True cannot hold an array.*\(path=content\.rate\)$"):
        trees.Fixed(trees.Rate(jnp.ones(())))
    with pytest.raises(
        TypeError, match=r"static=True cannot hold an array.*\(path=content\['?a'?\]|content\.a\)$"
    ):
        trees.Fixed({"a": jnp.ones(2)})


class _Mixin:
    def __init__(self):
        """Sets no field."""


class _LateMixin:
    def __post_init__(self):
        """Would never run."""


def test_what_a_mixin_brings_is_refused_as_what_the_class_defines():
    with pytest.raises(TypeError, match="A inherits __init__ from _Mixin, but"):

        class A(_Mixin, sj.Object):
            value: float = 1.0

    with pytest.raises(TypeError, match="B inherits __post_init__ from _LateMixin, which"):

        class B(sj.Object, _LateMixin):
            value: float = 1.0


def test_a_protocol_may_be_a_base():
    class Sized(typing.Protocol):
        def size(self) -> int: ...

    class A(Sized, sj.Object):
        value: int = 1

        def size(self) -> int:
            return self.value

    assert A(3).size() == 3


def test_a_method_overrides_an_inherited_field():
    class Base(sj.Object):
        rate: float = 0.1
        activation: Any = None

    class Scheduled(Base):
        activation = jnp.tanh

        def rate(self):
            return 0.5

    assert Scheduled().rate() == 0.5
    assert Scheduled().activation is jnp.tanh
    assert [f.name for f in dataclasses.fields(Scheduled)] == ["activation"]


def test_an_attribute_error_in_anything_computed_stays_itself():
    class Broken(sj.Object):
        value: float = 1.0

        @functools.cached_property
        def cached(self):
            return self.value.nonsense

    with pytest.raises(AttributeError, match="'float' object has no attribute 'nonsense'"):
        _ = Broken().cached


def test_a_deep_copy_keeps_the_lineage():
    class Box(sj.Object):
        value: float = 1.0

    @sj.patcher(name="test_object.to_two")
    def to_two(box):
        return {"value": 2.0}

    patched = sj.patch(Box(), "test_object.to_two")
    assert sj.lineage(copy.deepcopy(patched)) == sj.lineage(patched) != ()
