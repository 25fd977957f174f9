"""`Bridge`: a Linen module as a layer of an NNX model."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from symjax.adoption.symbolize import symbolize
from symjax.core.paths import ROOT, Path
from symjax.core.schema import schema_of

from ...outlines.listing import kind_of
from .graph import variables_of

Shape: TypeAlias = tuple[tuple[int, ...], str]
"""Shape and dtype of an array, as a tree keeps them."""

_TRAINING: Final = (
    "train",
    "training",
    "is_training",
)  # what else code calls the opposite of `deterministic`
_STATISTICS: Final = "batch_stats"
_OWN: Final = frozenset({"linen", "inputs", "rngs", "deterministic", "use_running_average"})

Shapes: TypeAlias = tuple[Shape | None, ...]
"""Those of each array that a layer is called with by position, None for what is no array."""


def arrays_of(inputs: Shapes) -> list[jax.ShapeDtypeStruct | None]:
    """Shapes and dtypes as JAX has them, and None where there is none."""
    return [None if each is None else jax.ShapeDtypeStruct(each[0], jnp.dtype(each[1])) for each in inputs]  # type: ignore[no-untyped-call]


def is_linen(value: Any) -> bool:
    """Whether a value is a Linen module, or a node of a function that builds one."""
    schema = schema_of(value)
    return isinstance(value, flax.linen.Module) or (schema is not None and schema.kind == "linen_function")


class Bridge(nnx.Module):
    """A Linen module as a layer of an NNX model, with its variables made.

    So a composite layer (squeeze-and-excitation, a separable convolution) that is written once, in Linen,
    serves NNX models too. Beside what `flax.nnx.bridge.ToNNX` does, it is made with its variables, without a
    first call; they change in place; and it has the modes of NNX: ``train()`` and ``eval()`` set
    `deterministic` and `use_running_average`. These go to the arguments of the Linen module that have
    these names, or that are called ``train``, and to the layers in it that leave them undecided. Batch
    statistics change, and random numbers for ``dropout`` are drawn, while training only.

    Its variables stand where those of the Linen module do: ``params/pointwise/kernel`` is
    ``bridge.pointwise['kernel']``.

    Args:
        linen: The Linen module.
        inputs: Shape and dtype of each array with which it is called, ``((1, 8, 8, 3), 'float32')``; None for
            an argument that is None. They decide the shapes of parameters.
        rngs: Where parameters and random numbers come from.

    Raises:
        ValueError: Two of the module's variables, of different collections, have one path, or one has the
            name of an attribute that every `Bridge` has.

    Example:
        >>> import flax.linen
        >>> from flax import nnx
        >>> layer = Bridge(flax.linen.Dense(3), (((1, 4), 'float32'),), rngs=nnx.Rngs(0))
        >>> layer.kernel.shape, layer(jax.numpy.ones((2, 4))).shape
        ((4, 3), (2, 3))
    """

    def __init__(self, linen: Any, inputs: Shapes, *, rngs: nnx.Rngs) -> None:
        self.linen = nnx.data(linen) if _is_traced(linen) else nnx.static(linen)
        self.inputs = nnx.static(tuple(inputs))
        self.deterministic: bool | None = True
        self.use_running_average: bool | None = True
        arrays = arrays_of(inputs)
        with flax.linen.intercept_methods(self._deciding):
            variables = linen.lazy_init({"params": rngs.params()}, *arrays)
        for name, value in _merged(flax.linen.unbox(variables)).items():
            if name in _OWN:
                raise ValueError(
                    f"a Linen module with a variable or layer {name!r} cannot stand in an NNX model"
                )
            setattr(self, name, nnx.data(value))
        self.deterministic = self.use_running_average = False
        streams = {name: getattr(rngs, name)() for name in self._streams(arrays)}
        self.rngs = nnx.Rngs(**streams) if streams else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the Linen module.

        Arguments that NNX's layers take and it does not are left out where they are None. An `nnx.Rngs` that
        is given as ``rngs`` serves in the place of the layer's own.
        """
        return self._run("__call__", *args, **kwargs)

    def layer_kind(self) -> str:
        """What it is called in tables of layers: as its Linen module is."""
        return kind_of(self.linen)

    def __getattr__(self, name: str) -> Any:
        """The methods and fields of the Linen module."""
        linen = None if name.startswith("_") else vars(self).get("linen")
        if linen is None or (not hasattr(type(linen), name) and name not in vars(linen)):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if callable(getattr(type(linen), name, None)):
            return functools.partial(self._run, name)
        return getattr(linen, name)

    def _run(self, method: str, *args: Any, rngs: Any = None, **kwargs: Any) -> Any:
        cls: type = type(self.linen)
        known = _parameters(cls, method)
        if known is not None:
            kwargs = {name: value for name, value in kwargs.items() if name in known or value is not None}
        keys = {} if self.deterministic else self._keys(rngs)
        out, updates = self._apply(self._variables(), keys, method, args, kwargs)
        ours = variables_of(self)
        for collection, values in updates.items():
            for path, value in _leaves(values):
                if path in ours and _collection(ours[path]) == collection:
                    ours[path].set_value(value)
        return out

    def _apply(
        self, variables: dict[str, Any], keys: dict[str, Any], method: str, args: Any, kwargs: Any
    ) -> tuple[Any, Mapping[str, Any]]:
        frozen = {"params", *((_STATISTICS,) if self.use_running_average else ())}
        mutable = [name for name in variables if name not in frozen]
        with flax.linen.intercept_methods(self._deciding):
            result = self.linen.apply(variables, *args, rngs=keys, mutable=mutable, method=method, **kwargs)
        return result  # type: ignore[no-any-return]

    def _variables(self) -> dict[str, Any]:
        """The variables as Linen has them, by collection."""
        collections: dict[str, Any] = {}
        for path, variable in variables_of(self).items():
            *outer, name = path
            if outer[:1] == ["rngs"]:
                continue
            tree = collections.setdefault(_collection(variable), {})
            for key in outer:
                tree = tree.setdefault(key, {})
            tree[name] = variable.get_value()
        return collections

    def _keys(self, rngs: Any) -> dict[str, Any]:
        if isinstance(rngs, nnx.RngStream):
            return {"dropout": rngs()}
        if isinstance(rngs, nnx.Rngs):
            return {name: getattr(rngs, name)() for name in self.rngs or ("dropout",)}
        if rngs is not None:
            return {"dropout": rngs}
        return {name: stream() for name, stream in (self.rngs or {}).items()}

    def _streams(self, arrays: list[Any]) -> list[str]:
        """The streams of random numbers that are drawn from in training: ``dropout``; ``params`` for others.

        Linen takes the keys of streams that it is not given from ``params``.
        """
        names = ["dropout", "params"]

        def run(keys: list[Any], variables: Any, args: list[Any]) -> Any:
            return self._apply(variables, dict(zip(names, keys, strict=True)), "__call__", args, {})

        keys = [jax.eval_shape(lambda: jax.random.key(0))] * len(names)
        jaxpr = jax.make_jaxpr(run)(keys, self._variables(), arrays).jaxpr
        used = {id(variable) for equation in jaxpr.eqns for variable in equation.invars}
        return [name for name, variable in zip(names, jaxpr.invars, strict=False) if id(variable) in used]

    def _deciding(self, call: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        """Hands the mode to the module, and to the layers in it that leave it undecided."""
        cls: type = type(context.module)
        known = _parameters(cls, context.method_name)
        if not known:
            return call(*args, **kwargs)
        modes = {"deterministic": self.deterministic, "use_running_average": self.use_running_average}
        outermost = context.module.path == ()
        if outermost:
            modes |= dict.fromkeys(_TRAINING, not self.deterministic)
        by_position = list(known)[: len(args)]
        for name, value in modes.items():
            if name not in known or name in by_position or kwargs.get(name) is not None:
                continue
            if getattr(context.module, name, None) is None and (outermost or known[name].default is None):
                kwargs = {**kwargs, name: value}
        return call(*args, **kwargs)


@functools.lru_cache(1024)
def _parameters(cls: type, method: str) -> dict[str, inspect.Parameter] | None:
    """The parameters of a method without `self`; None for one that takes any by keyword, or has no name."""
    function = getattr(cls, method, None)
    if function is None:  # a lambda that Flax calls with the module
        return None
    parameters = dict(list(inspect.signature(function).parameters.items())[1:])
    kinds = [parameter.kind for parameter in parameters.values()]
    return None if inspect.Parameter.VAR_KEYWORD in kinds else parameters


def _is_traced(linen: Any) -> bool:
    """Whether a module's fields hold arrays, which cannot be part of a structure."""
    return any(isinstance(leaf, jax.Array | np.ndarray) for leaf in jax.tree.leaves(linen))


def _merged(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of all collections in one tree, each of the type of its collection."""
    tree: dict[str, Any] = {}
    for collection, values in variables.items():
        kind = nnx.variable_type_from_name(collection, allow_register=True)
        for path, value in _leaves(values):
            *outer, name = path
            inner: Any = tree
            for key in outer:
                inner = inner.setdefault(key, {})
            if name in inner:
                raise ValueError(
                    f"two collections of a Linen module have a variable {path}, one of them {collection!r}: "
                    "so it cannot stand in an NNX model"
                )
            inner[name] = kind(value)
    return tree


def _leaves(tree: Any, path: Path = ROOT) -> Iterator[tuple[Path, Any]]:
    """The arrays of a collection by path."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, path / key)
    else:
        yield path, tree


def _collection(variable: nnx.Variable[Any]) -> str:
    name: str = nnx.variable_name_from_type(type(variable))
    return name


BridgeNode: Final[Any] = symbolize(Bridge, name="symjax.patches.nnx.Bridge")
"""The class of nodes that stand for a `Bridge`."""
