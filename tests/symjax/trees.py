"""Generated trees of everything that a tree may hold, and what several tests ask of one.

A tree is drawn as a `Recipe`, which makes the same tree anew at every call: equal, and sharing nothing.
"""

import enum
import functools
import typing
from collections.abc import Callable, Hashable
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax

# What a tree may hold besides containers and numbers.


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    ZERO = 0
    ONE = 1


class Pair(typing.NamedTuple):
    left: Any
    right: Any = 0


class Box(sj.Object):
    """Holds anything; what is a leaf hangs on the value."""

    content: Any = None
    other: Any = None


class Fixed(sj.Object):
    """Holds structure only."""

    content: Any = sj.field(default=None, static=True)


class Rate(sj.Object):
    rate: float
    steps: int = 10


class SubBox(Box):
    """The same fields as `Box`: only the type tells them apart."""


@sj.symbolize
class Plain:
    """A plain class with every kind of parameter."""

    size = "a class attribute that __init__ overwrites"

    def __init__(self, first: Any, *rest: Any, scale: Any = 1.0, **more: Any) -> None:
        self.first = first
        self.size = 1 + len(rest) + len(more)
        self.scale = scale


@sj.symbolize
def affine(x, /, slope=2.0, shift=0, *rest, **more):
    return (x, slope, shift, rest, more)


@sj.symbolize(factory=True)
def ramp(start=0.0, steps=4):
    return lambda step: start + step / steps


class Stack(nn.Module):
    """A Linen module that holds modules in lists and dicts."""

    layers: list[Any]
    heads: dict[str, Any]
    rate: float = 0.5

    @nn.compact
    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return {name: head(x) for name, head in self.heads.items()}


@sj.opaque
@flax.struct.dataclass
class State:
    """A pytree of another library."""

    value: Any
    label: str = flax.struct.field(pytree_node=False, default="")


def double(x):
    return x * 2


class Recipe:
    """Makes the same value at every call, anew."""

    def __init__(self, make: Callable[..., Any], *parts: "Recipe", **named: "Recipe") -> None:
        self.make = make
        self.parts = parts
        self.named = named

    def __call__(self) -> Any:
        parts = [part() for part in self.parts]
        return self.make(*parts, **{name: part() for name, part in self.named.items()})

    def __repr__(self) -> str:
        return f"Recipe of {self()!r}"


def constant(value: Any) -> Recipe:
    return Recipe(lambda: value)


FLOATS = [0.0, -0.0, 1.0, -1.0, 2.0, float("nan"), -float("nan"), float("inf"), -float("inf"), 1e-300, 0.1]
INTS = [0, 1, 2, -1, 10**25]
ODD_TEXTS = [
    "",
    "a.b",
    "a[0]",
    "it's",
    'say "x"',
    "\\",
    "\n",
    "]",
    "['",
    "é",
    "日本",
    "0",
    "None",
    "$type",
    "class",
]
DTYPES = [jnp.float32, np.float32, np.dtype("float32"), jnp.bfloat16, np.int8, np.dtype("int32"), jnp.bool_]
FUNCTIONS = [jnp.tanh, nn.relu, jax.nn.gelu, double, len]
CLASSES = [int, Color, dict]


def fresh_float(value: float) -> float:
    """Another object with the same bits."""
    return float(np.float64(value))


@functools.cache
def floats() -> st.SearchStrategy[Recipe]:
    values = st.one_of(st.sampled_from(FLOATS), st.floats())
    return values.map(lambda v: Recipe(lambda: fresh_float(v)))


@functools.cache
def ints() -> st.SearchStrategy[Recipe]:
    return st.one_of(st.sampled_from(INTS), st.integers()).map(constant)


def texts() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(ODD_TEXTS), st.sampled_from("abc"), st.text(max_size=4))


@functools.cache
def keys() -> st.SearchStrategy[Hashable]:
    """Keys of mappings: texts, ints, and whatever else has a literal."""
    rare = st.sampled_from([True, False, None, (1, "a]"), (True,), (1,), b"x", 1.5, 0.0, -0.0])
    return st.one_of(texts(), texts(), st.integers(-3, 300), rare)


def numpy_arrays() -> st.SearchStrategy[Recipe]:
    def make(dtype, shape, seed):
        numbers = np.random.default_rng(seed).integers(0, 3, shape)
        return Recipe(lambda: numbers.astype(dtype))

    dtypes = ["float32", "float64", "float16", "int8", "int32", "bool", "complex64", ml_dtypes.bfloat16]
    shapes = st.sampled_from([(), (1,), (2,), (0, 3), (2, 2)])
    return st.builds(make, st.sampled_from(dtypes), shapes, st.integers(0, 3))


def jax_arrays() -> st.SearchStrategy[Recipe]:
    def make(dtype, shape, fill):
        return Recipe(lambda: jnp.full(shape, fill, dtype))

    dtypes = st.sampled_from([jnp.float32, jnp.bfloat16, jnp.int32, jnp.bool_])
    plain = st.builds(make, dtypes, st.sampled_from([(), (2,), (0,)]), st.integers(0, 1))
    others = [Recipe(jnp.asarray, constant(0.0)), Recipe(jnp.asarray, constant(-0.0)), Recipe(weak_one)]
    return st.one_of(plain, st.sampled_from([*others, Recipe(lambda: jax.random.key(3))]))


def weak_one() -> jax.Array:
    return jnp.asarray(1.0)


def numpy_scalars() -> st.SearchStrategy[Recipe]:
    values = [np.float32(0.5), np.float64("nan"), np.float64(1.0), np.int64(1), np.int8(0), np.bool_(True)]
    return st.sampled_from(values).map(lambda v: Recipe(lambda: v.copy()))


@functools.cache
def atoms(foreign: bool = True) -> st.SearchStrategy[Recipe]:
    """Values without parts.

    Args:
        foreign: Also what no file can hold: a pytree of another library.
    """
    fixed = [None, True, False, *Color, *Level, *DTYPES, *FUNCTIONS, *CLASSES, ..., range(3), b"\x00"]
    known = [
        st.sampled_from(fixed).map(constant),
        floats(),
        ints(),
        texts().map(constant),
        numpy_arrays(),
        jax_arrays(),
        numpy_scalars(),
        st.frozensets(st.integers(0, 2), max_size=2).map(constant),
        st.complex_numbers(max_magnitude=9).map(constant),
        st.just(Recipe(lambda: jax.ShapeDtypeStruct((2,), jnp.float32))),
    ]
    if foreign:
        known.append(st.builds(lambda v: Recipe(State, v), floats()))
    return st.one_of(known)


@functools.cache
def modules() -> st.SearchStrategy[Recipe]:
    """Linen modules, tiny and nested."""
    dense = st.builds(
        lambda width, bias, dtype, init: Recipe(
            lambda: nn.Dense(width, use_bias=bias, dtype=dtype, kernel_init=init())
        ),
        st.integers(1, 3),
        st.booleans(),
        st.sampled_from([None, jnp.bfloat16]),
        st.sampled_from([nn.initializers.lecun_normal, lambda: nn.initializers.normal(0.1)]),
    )
    dropout = st.sampled_from([0.0, 0.25, 1.0]).map(lambda rate: Recipe(nn.Dropout, constant(rate)))
    activation = st.sampled_from([constant(nn.relu), constant(jnp.tanh)])
    single = st.one_of(dense, dropout, activation)
    lists = st.lists(single, max_size=3).map(lambda parts: Recipe(lambda *items: list(items), *parts))
    heads = st.dictionaries(st.sampled_from("ab"), dense, max_size=2)
    stack = st.builds(
        lambda layers, held, rate: Recipe(
            lambda layers, rate, **heads: Stack(layers, heads, rate), layers, rate, **held
        ),
        lists,
        heads,
        floats(),
    )
    return st.one_of(dense, dropout, st.builds(lambda parts: Recipe(nn.Sequential, parts), lists), stack)


@functools.cache
def optimizers() -> st.SearchStrategy[Recipe]:
    adam = floats().map(lambda rate: Recipe(optax.adam, rate))
    scheduled = floats().map(
        lambda rate: Recipe(optax.sgd, Recipe(optax.linear_schedule, rate, constant(0.0), constant(9)))
    )
    chained = st.builds(lambda a, b: Recipe(optax.chain, a, b), adam, scheduled)
    return st.one_of(adam, scheduled, chained, st.just(Recipe(optax.adam)))


def mappings(children: st.SearchStrategy[Recipe]) -> st.SearchStrategy[Recipe]:
    def make(items: dict[Hashable, Recipe]) -> Recipe:
        names = list(items)
        return Recipe(lambda *held: dict(zip(names, held, strict=True)), *items.values())

    return st.dictionaries(keys(), children, max_size=3).map(make)


def sequences(children: st.SearchStrategy[Recipe], kinds: tuple[type, ...] = (tuple, list)):
    return st.builds(
        lambda kind, parts: Recipe(lambda *items: kind(items), *parts),
        st.sampled_from(kinds),
        st.lists(children, max_size=3),
    )


def nodes(children: st.SearchStrategy[Recipe]) -> st.SearchStrategy[Recipe]:
    """Symbolic nodes of each kind that hold `children`."""

    def plain(first: Recipe, rest: list[Recipe], scale: Recipe, more: Recipe) -> Recipe:
        return Recipe(lambda f, s, m, *r: Plain(f, *r, scale=s, extra=m), first, scale, more, *rest)

    def partly(slope: Recipe, more: Recipe) -> Recipe:
        return Recipe(lambda s, m: affine(slope=s, extra=m), slope, more)

    return st.one_of(
        st.builds(lambda kind, a, b: Recipe(kind, a, b), st.sampled_from([Box, SubBox]), children, children),
        structure().map(lambda part: Recipe(Fixed, part)),
        st.builds(lambda rate, steps: Recipe(Rate, rate, steps), floats(), ints()),
        st.just(Recipe(Rate.partial)),
        st.builds(plain, children, st.lists(children, max_size=2), floats(), children),
        st.builds(lambda a, b: Recipe(affine, a, b), children, children),
        st.builds(partly, children, children),
        st.builds(lambda a: Recipe(ramp, a), floats()),
        st.builds(lambda a, b: Recipe(Pair, a, b), children, children),
    )


@functools.cache
def structure() -> st.SearchStrategy[Recipe]:
    """What may stand in a field that is marked static: look-alikes of each other above all."""
    alike = st.sampled_from(
        [0, 1, True, False, 0.0, -0.0, 1.0, None, "1", float("nan"), Level.ONE, np.int64(1), np.float32(1)]
    )
    plain = st.one_of(alike.map(constant), alike.map(constant), floats(), texts().map(constant))
    return st.recursive(
        plain, lambda inner: st.one_of(sequences(inner, (tuple,)), mappings(inner)), max_leaves=3
    )


@functools.cache
def values(foreign: bool = True, max_leaves: int = 6) -> st.SearchStrategy[Recipe]:
    """Anything at all, as a recipe."""
    simple = st.one_of(atoms(foreign), atoms(foreign), modules(), optimizers())
    return st.recursive(
        simple,
        lambda inner: st.one_of(nodes(inner), nodes(inner), sequences(inner), mappings(inner)),
        max_leaves=max_leaves,
    )


@functools.cache
def recipes(foreign: bool = True) -> st.SearchStrategy[Recipe]:
    """Trees: symbolic nodes and plain containers of anything."""
    inner = values(foreign)
    return st.one_of(nodes(inner), nodes(inner), modules(), sequences(inner), mappings(inner))


@functools.cache
def objects(foreign: bool = True) -> st.SearchStrategy[Recipe]:
    """Trees whose root is a symbolic object, in which all is frozen."""
    inner = values(foreign)
    return st.builds(lambda a, b: Recipe(Box, a, b), inner, inner)


def trees(foreign: bool = True) -> st.SearchStrategy[Any]:
    return recipes(foreign).map(lambda recipe: recipe())


# What several tests ask of a tree.


def walked(tree: Any) -> dict[sj.Path, Any]:
    """Every value by its path."""
    return {path: value for path, value, _ in sj.walk(tree)}


def identities(tree: Any) -> list[tuple[str, int]]:
    """Which object stands where: a tree that was left alone has the same before and after."""
    return [(str(path), id(value)) for path, value, _ in sj.walk(tree)]


def same_bits(a: Any, b: Any) -> bool:
    """Whether two leaves are the same number of the same type, by bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, jax.ShapeDtypeStruct):
        return bool(a == b)
    if isinstance(a, jax.Array) and jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
        a, b = jax.random.key_data(a), jax.random.key_data(b)
    left, right = np.asarray(a), np.asarray(b)
    weak = getattr(a, "weak_type", None) == getattr(b, "weak_type", None)
    return (
        weak and left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    )


def holds_anything(parent: Any) -> bool:
    """Whether any value may be put in the place of a child of `parent`."""
    kinds = (Box, Plain, affine, tuple, list, dict, sj.Map)
    return isinstance(parent, kinds) and not isinstance(parent, optax.GradientTransformation)


def open_places(tree: Any) -> list[sj.Path]:
    """Paths at which any value may be put: their parents, in a chain up to the root, ask for nothing.

    Tuples inside a Linen module or an optimizer are checked against the hints of these.
    """
    held = walked(tree)
    found = []
    for path in held:
        above = path
        while above and holds_anything(held[above.parent]):
            above = above.parent
        collects = path.key in ("rest", "more") and not isinstance(held[path.parent], dict | sj.Map)
        if path and not above and not collects:
            found.append(path)
    return found


def holds_data(value):
    """Whether a dict is in a frozen container: in a node it is data, and copied wherever it enters one."""
    if isinstance(value, tuple) and not sj.is_symbolic(value):
        return any(map(holds_data, value))
    return type(value) is dict or (type(value) is sj.Map and any(map(holds_data, value.values())))
