"""What the laws are made of: the same bits, the same program, and plain code with every float traced."""

import functools
import gc
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import chex
import flax.linen
import flax.nnx
import jax
import jax.extend
import jax.numpy as jnp
import numpy as np

import symjax as sj
from symjax.names.views import Namespace

Place = tuple[str, str]


def bits(tree: Any) -> tuple[Any, list[tuple[Any, ...]]]:
    """What two results share exactly if they are the same: structure, dtypes, shapes, and every bit."""
    leaves, treedef = jax.tree.flatten(tree)
    return treedef, [_leaf_bits(leaf) for leaf in leaves]


def _leaf_bits(leaf: Any) -> tuple[Any, ...]:
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    array = np.asarray(leaf)
    return type(leaf).__name__, array.dtype.name, array.shape, array.tobytes()


def same_traced(one: Callable[..., Any], other: Callable[..., Any], *args: Any) -> bool:
    """Whether two functions compute the same under `jit`, bit for bit.

    They do if they trace to the same program, up to the order of its operations and to repeated ones, which
    XLA merges. Where they do not, both are compiled, run, and compared.
    """
    traced = [jax.jit(function).trace(*args) for function in (one, other)]
    if jax.tree.structure(traced[0].out_info) != jax.tree.structure(traced[1].out_info):
        return False
    if program(traced[0].jaxpr) == program(traced[1].jaxpr):
        return True
    return bits(traced[0].lower().compile()(*args)) == bits(traced[1].lower().compile()(*args))


def assert_one_program_and_equal_lanes(run: Any, trees: Sequence[Any]) -> None:
    """That a jitted function of trees compiles once, and gives in lanes what it gives one by one."""
    alone = [run(tree) for tree in trees]
    assert run._cache_size() == 1
    lanes = jax.vmap(run)(jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees))
    for lane, expected in enumerate(alone):
        one = jax.tree.map(lambda value, lane=lane: value[lane], lanes)
        chex.assert_trees_all_close(one, expected, rtol=1e-4, atol=1e-5)


def program(closed: Any) -> tuple[str, ...]:
    """A jaxpr by what it computes: each of its outputs as a digest of the expression that it is."""
    jaxpr, constants = (closed.jaxpr, closed.consts) if hasattr(closed, "jaxpr") else (closed, ())
    known: dict[Any, str] = {}

    def read(atom: Any) -> str:
        if isinstance(atom, jax.extend.core.Literal):
            return _digest("literal", atom.aval, *_leaf_bits(atom.val))
        return known[atom]

    for position, variable in enumerate(jaxpr.invars):
        known[variable] = _digest("argument", position, variable.aval)
    for variable, value in zip(jaxpr.constvars, constants, strict=True):
        known[variable] = _digest("constant", variable.aval, *_leaf_bits(value))
    for equation in jaxpr.eqns:
        params = [(key, _parameter(equation.params[key])) for key in sorted(equation.params)]
        inputs = [read(atom) for atom in equation.invars]
        for position, variable in enumerate(equation.outvars):
            known[variable] = _digest(equation.primitive.name, params, inputs, position, variable.aval)
    return tuple([read(atom) for atom in jaxpr.outvars])


def _parameter(value: Any) -> Any:
    if isinstance(value, jax.extend.core.ClosedJaxpr | jax.extend.core.Jaxpr):
        return program(value)
    if isinstance(value, tuple | list):
        return [_parameter(item) for item in value]
    return "function" if callable(value) else value


def _digest(*parts: Any) -> str:
    text = re.sub(r"0x[0-9a-f]+", "", repr(parts))
    return hashlib.sha256(text.encode()).hexdigest()


class Numbers:
    """A namespace whose layers and factories get every float of theirs through a function, defaults too.

    Args:
        namespace: Flax's, Optax's, or a symbolic view of one.
        take: Given where a float stands, ``(name of the class or factory, name of the argument)``, and the
            float; returns what is passed instead.
        instead: Arguments by their place, over what is given.
    """

    def __init__(
        self,
        namespace: Any,
        take: Callable[[Place, float], Any],
        instead: Mapping[Place, Any] | None = None,
        prefix: str = "",
    ) -> None:
        self.namespace = namespace
        self._take = take
        self._instead = instead or {}
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.namespace, name)
        full = f"{self._prefix}{name}"
        if inspect.ismodule(value) or isinstance(value, Namespace):
            return Numbers(value, self._take, self._instead, f"{full}.")
        return functools.partial(self._call, full, value) if makes(value) else value

    def _call(self, name: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        signature = inspect.signature(function)
        given = signature.bind_partial(*args, **kwargs)
        given.arguments.update({key: value for (at, key), value in self._instead.items() if at == name})
        for key in sorted(signature.parameters):
            default = signature.parameters[key].default
            if key in given.arguments or holds_float(default):
                value = given.arguments.get(key, default)
                given.arguments[key] = map_floats(functools.partial(self._take, (name, key)), value)
        if not isinstance(function, type) and _misses(signature, given):
            return functools.partial(function, **given.arguments)  # how plain code leaves arguments out
        return function(*given.args, **given.kwargs)


def _misses(signature: inspect.Signature, given: inspect.BoundArguments) -> bool:
    try:
        signature.bind(*given.args, **given.kwargs)
    except TypeError:
        return True
    return False


def makes(value: Any) -> bool:
    """Whether a name is called to make something, rather than being a value itself."""
    if isinstance(value, type):
        return True
    return callable(value) and getattr(value, "__module__", "").startswith(_MAKERS)


_MAKERS = (
    "optax.",
    "functools",
    "jax.nn.initializers",
    "jax._src.nn.initializers",
    "flax.core.meta",
    "flax.linen.spmd",
    "flax.nnx.nn.",
    "flax.nnx.helpers",
    "flax.nnx.spmd",
    "flax.nnx.variablelib",
)


def uncalled(namespace: Any, name: str) -> Any:
    """A factory that is itself the argument of another."""
    return getattr(namespace.namespace if isinstance(namespace, Numbers) else namespace, name)


def map_floats(take: Callable[[float], Any], value: Any) -> Any:
    """`value` with its floats replaced, also inside plain lists, tuples and dicts."""
    if type(value) is float:
        return take(value)
    if type(value) in (list, tuple):
        return type(value)([map_floats(take, item) for item in value])
    if isinstance(value, Mapping) and type(value) in (dict, sj.Map):
        return {key: map_floats(take, item) for key, item in value.items()}
    return value


def holds_float(value: Any) -> bool:
    """Whether a float is among plain containers."""
    found: list[float] = []
    map_floats(found.append, value)
    return bool(found)


class Floats:
    """The floats of something that is made from a namespace: their places, and other numbers there.

    Args:
        make: Makes it from a namespace.
        namespace: Flax's, Optax's, or a symbolic view of one.
        is_static: Whether the float at a place is left as it is.
        instead: Arguments by their place, over those that `make` gives.
    """

    def __init__(
        self,
        make: Callable[[Any], Any],
        namespace: Any,
        is_static: Callable[[Place], bool],
        instead: Mapping[Place, Any] | None = None,
    ) -> None:
        self._make = make
        self._namespace = namespace
        self._is_static = is_static
        self._instead = instead
        self.places: list[Place] = []
        self.values: list[float] = []
        self.made = make(Numbers(namespace, self._record, instead))

    def _record(self, place: Place, value: float) -> float:
        if self._is_static(place):
            return value
        own = float(repr(value))  # an object of its own, by which it is found again
        self.places.append(place)
        self.values.append(own)
        return own

    def make(self, numbers: Any) -> Any:
        """The same with these numbers in the places of the floats."""
        left = iter(numbers)

        def take(place: Place, value: float) -> Any:
            return value if self._is_static(place) else next(left)

        return self._make(Numbers(self._namespace, take, self._instead))


def classes_known() -> int:
    """How many module classes and symbolic classes there are; a leak makes it grow."""
    gc.collect()  # classes of earlier tests are garbage in cycles
    found: set[type] = set()
    open_: list[type] = [flax.linen.Module, flax.nnx.Module, sj.Object]
    while open_:
        for cls in type.__subclasses__(open_.pop()):
            if cls not in found:
                found.add(cls)
                open_.append(cls)
    return len(found)
