"""What a field lets in: type hints, constraints, arrays, tracers, NumPy's scalars."""

import collections.abc
import enum
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Optional, Protocol, TypeVar, Union

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax as raw_optax
import pytest
from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MaxLen, MinLen, MultipleOf, Predicate
from flax import linen as raw_linen
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array, Float, Int

import symjax as sj
from symjax import linen as nn
from symjax import optax

from .. import trees
from ..trees import Box, Color, Level, Rate


def holder(hint, **options):
    """A class with one field of a type."""
    namespace = {"__annotations__": {"x": hint}, "__module__": __name__, "__qualname__": "Holder"}
    if options:
        namespace["x"] = sj.field(**options)
    return types.new_class("Holder", (sj.Object,), {}, lambda ns: ns.update(namespace))


class Size(int):
    pass


class Callback(Protocol):
    def __call__(self, x: int) -> int: ...


@typing.runtime_checkable
class Named(Protocol):
    name: str


class HasName:
    name = "x"

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return isinstance(other, HasName)


T = TypeVar("T")
Bounded = TypeVar("Bounded", bound=int)
UserId = typing.NewType("UserId", int)
SIDES = Literal["left", 1, None]

ACCEPTED = [
    (Any, object),
    (int, 3),
    (int, np.int64(3)),
    (int, Size(3)),
    (int, Level.ONE),
    (float, 0.5),
    (float, np.float32(0.5)),
    (float, np.float64(0.5)),
    (float, float("nan")),
    (float, float("inf")),
    (float, jnp.asarray(0.5)),
    (float, jnp.ones(3)),
    (float, jnp.ones(3, jnp.bfloat16)),
    (float, np.ones(3, np.float16)),
    (complex, 1j),
    (complex, 0.5),
    (bool, True),
    (bool, np.bool_(True)),
    (str, "x"),
    (bytes, b"x"),
    (None, None),
    (int | None, None),
    (Optional[int], 3),  # noqa: UP045
    (Union[int, str], "x"),  # noqa: UP007
    (float | str, "x"),
    (Color, Color.RED),
    (Level, Level.ONE),
    (Literal["a", "b"], "b"),
    (SIDES, 1),
    (SIDES, None),
    (Literal[True], True),
    (Literal[Color.RED], Color.RED),
    (list[int], [1, 2]),
    (list, [1, "x"]),
    (list[int], ()),
    (Sequence[int], (1,)),
    (Sequence[int | str], [1, "x"]),
    (collections.abc.Iterable[int], [1]),
    (collections.abc.Iterable[int], range(3)),
    (tuple[int, str], (1, "x")),
    (tuple[int, ...], [1, 2, 3]),
    (tuple, (1, "x")),
    (tuple[()], ()),
    (set[int], {1}),
    (frozenset[int], frozenset({1})),
    (dict[str, int], {"a": 1}),
    (Mapping[str, list[int]], {"a": [1]}),
    (dict, {1: "x"}),
    (dict[str, float], {"a": jnp.ones(3)}),
    (tuple[int | None, ...], (jnp.int32(1), None)),
    (dict[str, int | list[int]], {"a": 1, "b": jnp.arange(2)}),
    (list[int], [sj.oneof([1, 2]), 3]),
    (flax.core.FrozenDict[str, Any], {"kernel": jnp.ones(3)}),
    (dict[int, float | None], {1: None}),
    (Callable[[int], int], trees.double),
    (Callable, nn.relu),
    (Callable[..., Any], nn.Dense(3)),
    (collections.abc.Callable, int),
    (Callback, trees.double),
    (Named, HasName()),
    (type, int),
    (type[int], bool),
    (T, "x"),
    (Bounded, 3),
    (UserId, 3),
    (Annotated[int, "a note"], 3),
    (Annotated[int, Gt(0)], 1),
    (Annotated[float, Gt(0), Lt(1)], 0.5),
    (Annotated[float | None, Gt(0)], None),
    (Annotated[float, Interval(ge=0, le=1)], 1.0),
    (Annotated[int, MultipleOf(2)], 4),
    (Annotated[list[int], MinLen(1)], [1]),
    (Annotated[str, MaxLen(2)], "ab"),
    (Annotated[int, Predicate(lambda x: x % 2)], 3),
    (Annotated[float, Gt(0)], jnp.asarray(-1.0)),  # an array's numbers may be unknown: its dtype is checked
    (jax.Array, jnp.ones(2)),
    (np.ndarray, np.ones(2)),
    (Float[Array, "2 3"], jnp.ones((2, 3))),
    (Int[Array, "n"], jnp.arange(3)),
    (sj.Object, Rate(0.1)),
    (Rate, Rate.partial()),
    (raw_linen.Module, nn.Dense(3)),
    (nn.Module, nn.Dense(3)),
    (Sequence[nn.Module], [nn.Dense(3), nn.Dense(4)]),
    (raw_optax.GradientTransformation, optax.adam(0.1)),
    (optax.GradientTransformation, raw_optax.adam(0.1)),
    (raw_optax.Schedule, optax.constant_schedule(0.1)),
    ("int", 3),
    ("Rate", Rate(0.1)),
]


@pytest.mark.parametrize(("hint", "value"), ACCEPTED)
def test_accepted(hint, value):
    held = holder(hint)(value).x
    assert sj.eq(held, Box(value).content)  # kept as it is, but frozen
    assert type(held) is type(Box(value).content)


REFUSED = [
    (int, 1.0, "expects int, got 1.0 of type float"),
    (int, True, "expects int, got True of type bool"),
    (int, "1", "expects int, got '1' of type str"),
    (int, None, "expects int, got None of type NoneType"),
    (int, np.float32(1), "expects int"),
    (int, np.bool_(True), "expects int"),
    (int, jnp.ones(()), r"expects int, got an array float32\[\]"),
    (int, jnp.ones(2, bool), r"expects int, got an array bool\[2\]"),
    (float, "0.1", "expects float, got '0.1' of type str"),
    (float, True, "expects float, got True of type bool"),
    (float, None, "expects float"),
    (float, 1j, "expects float"),
    (float, jnp.ones(3, jnp.complex64), r"expects float, got an array complex64\[3\]"),
    (float, np.asarray(["x"]), "unhashable structure array"),
    (bool, 1, "expects bool, got 1 of type int"),
    (bool, jnp.ones(()), "expects bool, got an array"),
    (str, 1, "expects str"),
    (str, b"x", "expects str"),
    (str, jnp.ones(()), "expects str, got an array"),
    (bytes, "x", "expects bytes"),
    (None, 0, "expects"),
    (int | None, "x", "expects int | None"),
    (Color, "RED", "expects Color"),
    (Level, 1, "expects Level, got 1 of type int"),
    (Literal["a", "b"], "c", "expects Literal"),
    (Literal[1], True, "got True of type bool"),
    (Literal[1], 1.0, "got 1.0 of type float"),
    (Literal[Color.RED], Color.BLUE, "got"),
    (list[int], [1, "x"], "expects list"),
    (list[int], 3, "expects list"),
    (list[int], "abc", "expects list"),
    (list[int], jnp.ones(2), "expects list.*got an array"),
    (Sequence[int], ["x"], "expects .*Sequence"),
    (Sequence[str], "abc", "expects .*Sequence"),
    (tuple[int, str], (1,), "expects tuple"),
    (tuple[int, str], (1, "x", 2), "expects tuple"),
    (tuple[int, str], ("x", 1), "expects tuple"),
    (set[int], {"x"}, "expects set"),
    (dict[str, int], {"a": "x"}, "expects dict"),
    (dict[str, int], {1: 1}, "expects dict"),
    (dict[str, int], [("a", 1)], "expects dict"),
    (dict[str, jax.Array], {"a": jnp.ones(2), "b": "x"}, "got 'x' of type str"),
    (tuple[int, ...], (jnp.int32(1), "x"), "got 'x' of type str"),
    (list[int], [sj.oneof([1, 2]), 0.5], "got 0.5 of type float"),
    (Callable[[int], int], 3, "expects Callable"),
    (Callback, 3, "expects Callback"),
    (Named, 3, "expects Named"),
    (type, 3, "expects type"),
    (Bounded, "x", "got 'x' of type str"),
    (UserId, "x", "got 'x' of type str"),
    (Rate, Box(), "expects Rate"),
    (Rate, {"rate": 0.1}, "expects Rate"),
    (nn.Module, Rate(0.1), "expects Module"),
    (nn.Module, nn.Dense, "expects Module, got the class Dense"),
    (int, {"a": 1}, r"got \{'a': 1\} of type dict"),
    (Sequence[nn.Module], [nn.relu], "expects .*Sequence"),
    (optax.GradientTransformation, nn.Dense(3), "expects GradientTransformation"),
    (optax.GradientTransformation, optax.adam, "expects GradientTransformation"),
    (jax.Array, 1.0, r"expects jax\.Array, got 1\.0"),
    (Float[Array, "2 3"], jnp.ones((3, 2)), "expects"),
    (Float[Array, "2 3"], jnp.ones((2, 3), jnp.int32), "expects"),
    ("int", "x", "expects int"),
    ("Rate", Box(), "expects Rate"),
]


@pytest.mark.parametrize(("hint", "value", "message"), REFUSED)
def test_refused(hint, value, message):
    with pytest.raises(TypeError, match=f"{message}.*\\(path=x[^)]*\\)$"):
        holder(hint)(value)


@pytest.mark.parametrize(
    ("hint", "value", "why"),
    [
        (Annotated[float, Gt(0)], 0.0, "greater than 0, got 0.0"),
        (Annotated[float, Gt(0)], -1, "greater than 0, got -1"),
        (Annotated[float, Gt(0)], float("nan"), "greater than 0"),
        (Annotated[int, Ge(1), Le(3)], 4, "less than or equal to 3, got 4"),
        (Annotated[float | None, Gt(0)], -1.0, "greater than 0"),
        (Annotated[int, MultipleOf(2)], 3, "multiple of 2"),
        (Annotated[list[int], MinLen(1)], [], "at least 1"),
        (Annotated[tuple[int, ...], Len(2, 2)], (1, 2, 3), "at most 2"),
        (Annotated[str, MaxLen(2)], "abc", "at most 2"),
        (Annotated[int, Predicate(lambda x: x % 2)], 4, "got 4"),
        (list[Annotated[int, Gt(0)]], [1, 0], "greater than 0"),
        (dict[str, Annotated[int, Gt(0)]], {"a": 0}, "greater than 0"),
    ],
)
def test_constraints(hint, value, why):
    with pytest.raises(ValueError, match=f"Holder.x expects .*{why}.*\\(path=x[^)]*\\)$"):
        holder(hint)(value)


@pytest.mark.parametrize(
    ("hint", "value", "path"),
    [
        (list[int], [1, "x"], "x[1]"),
        (dict[str, list[int]], {"a.b": [1, "x"]}, "x['a.b'][1]"),
        (dict[str, int], {"a": 0.5}, "x.a"),
        (list[Annotated[int, Gt(0)]], [1, 0], "x[1]"),
        (tuple[int, tuple[str, int]], (1, ("a", "b")), "x[1][1]"),
    ],
)
def test_an_error_names_the_part_at_fault(hint, value, path):
    with pytest.raises((TypeError, ValueError)) as caught:
        holder(hint)(value)
    assert str(caught.value).endswith(f"(path={path})")


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (float, 2, 2.0),
        (float | None, 2, 2.0),
        (Annotated[float, Gt(0)], 2, 2.0),
        (tuple[float, ...], (1, 2.0), (1.0, 2.0)),
        (list[float], [1], (1.0,)),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (tuple[int, float], (1, 1), (1, 1.0)),
        (int | float, 2, 2),
        (float | int, 2, 2),
        (float | str, 2, 2.0),
        (Any, 2, 2),
        (complex, 2, 2),
    ],
)
def test_ints_become_floats_where_only_a_float_is_asked_for(hint, value, expected):
    held = holder(hint)(value).x
    assert sj.eq(held, Box(expected).content) or (hint is complex and held in (2, 2 + 0j))


@given(trees.values(max_leaves=4))
def test_any_takes_anything_and_gives_it_back_frozen(recipe):
    value = recipe()
    made = Box(value)
    assert made == Box(made.content)
    again = Box(made.content).content
    assert again is made.content or trees.holds_data(again)  # what is frozen already is kept; data is copied
    assert sj.eq(again, made.content)


@given(st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans()))
def test_plain_hints_are_strict(value):
    for hint in (int, float, str, bool):
        fits = type(value) is hint or (hint is float and type(value) is int)
        if fits and hint is float and type(value) is int and abs(value) > 2**1000:
            continue
        if fits:
            held = holder(hint)(value).x
            assert type(held) is hint
            assert held == hint(value) or held != held
        else:
            with pytest.raises(TypeError, match=r"\(path=x\)$"):
                holder(hint)(value)


def test_the_value_itself_is_kept():
    values = [Level.ONE, Size(3)]
    for value in values:
        assert holder(int)(value).x is value
    array = jnp.ones(3)
    assert holder(float)(array).x is array
    rate = Rate(0.1)
    assert holder(Rate)(rate).x is rate
    assert holder(list[Rate])([rate]).x[0] is rate
    module = nn.Dense(3)
    assert holder(Sequence[nn.Module])((module,)).x[0] is module


def test_tracers_pass_as_arrays_of_their_dtype():
    cls = holder(Annotated[float, Gt(0)])

    @jax.jit
    def make(x):
        return cls(x).x + cls(1).rebind(x=x).x

    assert float(make(2.0)) == 4.0
    assert float(jax.grad(lambda x: cls(x * 2).x)(1.0)) == 2.0
    assert jax.vmap(lambda x: cls(x).x)(jnp.ones(3)).shape == (3,)
    with pytest.raises(TypeError, match=r"expects int, got an array float32\[\] \(path=x\)"):
        jax.jit(lambda x: holder(int)(x))(2.0)


def test_a_shape_stands_for_an_array():
    shape = jax.ShapeDtypeStruct((2,), jnp.float32)
    assert holder(float)(shape).x is shape
    assert jax.eval_shape(lambda t: t, holder(float)(0.5)).x.shape == ()


def test_hints_are_checked_at_rebind_as_at_construction():
    held = holder(Annotated[int, Gt(0)])(1)
    with pytest.raises(TypeError, match=r"\(path=x\)$"):
        held.rebind(x=1.5)
    with pytest.raises(ValueError, match=r"\(path=x\)$"):
        held.rebind(x=0)
    with pytest.raises(ValueError, match=r"\(path=content\[0\]\.x\)$"):
        Box((held,)).rebind({"content[0].x": 0})


def test_unflatten_checks_nothing():
    held = holder(Annotated[float, Gt(0)])(1.0)
    assert jax.tree.map(lambda leaf: "anything", held).x == "anything"


def test_one_unresolvable_name_spoils_no_other_hint():
    cls = types.new_class(
        "Mixed",
        (sj.Object,),
        {},
        lambda ns: ns.update(__annotations__={"a": "Nowhere", "b": "int"}, __module__=__name__),
    )
    with pytest.warns(UserWarning, match=r"^Mixed\.a: the hint 'Nowhere' cannot be resolved"):
        assert cls(object, 1).b == 1
    assert cls(1, 2).a == 1  # warned once: a warning is an error here
    with pytest.raises(TypeError, match=r"\(path=b\)$"):
        cls(1, "x")


@pytest.mark.parametrize("hint", ["Nowhere", "list[Nowhere]", "raw_linen.Nowhere | None", "not a hint"])
def test_a_hint_that_cannot_be_resolved_warns_and_is_none(hint):
    with pytest.warns(UserWarning, match=re.escape(f"Holder.x: the hint {hint!r} cannot be resolved")):
        assert holder(hint)(3).x == 3


def test_a_name_inside_the_alias_of_another_module_is_no_fault_of_the_users():
    assert holder(chex.ArrayTree)(jnp.ones(2)).x.shape == (2,)
    assert holder("chex.ArrayTree | None")(None).x is None
    with pytest.warns(UserWarning, match=r"Holder\.x: the hint list\['Nowhere'\] cannot be resolved"):
        holder(list["Nowhere"])([1])  # noqa: F821


def test_hints_of_what_was_adopted_warn_too():
    @sj.symbolize
    def scale(x: "Nowhere"):  # noqa: F821
        return x

    with pytest.warns(UserWarning, match=r"scale\.x: the hint 'Nowhere' cannot be resolved"):
        assert scale(3).x == 3


def test_a_forward_reference_to_itself():
    assert Linked(1, Linked(2)).rest.value == 2
    with pytest.raises(TypeError, match=r"Linked.rest expects .*\(path=rest\)$"):
        Linked(1, Rate(0.1))


class Linked(sj.Object):
    value: int
    rest: "Linked | None" = None


def test_an_iterable_is_not_consumed():
    made = holder(collections.abc.Iterable[int])([1, 2])
    assert list(made.x) == [1, 2]
    assert list(made.x) == [1, 2]


def test_static_false_takes_numbers_only():
    cls = holder(Any, static=False)
    assert jax.tree.leaves(cls(3)) == [3]
    assert jax.tree.leaves(cls(True)) == [True]
    assert jax.tree.leaves(cls((1, 2.0))) == [1, 2.0]
    for wrong in ("x", None, {"a": 1}, b"x"):
        with pytest.raises(TypeError, match=r"static=False holds numbers and arrays only.*\(path=x\)$"):
            cls(wrong)


def test_choices_and_holes_pass_beside_the_hints():
    class Either(sj.Placeholder):
        values: tuple[Any, ...]

        def options(self):
            return self.values

    cls = holder(Annotated[int, Gt(0)])
    assert cls(Either([1, 2])).x == Either([1, 2])
    with pytest.raises(TypeError, match=r"(?m)expects .*int.*got 'x' of type str \(path=x\)$"):
        cls(Either([1, "x"]))
    with pytest.raises(ValueError, match=r"(?m)greater than 0, got 0 \(path=x\)$"):
        cls(Either([1, 0]))
    assert holder(list[int])([1, Either([2])]).x[1] == Either([2])


def test_hints_of_functions_and_classes_that_were_symbolized():
    @sj.symbolize
    def scale(x, factor: Annotated[float, Gt(0)] = 1.0):
        return x * factor

    @sj.symbolize
    class Table:
        def __init__(self, size: int, kind: Literal["a", "b"] = "a") -> None:
            self.size = size

    with pytest.raises(ValueError, match=r"scale.factor expects .*greater than 0.*\(path=factor\)$"):
        scale(factor=-1.0)
    with pytest.raises(TypeError, match=r"Table.size expects int, got 1.5 of type float \(path=size\)$"):
        Table(1.5)
    with pytest.raises(TypeError, match=r"Table.kind expects .*\(path=kind\)$"):
        Table(1, "c")
    assert Table(1).rebind(size=2).size == 2


def test_hints_of_linen_modules():
    class Mine(nn.Module):
        width: Annotated[int, Gt(0)]
        mode: Literal["a", "b"] = "a"
        inner: nn.Module | None = None

    assert Mine(3, inner=nn.Dense(1)).inner == nn.Dense(1)
    with pytest.raises(ValueError, match=r"Mine.width expects .*greater than 0.*\(path=width\)$"):
        Mine(0)
    with pytest.raises(TypeError, match=r"\(path=mode\)$"):
        Mine(1, "c")
    with pytest.raises(TypeError, match=r"\(path=inner\)$"):
        Mine(1, inner=3)
    with pytest.raises(TypeError, match=r"Dense.features expects int.*\(path=features\)$"):
        nn.Dense(2.5)


@pytest.mark.parametrize(
    "cls", [nn.Dense, nn.Conv, nn.Embed, nn.LayerNorm, nn.BatchNorm, nn.Dropout, nn.Einsum]
)
def test_every_default_of_a_layer_passes_its_own_hints(cls):
    required = {
        "rate": 0.5,
        "features": 3,
        "kernel_size": (3,),
        "num_embeddings": 4,
        "shape": (2, 3),
        "einsum_str": "ab,bc->ac",
    }
    names = inspect.signature(cls).parameters
    made = cls(**{name: value for name, value in required.items() if name in names})
    given_again = {str(p): v for p, v, parent in sj.walk(made) if parent is made and p != "name"}
    assert cls(**given_again) == made


def test_an_enum_stays_an_enum():
    class Choice(enum.Enum):
        A = "a"

    assert holder(Choice)(Choice.A).x is Choice.A
    assert holder(Choice | str)("a").x == "a"
    assert holder(int | Level)(Level.ONE).x is Level.ONE


@pytest.mark.parametrize(
    ("hint", "wrong"), [(Callable, 3), (type, 3), (Literal[1, 2], True), (np.dtype, "int8"), (list[int], "a")]
)
def test_a_hint_that_may_be_none_is_checked_too(hint, wrong):
    cls = type("Holder", (sj.Object,), {"__annotations__": {"x": hint | None}, "x": None})
    assert cls(None) == cls()
    with pytest.raises(TypeError, match=r"\(path=x\)"):
        cls(wrong)


def test_a_default_is_a_value_like_another():
    class Decay(sj.Object):
        decay: float = 0
        sizes: "tuple[float, ...]" = (1, 2)
        rate: Any = np.float32(0.5)
        table: Any = np.zeros(2)

    assert Decay() == Decay(0, (1, 2), np.float32(0.5))
    assert type(Decay().decay) is type(Decay.decay) is float
    assert Decay().sizes == (1.0, 2.0)
    assert len(jax.tree.leaves(Decay())) == 5
    assert jax.tree.structure(Decay()) == jax.tree.structure(Decay(0.0, (1.0, 2.0), 0.5, np.zeros(2)))
    assert type(Decay().rate) is float
    assert not Decay().table.flags.writeable
    assert repr(Decay()) == repr(Decay(0))
    assert Decay(0.5).rebind(decay=sj.MISSING) == Decay()
    assert sj.from_json(sj.to_json(Decay())) == Decay()


def test_the_default_of_a_base_class_and_of_a_function_is_one_too():
    class Base(sj.Object):
        decay: float = 0

    class Derived(Base):
        rate: float = 1

    @sj.symbolize
    def scale(x, factor: float = 1):
        return x * factor

    assert jax.tree.leaves(Derived()) == [0.0, 1.0]
    assert jax.tree.leaves(Base()) == [0.0]
    assert jax.tree.leaves(scale()) == [1.0]
    assert scale() == scale(factor=1)


def test_a_default_widens_its_hint_everywhere():
    class Sized(sj.Object):
        size: tuple[int, int] = 1
        mode: Literal["a", "b"] = "auto"
        rate: Annotated[float, Gt(0)] = -1.0

    assert Sized(1, "auto", -1.0) == Sized()
    assert Sized((1, 2), "a", 1).rebind(size=1, mode="auto", rate=-1.0) == Sized()
    assert sj.from_json(sj.to_json(Sized((1, 2)))) == Sized((1, 2))
    assert sj.from_json(sj.to_json(Sized())) == Sized()
    assert Sized(1, rate=2).rate == 2.0
    for wrong in ({"size": 2}, {"size": True}, {"mode": "c"}):
        with pytest.raises(TypeError, match=r"\(path=(size|mode)\)$"):
            Sized(**wrong)
    with pytest.raises(ValueError, match=r"greater than 0, got -2\.0"):
        Sized(rate=-2.0)


def test_an_undecided_value_leaves_the_others_converted():
    cls = types.new_class(
        "Two", (sj.Object,), {}, lambda ns: ns.update(__annotations__={"a": list[int], "b": float})
    )
    assert type(cls([1, jnp.ones(2)], 1).b) is float


def test_a_class_is_asked_for():
    class Conv(nn.Conv):
        pass

    cls = holder(type[raw_linen.Module])
    for layer in (nn.Dense, raw_linen.Dense, Conv):
        assert cls(layer).x is layer
    assert holder(type[nn.Dense])(raw_linen.Dense).x is raw_linen.Dense
    assert holder(type[Rate | int])(int).x is int
    assert holder(type[T])(str).x is str
    assert holder("type[raw_linen.Module] | None")(None).x is None
    for wrong in (int, Rate, nn.Dense(3), 3, None, trees.double):
        with pytest.raises(TypeError, match=r"expects type\[Module\], got .*\(path=x\)$"):
            cls(wrong)


def test_a_list_for_an_array_is_answered_with_asarray():
    for hint in (jax.Array, np.ndarray | None, Float[Array, "2"]):
        with pytest.raises(TypeError, match=r"got \(1.0, 2.0\) of type tuple; jnp\.asarray\(…\)"):
            holder(hint)([1.0, 2.0])
    with pytest.raises(TypeError) as caught:
        holder(int)([1, 2])
    assert "asarray" not in str(caught.value)


def test_a_class_as_a_default_widens_no_hint_that_asks_for_classes():
    class Layers(sj.Object):
        make: type[nn.Module] = nn.Dense
        kind: type[int] | None = None
        dtype: jnp.dtype = jnp.float32

    assert Layers(nn.Conv).make is nn.Conv
    assert Layers(dtype=jnp.bfloat16).dtype is jnp.bfloat16
    with pytest.raises(TypeError, match=r"expects type\[Module\], got"):
        Layers(int)
    with pytest.raises(TypeError, match=r"expects type\[int\] \| None, got"):
        Layers(kind=str)


class TestCandidates:
    """Each candidate is checked against the hint of the place at which the choice stands."""

    @pytest.mark.parametrize(
        ("hint", "value", "place"),
        [
            (int, lambda: sj.oneof([8, "x"]), "x"),
            (tuple[int, ...], lambda: (2, sj.oneof([8, "x"])), "x[1]"),
            (list[int], lambda: sj.oneof([[1, 2], [1, sj.oneof([3, "x"])]]), "x[1]"),
            (dict[str, float], lambda: {"a": sj.oneof([1.0, "x"])}, "x.a"),
            (tuple[int, int] | tuple[str, str], lambda: (sj.oneof([8, "x"]), 2), "x[0]"),
        ],
    )
    def test_one_of_a_wrong_type_is_refused_where_it_stands(self, hint, value, place):
        with pytest.raises(TypeError, match=f"got 'x' of type str \\(path={re.escape(place)}\\)") as refused:
            holder(hint)(value())
        assert "candidate 1, 'x', of oneof(" in refused.value.__notes__[0]

    def test_at_a_rebind_too(self):
        tree = holder(tuple[int, ...])((1, 2))
        with pytest.raises(TypeError, match=r"got 'x' of type str \(path=x\[0\]\)"):
            tree.rebind({"x[0]": sj.oneof([8, "x"])})
        assert tree.rebind({"x[0]": sj.oneof([8, 9])}).x[1] == 2

    def test_those_of_other_choices_may_be_undecided(self):
        cls = holder(tuple[int, int] | tuple[str, str])
        assert sj.contains(cls((sj.oneof([8, 9]), sj.oneof([1, 2]))), 9)
