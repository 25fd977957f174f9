"""Plain classes, of every kind, as symbolic nodes."""

import abc
import copy
import dataclasses
import functools
import inspect
import pickle
import threading
from typing import Any, Generic, Protocol, TypeVar

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn

from .. import trees
from ..trees import Box, Plain

T = TypeVar("T")


class Original:
    """A class that knows nothing of symbols."""

    shared = "class attribute"

    def __init__(self, rate, steps=10):
        self.rate = rate
        self.table = [rate / (i + 1) for i in range(steps)]

    def total(self):
        return sum(self.table)

    @property
    def first(self):
        return self.table[0]

    @classmethod
    def slow(cls):
        return cls(0.1)

    @staticmethod
    def helper():
        return "help"


Schedule = sj.symbolize(Original)


@sj.symbolize
class Variadic:
    def __init__(self, first, /, second=2, *rest, third, fourth=4, **more):
        self.all = (first, second, rest, third, fourth, more)


@sj.symbolize
class Slotted:
    __slots__ = ("double", "rate")

    def __init__(self, rate):
        self.rate = rate
        self.double = 2 * rate


class Abstract(abc.ABC):
    @abc.abstractmethod
    def run(self): ...


@sj.symbolize
class Concrete(Abstract):
    def __init__(self, rate=1.0):
        self.kept = rate

    def run(self):
        return self.kept


@sj.symbolize
@dataclasses.dataclass
class Data:
    rate: float
    sizes: list = dataclasses.field(default_factory=lambda: [1, 2])
    total: int = dataclasses.field(init=False)

    def __post_init__(self):
        self.total = sum(self.sizes)


@sj.symbolize
@dataclasses.dataclass(frozen=True)
class Frozen:
    rate: float
    name: str = "x"


@sj.symbolize
@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlotted:
    rate: float
    name: str = "x"

    def double(self):
        return 2 * self.rate


@sj.symbolize
@dataclasses.dataclass(slots=True, kw_only=True)
class KeywordOnly:
    rate: float
    steps: int = 3


@sj.symbolize
class Overwrites:
    """``__init__`` overwrites what a ``__getattr__`` would never be asked for."""

    mode = "class"
    count = 0

    def __init__(self, mode):
        self.mode = mode
        self.count += 1


@sj.symbolize
class SameNames:
    """Makes something else of its arguments under the same names."""

    def __init__(self, size, items=()):
        self.size = 2 * size
        self.items = list(items)


@sj.symbolize
class WithNew:
    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.born = True
        return made

    def __init__(self, rate):
        self.rate = rate


@sj.symbolize
class NoInit:
    def answer(self):
        return 42


@sj.symbolize
class Parametrized(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value


@sj.symbolize
class OwnEquality:
    def __init__(self, rate, note=""):
        self.rate = rate

    def __eq__(self, other):
        return isinstance(other, OwnEquality) and self.rate == other.rate

    def __hash__(self):
        return hash(self.rate)

    def __repr__(self):
        return f"own({self.rate})"


KINDS = [
    (lambda: Schedule(0.5, 3), lambda x: x.table, {"rate": 1.5}),
    (lambda: Variadic(1, 2, 3, third=5, sixth=6.5), lambda x: x.all, {"third": 7}),
    (lambda: Slotted(0.5), lambda x: (x.rate, x.double), {"rate": 1.5}),
    (lambda: Concrete(0.5), lambda x: x.run(), {"rate": 1.5}),
    (lambda: Data(0.5, [3]), lambda x: (x.rate, x.total), {"rate": 1.5}),
    (lambda: Frozen(0.5), lambda x: (x.rate, x.name), {"name": "y"}),
    (lambda: FrozenSlotted(0.5), lambda x: (x.double(), x.name), {"rate": 1.5}),
    (lambda: KeywordOnly(rate=0.5), lambda x: (x.rate, x.steps), {"steps": 4}),
    (lambda: Overwrites("made"), lambda x: (x.mode, x.count), {"mode": "other"}),
    (lambda: SameNames(3, [1, 2]), lambda x: (x.size, x.items), {"size": 4}),
    (lambda: WithNew(0.5), lambda x: x.rate, {"rate": 1.5}),
    (lambda: NoInit(), lambda x: x.answer(), {}),
    (lambda: Parametrized(0.5), lambda x: x.value, {"value": 3}),
    (lambda: OwnEquality(0.5), lambda x: x.rate, {"rate": 1.5}),
    (lambda: Plain(1, 2.0, scale=0.5, extra=3), lambda x: (x.first, x.size, x.scale), {"scale": 1.5}),
]
every_kind = pytest.mark.parametrize(("make", "use", "update"), KINDS)


@every_kind
def test_a_node_goes_through_everything_and_still_works(make, use, update):
    node = make()
    expected = use(node)
    for other in (
        make(),
        copy.copy(node),
        copy.deepcopy(node),
        pickle.loads(pickle.dumps(node)),
        sj.from_json(sj.to_json(node)),
        jax.tree.map(lambda leaf: leaf, node),
        jax.tree.unflatten(*reversed(jax.tree.flatten(node))),
        sj.rebind(Box(node), {"other": 1}).content,
        sj.from_json(sj.to_json(Box((node,)))).content[0],
    ):
        assert type(other) is type(node)
        assert sj.eq(other, node)
        assert sj.hash(other) == sj.hash(node)
        assert use(other) == expected


@every_kind
def test_rebinding_runs_the_constructor_again(make, use, update):
    if update:
        node = make()
        before = use(node)
        changed = sj.rebind(node, update)
        assert not sj.eq(changed, node)
        assert use(changed) != before
        assert use(node) == before


@every_kind
def test_pytree(make, use, update):
    node = make()
    assert all(isinstance(leaf, float) for leaf in jax.tree.leaves(node))
    assert jax.tree.structure(node) == jax.tree.structure(make())
    assert jax.jit(lambda t: t)(node) == jax.tree.map(jnp.asarray, node) or isinstance(node, OwnEquality)


# What it is.


def test_it_is_the_class_it_was():
    assert issubclass(Schedule, Original)
    assert isinstance(Schedule(0.1), Original)
    assert Schedule.__name__ == "Original"
    assert Schedule.__doc__ == Original.__doc__
    assert Schedule(0.1).total() == Original(0.1).total()
    assert Schedule(0.1).first == 0.1
    assert Schedule.slow() == Schedule(0.1)
    assert type(Schedule.slow()) is Schedule
    assert Schedule.helper() == "help"
    assert Schedule.shared == "class attribute"
    assert list(inspect.signature(Schedule).parameters) == ["rate", "steps"]
    assert issubclass(Concrete, Abstract)
    assert sj.is_symbolic(Schedule(0.1))
    assert not sj.is_symbolic(Original(0.1))


def test_symbolizing_again_gives_the_same_class():
    assert sj.symbolize(Original) is Schedule
    assert sj.symbolize(Schedule) is Schedule
    with pytest.raises(ValueError, match="another name"):
        sj.symbolize(Original, static=["rate"])
    assert sj.symbolize(Original, static=["rate"], name="tests.Marked") is not Schedule


def test_an_abstract_class_stays_abstract():
    symbolic = sj.symbolize(Abstract)
    with pytest.raises(TypeError, match="abstract"):
        symbolic()

    class Working(symbolic):
        def __init__(self, rate):
            self.rate = rate

        def run(self):
            return self.rate

    assert Working(0.5).rebind(rate=1.0).run() == 1.0


# Arguments.


def test_variadic_arguments():
    node = Variadic(1, 2, 3, 4, third=5, sixth=6)
    assert node.all == (1, 2, (3, 4), 5, 4, {"sixth": 6})
    assert [str(path) for path, _, parent in sj.walk(node) if parent is node] == [
        "first",
        "second",
        "rest",
        "third",
        "fourth",
        "more",
    ]
    changed = node.rebind({"rest[2]": 9, "more.sixth": 7, "more.new": 8, "first": 0})
    assert changed.all == (0, 2, (3, 4, 9), 5, 4, {"sixth": 7, "new": 8})
    assert changed == Variadic(0, 2, 3, 4, 9, third=5, sixth=7, new=8)
    assert node.rebind({"rest[0]": sj.MISSING, "more.sixth": sj.MISSING}) == Variadic(1, 2, 4, third=5)
    with pytest.raises(TypeError, match=r"Variadic misses third.*\(path=third\)$"):
        Variadic(1)


@given(
    st.integers(),
    st.lists(st.floats(allow_nan=False), max_size=3),
    st.dictionaries(st.sampled_from("abc"), st.booleans()),
)
def test_what_is_given_is_what_init_gets(first, rest, more):
    node = Variadic(first, 0, *rest, third=None, **more)
    assert node.all == (first, 0, tuple(rest), None, 4, more)


def test_init_gets_plain_dicts():
    seen = []

    @sj.symbolize
    class Typed:
        def __init__(self, table, items):
            seen.append((type(table), type(table["a"]), type(items)))

    Typed({"a": {"b": 1}}, [1, 2])
    assert seen == [(dict, dict, tuple)]


def test_arguments_and_what_init_makes_of_them_are_apart():
    node = SameNames(3, [1, 2])
    assert node.size == 6
    assert sj.query(node, "size") == {"size": 3}
    changed = node.rebind(size=5)
    assert changed.size == 10
    assert sj.eq(changed, SameNames(5, [1, 2]))
    node.items.append(3)  # an object of a plain class may do with its attributes what it likes
    assert sj.eq(node, SameNames(3, [1, 2]))


def test_arguments_that_init_does_not_keep_can_be_read():
    @sj.symbolize
    class Keeps:
        def __init__(self, a, b=2):
            self.sum = a + b

    assert Keeps(1).a == 1
    assert Keeps(1).b == 2
    with pytest.raises(AttributeError, match="smu"):
        Keeps(1).smu


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Schedule(), TypeError, r"Original misses rate; .*Original.partial\(…\) \(path=rate\)$"),
        (lambda: Schedule(1.0, stps=3), TypeError, r"'stps'; did you mean 'steps'\?.*\(path=stps\)$"),
        (
            lambda: Schedule(1, 2, 3),
            TypeError,
            r"Original takes 2 positional arguments \(rate, steps\), got 3",
        ),
        (lambda: Schedule(1, rate=3), TypeError, r"Original got two values for 'rate'"),
        (lambda: Schedule([bytearray()]), TypeError, r"unhashable structure.*\(path=rate\[0\]\)$"),
        (lambda: Schedule(1.0).rebind(stps=3), KeyError, r"did you mean 'steps'\?.*\(path=stps\)$"),
        (lambda: Data("x"), TypeError, r"Data.rate expects float.*\(path=rate\)$"),
    ],
)
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@sj.symbolize
class Picky:
    def __init__(self, rate):
        if rate < 0:
            raise ValueError("the rate is negative")
        self.rate = rate


def test_an_error_of_the_constructor_names_the_place_at_rebind():
    with pytest.raises(ValueError, match=r"^the rate is negative"):
        Picky(-1)
    with pytest.raises(ValueError, match=r"^the rate is negative\nwhile making Picky \(path=content\[0\]\)$"):
        Box((Picky(1),)).rebind({"content[0].rate": -1})
    with pytest.raises(ValueError, match=r"negative \(path=content\)$"):
        sj.from_json(sj.to_json(Box(Picky(1))).replace('"rate": 1', '"rate": -1'))


# When ``__init__`` runs.


def test_after_unflatten_init_runs_at_the_first_use_also_for_overwritten_class_attributes():
    made = jax.tree.map(lambda leaf: leaf, Overwrites("made"))
    assert made.mode == "made"
    assert made.count == 1
    assert made.count == 1

    @sj.symbolize
    class Late:
        mode = "class"

        def __init__(self, rate):
            self.mode = f"made of {rate}"

    first = jax.tree.unflatten(jax.tree.structure(Late(1.0)), [2.0])
    assert first.mode == "made of 2.0"


def test_an_error_of_the_constructor_after_unflatten_comes_at_the_first_use():
    broken = jax.tree.map(lambda leaf: -1.0, Picky(1.0))
    assert isinstance(broken, Picky)
    with pytest.raises(ValueError, match="negative"):
        broken.rate
    with pytest.raises(ValueError, match="negative"):
        broken.rate  # and again at the next


def test_inside_jit_the_constructor_sees_tracers():
    @jax.jit
    def total(schedule):
        return schedule.total()

    assert jnp.allclose(total(Schedule(0.5, 3)), Original(0.5, 3).total())
    assert jnp.allclose(jax.grad(total)(Schedule(0.5, 3)).rate, Original(1.0, 3).total())
    batch = Schedule(jnp.asarray([0.5, 1.0]), 3)
    assert jax.vmap(lambda s: s.total())(batch).shape == (2,)


def test_init_runs_once():
    runs = []

    @sj.symbolize
    class Counted:
        def __init__(self, rate):
            runs.append(rate)
            self.double = 2 * rate

    node = Counted(0.5)
    node.double, node.double
    assert runs == [0.5]
    sj.rebind(Box(node), {"other": 1})
    assert runs == [0.5]
    node.rebind(rate=1.0).double
    assert runs == [0.5, 1.0]


# Base classes.


class Child(Schedule):
    """A subclass with its own constructor, which calls that of the symbolized base."""

    def __init__(self, factor, steps=2):
        super().__init__(0.1 * factor, steps)
        self.factor = factor

    def total(self):
        return super().total() + 1


class Same(Schedule):
    """A subclass without a constructor of its own."""

    extra = "more"


def test_a_symbolized_class_as_a_base_class():
    child = Child(5.0)
    assert child.rate == 0.5
    assert child.table == [0.5, 0.25]
    assert child.total() == 1.75
    assert isinstance(child, Original)
    assert [str(path) for path, _, _ in sj.walk(child)] == ["", "factor", "steps"]
    assert child.rebind(factor=10.0).table == [1.0, 0.5]
    assert type(child.rebind(factor=10.0)) is Child
    assert sj.eq(sj.from_json(sj.to_json(child)), child)
    assert pickle.loads(pickle.dumps(child)).table == child.table
    assert jax.tree.map(lambda leaf: 2 * leaf, child).factor == 10.0
    assert jax.tree.leaves(child) == [5.0]


def test_a_subclass_without_a_constructor():
    same = Same(0.5, 2)
    assert same.extra == "more"
    assert same.rebind(rate=1.0).table == [1.0, 0.5]
    assert same != Schedule(0.5, 2)


def test_grandchildren_and_mixins():
    class Mixin:
        def doubled(self):
            return 2 * self.factor

    class Grandchild(Mixin, Child):
        def __init__(self, factor, name):
            super().__init__(factor)
            self.name = name

    node = Grandchild(5.0, "x")
    assert node.doubled() == 10.0
    assert node.rebind(name="y").name == "y"
    assert node.rebind(factor=6.0).doubled() == 12.0
    assert [str(path) for path, _, _ in sj.walk(node)] == ["", "factor", "name"]


def test_static_arguments():
    @sj.symbolize(static=["rate"])
    class Chooses:
        def __init__(self, rate, scale=1.0):
            self.value = scale if rate > 0.5 else -scale

    assert jax.tree.leaves(Chooses(0.7)) == [1.0]
    assert float(jax.jit(lambda t: t.value)(Chooses(0.7, 2.0))) == 2.0


# Equality, text.


def test_equality_is_by_arguments_unless_the_class_has_its_own():
    assert Schedule(0.5) == Schedule(0.5)
    assert Schedule(0.5) != Schedule(0.5, 11)
    assert hash(Schedule(0.5)) == hash(Schedule(0.5))
    assert Frozen(0.5) == Frozen(0.5)
    assert Data(0.5, [1]) == Data(0.5, (1,))
    assert Data(1, [1]) != Data(1.0, [1])  # its own code sees what it was given
    assert OwnEquality(0.5, "a") == OwnEquality(0.5, "b")
    assert not sj.eq(OwnEquality(0.5, "a"), OwnEquality(0.5, "b"))
    assert repr(OwnEquality(0.5)) == "own(0.5)"
    assert repr(Schedule(0.5)) == "Original(rate=0.5)"


# Partial.


def test_partial_nodes():
    hole = Schedule.partial(steps=3)
    assert list(sj.missing(Box(hole))) == ["content.rate"]
    assert hole.rebind(rate=1.0).table == Original(1.0, 3).table
    assert hole.steps == 3
    with pytest.raises(sj.MissingError, match=r"Original cannot be used yet: it misses rate \(path=rate\)$"):
        hole.total()
    assert pickle.loads(pickle.dumps(hole)) == hole
    assert sj.from_json(sj.to_json(hole)) == hole
    assert Schedule(1.0, 3).rebind(rate=sj.MISSING) == hole


# What cannot be adopted.


@pytest.mark.parametrize(
    "cls", [int, str, dict, tuple, list, type("Text", (str,), {}), trees.Pair, ValueError]
)
def test_classes_that_are_values_are_refused(cls):
    with pytest.raises(TypeError, match=f"cannot symbolize {cls.__name__}"):
        sj.symbolize(cls)


class Tagged:
    def __init_subclass__(cls, *, tag):
        super().__init_subclass__()


@pytest.mark.parametrize("thing", [trees.Color, trees.Level, sj.Object, Tagged, Protocol, max])
def test_what_cannot_be_symbolic_is_named(thing):
    with pytest.raises(TypeError, match=f"cannot symbolize .*{thing.__name__}"):
        sj.symbolize(thing)


@pytest.mark.parametrize("value", [3, "text", [1], Box()])
def test_values_are_refused(value):
    with pytest.raises(TypeError, match=r"cannot symbolize .*give a class or a function"):
        sj.symbolize(value)


def test_a_static_name_that_is_no_argument_is_refused():
    class Plainer:
        def __init__(self, rate):
            self.rate = rate

    with pytest.raises(ValueError, match=r"static names no argument of Plainer: rat"):
        sj.symbolize(Plainer, static=["rat"])


def test_a_name_that_another_class_has_is_refused():
    class One:
        pass

    class Other:
        pass

    sj.symbolize(One, name="tests.taken")
    with pytest.raises(
        ValueError, match=r"the symbol 'tests.taken' is .*One already; give .*Other another name"
    ):
        sj.symbolize(Other, name="tests.taken")


def test_names_and_aliases():
    class Renamed:
        def __init__(self, rate=0.5):
            self.rate = rate

    symbolic = sj.symbolize(Renamed, name="tests.renamed", aliases=["tests.old_name"])
    text = sj.to_json(symbolic(0.1))
    assert '"tests.renamed"' in text
    assert sj.from_json(text) == symbolic(0.1)
    assert sj.from_json(text.replace("tests.renamed", "tests.old_name")) == symbolic(0.1)


def test_cached_properties_and_private_attributes():
    @sj.symbolize
    class Caches:
        def __init__(self, rate):
            self._rate = rate
            self.__hidden = rate

        @functools.cached_property
        def slow(self):
            return self._rate + self.__hidden

    assert Caches(0.5).slow == 1.0
    assert jax.tree.map(lambda leaf: 2 * leaf, Caches(0.5)).slow == 2.0


def test_a_class_that_wants_to_be_called_and_indexed():
    @sj.symbolize
    class Table:
        def __init__(self, items):
            self.held = list(items)

        def __call__(self, x):
            return x + len(self.held)

        def __getitem__(self, index):
            return self.held[index]

        def __len__(self):
            return len(self.held)

        def __iter__(self):
            return iter(self.held)

        def __contains__(self, item):
            return item in self.held

    revived = jax.tree.map(lambda leaf: leaf, Table([5, 6.0]))
    assert revived(1) == 3
    revived = jax.tree.map(lambda leaf: leaf, Table([5, 6.0]))
    assert revived[0] == 5
    assert len(jax.tree.map(lambda leaf: leaf, Table([5, 6.0]))) == 2
    assert list(jax.tree.map(lambda leaf: leaf, Table([5, 6.0]))) == [5, 6.0]
    assert 5 in jax.tree.map(lambda leaf: leaf, Table([5, 6.0]))
    nested: Any = Box(revived).content
    assert nested is revived


@pytest.mark.parametrize(
    "name", ["self", "cls", "args", "kwargs", "values", "path", "updates", "node", "type"]
)
def test_arguments_may_have_any_name(name):
    namespace: dict[str, Any] = {"__name__": __name__}
    body = f"def __init__(this, {name}, other=1.0):\n        this.pair = ({name}, other)"
    exec(f"class Named{name}:\n    {body}", namespace)
    cls = sj.symbolize(namespace[f"Named{name}"])
    node = cls(**{name: 0.5})
    assert node.pair == (0.5, 1.0)
    assert node.rebind(**{name: 2.0}).pair == (2.0, 1.0)
    assert sj.rebind(node, {name: 2.0}).pair == (2.0, 1.0)
    assert cls.partial(**{name: 0.5}) == node
    assert sj.from_json(sj.to_json(node)) == node
    assert jax.tree.map(lambda leaf: leaf, node).pair == node.pair


# Assignment.


@sj.symbolize
class Sealed:
    kind = "class attribute"

    def __init__(self, lr, steps=2):
        self.lr = lr
        self.steps = steps
        self.steps += 0
        del self.steps

    @functools.cached_property
    def table(self):
        return [self.lr]

    def spoil(self):
        self.lr = 5.0


@sj.symbolize(mutable=True)
class Caches:
    def __init__(self, lr):
        self.lr = lr

    def count(self):
        self.calls = getattr(self, "calls", 0) + 1
        return self.calls


@sj.symbolize
@dataclasses.dataclass
class SealedData:
    lr: float


@pytest.mark.parametrize("make", [lambda: Sealed(0.1), lambda: SealedData(0.1), lambda: SubSealed(0.1)])
@pytest.mark.parametrize("fresh", [lambda node: node, lambda node: jax.tree.map(lambda leaf: leaf, node)])
def test_assignment_after_init_is_refused(make, fresh):
    node = fresh(make())
    name = type(node).__name__
    with pytest.raises(AttributeError, match=rf"{name} is immutable; tree.rebind\(lr=…\) .*\(path=lr\)$"):
        node.lr = 5.0
    with pytest.raises(AttributeError, match=rf"{name} is immutable: .*sj.symbolize\({name}, mutable=True\)"):
        node.other = 5.0
    with pytest.raises(AttributeError, match=rf"{name} is immutable"):
        del node.lr
    assert node.lr == 0.1


class SubSealed(Sealed):
    def __init__(self, lr):
        super().__init__(lr)
        self.more = 2 * lr


def test_a_method_that_assigns_is_refused_unless_the_class_is_mutable():
    with pytest.raises(AttributeError, match="Sealed is immutable"):
        Sealed(0.1).spoil()
    node = Caches(0.1)
    assert (node.count(), node.count()) == (1, 2)
    for other in (node.rebind(lr=0.2), jax.tree.map(lambda leaf: leaf, node), copy.copy(node)):
        assert other.count() == 1
    assert node == Caches(0.1)

    class More(Caches):
        pass

    assert More(0.1).count() == 1


def test_a_cached_property_works_and_stays_with_its_object():
    node = Sealed(0.1)
    assert node.table is node.table
    assert node.rebind(lr=0.2).table == [0.2]
    assert jax.tree.map(lambda leaf: 2 * leaf, node).table == [0.2]
    assert sj.from_json(sj.to_json(node)).table is not node.table
    assert node == Sealed(0.1)


# Threads.


class Gate:
    """Holds the first thread in an ``__init__`` until another has asked for the same object."""

    def __init__(self):
        self.inside, self.go_on = threading.Event(), threading.Event()


GATES = [Gate()]


@sj.symbolize
class SlowInit:
    def __init__(self, lr):
        self.early = lr
        assert not hasattr(self, "late")  # looks itself up, and waits for nobody
        GATES[-1].inside.set()
        GATES[-1].go_on.wait()
        self.late = 2 * lr


def test_an_init_runs_once_for_all_threads_and_all_see_what_it_makes():
    GATES.append(Gate())
    node = jax.tree.map(lambda leaf: leaf, _pending(SlowInit))
    seen, ready = [], threading.Barrier(8)

    def use():
        ready.wait()
        seen.append(node.late)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    GATES[-1].inside.wait()
    assert seen == []  # none has been told that there is no such attribute
    GATES[-1].go_on.set()
    for thread in threads:
        thread.join()
    assert seen == [1.0] * 8


def _pending(cls):
    """A node whose ``__init__`` has not run."""
    GATES[0].go_on.set()
    GATES.append(GATES[0])
    node = cls(0.5)
    GATES.pop()
    return node


def test_an_init_that_fails_in_one_thread_is_run_by_the_next():
    fails = [True]

    @sj.symbolize
    class Fails:
        def __init__(self, lr):
            if fails and lr == 0.5 and threading.current_thread() is not threading.main_thread():
                raise ValueError("in another thread")
            self.made = lr

    node = jax.tree.map(lambda leaf: leaf, Fails(0.5))
    errors = []

    def use():
        try:
            node.made
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(errors) == 1
    assert node.made == 0.5


def test_an_attribute_error_in_a_property_stays_itself():
    @sj.symbolize
    class Broken:
        def __init__(self, value):
            self.value = value

        @property
        def name(self):
            return self.value.nonsense

    with pytest.raises(AttributeError, match="'float' object has no attribute 'nonsense'"):
        _ = Broken(1.0).name
    with pytest.raises(AttributeError, match="'float' object has no attribute 'nonsense'"):
        _ = jax.tree.map(lambda leaf: leaf, Broken(1.0)).name


def test_a_check_runs_at_the_construction_and_when_a_partial_object_is_complete():
    @sj.symbolize
    class Range:
        def __init__(self, low, high):
            self.low, self.high = low, high

        def __check__(self):
            if self.low > self.high:
                raise ValueError("low > high")

    assert Range.partial(3).rebind(high=4).high == 4
    with pytest.raises(ValueError, match="low > high"):
        Range(3, 1)
    with pytest.raises(ValueError, match="low > high"):
        Range.partial(3).rebind(high=1)


def test_code_in_globals_without_a_name():
    scope = {"sj": sj, "nn": nn}
    exec("@sj.symbolize\nclass A:\n    def __init__(self, a): self.a = a", scope)
    exec("@sj.symbolize\ndef f(a): return a", scope)
    assert scope["A"](2).a == scope["f"](2)() == 2
    with pytest.raises(TypeError, match=r"the Linen class Q belongs to no module.*'__name__'"):
        exec("class Q(nn.Module):\n    a: int = 1", scope)
