"""`init` and `apply`: calling a Linen model so that what is added to it later needs no other call.

A model that gets dropout or batch normalization is called otherwise than before: it wants a key,
collections beside the parameters, and to be told whether it trains. An experiment that calls its model by
these two has said all of this already.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import flax.linen as nn
import jax
from flax.core.scope import CollectionFilter

from symjax.core.errors import brief

Collections: TypeAlias = dict[str, Any]
"""Variables by the name of their collection, such as ``params`` and ``batch_stats``."""

FLAGS: Final[Mapping[str, bool]] = {
    "train": True,
    "training": True,
    "is_training": True,
    "deterministic": False,
    "use_running_average": False,
}
"""What models call the argument that says whether they train, and what it is when they do."""


def init(
    model: Any,
    key: jax.Array,
    *args: Any,
    train: bool = False,
    method: str | Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Collections:
    """The variables of a Linen model: its parameters, and all other collections that it has.

    Args:
        model: A Linen module, or a node of a function that builds one.
        key: A random key; what else than parameters is drawn at the start is drawn from it, too.
        *args: What the model is called with, by position.
        train: Handed to the model if it takes such a flag, see `apply`.
        method: The method that is called, or its name; by default ``__call__``.
        **kwargs: What the model is called with, by name.

    Returns:
        Variables by collection, as `apply` takes them.

    Raises:
        TypeError: `model` is no Linen model.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> variables = init(nn.BatchNorm(), jax.random.key(0), jax.numpy.ones((2, 3)))
        >>> sorted(variables)
        ['batch_stats', 'params']
    """
    return init_call(linen_module(model), Call(args, kwargs, method), key, train)


def apply(
    model: Any,
    variables: Mapping[str, Any],
    *args: Any,
    key: jax.Array | Mapping[str, jax.Array] | None = None,
    train: bool = False,
    mutable: CollectionFilter | None = None,
    method: str | Callable[..., Any] | None = None,
    **kwargs: Any,
) -> tuple[Any, Collections]:
    """Calls a Linen model; gives back its outputs and its collections.

    The convention that keeps patched models callable: a layer is deterministic unless a ``dropout`` key is
    given, and uses running averages unless ``batch_stats`` is mutable. While training, this function gives
    the one and makes the other so, with all collections but ``params``. A model that takes a flag (``train``,
    ``training``, ``is_training``, ``deterministic`` or ``use_running_average``) is told, unless it is
    given in the call. So one call serves models with and without all this.

    Args:
        model: A Linen module, or a node of a function that builds one.
        variables: By collection, as `init` gives them.
        *args: What the model is called with, by position.
        key: A random key. Dropout draws from it while training, everything else that asks for randomness
            always. A mapping gives keys by name, as Flax takes them.
        train: Whether the model trains. Then `key` must be given.
        mutable: Which collections the call may change, where that is something else; as in Flax.
        method: The method that is called, or its name; by default ``__call__``.
        **kwargs: What the model is called with, by name.

    Returns:
        The outputs, and the collections beside ``params`` as the call has left them: those that it did not
        change are those of `variables`. ``{**variables, **collections}`` are the variables for the next.

    Raises:
        TypeError: `model` is no Linen model; or it trains without a key.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> model, x = nn.Sequential([nn.Dense(4), nn.relu]), jax.numpy.ones((2, 3))
        >>> key = jax.random.key(0)
        >>> variables = init(model, key, x)
        >>> outputs, collections = apply(model, variables, x, key=key, train=True)
        >>> outputs.shape, collections
        ((2, 4), {})
    """
    return apply_call(linen_module(model), Call(args, kwargs, method), variables, key, train, mutable)


class Call(NamedTuple):
    """What a model is called with.

    Attributes:
        args: Arguments by position.
        kwargs: Arguments by name.
        method: The method that is called, or its name; None for ``__call__``.
    """

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = MappingProxyType({})
    method: str | Callable[..., Any] | None = None

    def flags(self, model: Any, train: bool) -> dict[str, bool]:
        """The flags by which a model wants to be told whether it trains, and which the call does not give.

        Example:
            >>> from symjax import linen as nn
            >>> Call((1.0,)).flags(nn.Dropout(0.1), train=True)
            {'deterministic': False}
        """
        parameters, bound = self._bound(model)
        asked = [name for name in FLAGS if name in parameters and name not in bound]
        # Flax's layers take it in their constructor or in the call, and refuse to be told twice.
        return {name: FLAGS[name] is train for name in asked if getattr(model, name, None) is None}

    def trains(self, model: Any) -> bool | None:
        """Whether the model trains, as the call itself says; None if it does not say."""
        _, bound = self._bound(model)
        values = (bound[name] is FLAGS[name] for name in FLAGS if type(bound.get(name)) is bool)
        return next(values, None)

    def _bound(self, model: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The parameters of the method, and the arguments that the call gives, both by name."""
        method = self.method
        function = method if callable(method) else getattr(type(model), method or "__call__", None)
        try:
            signature = inspect.signature(function)  # type: ignore[arg-type]
            return signature.parameters, signature.bind_partial(model, *self.args, **self.kwargs).arguments
        except (TypeError, ValueError):  # whoever calls the model says what is wrong with the arguments
            return {}, {}


def init_call(module: nn.Module, call: Call, key: jax.Array, train: bool = False) -> Collections:
    """`init` of a Linen module, for arguments of any name."""
    args, kwargs, method = call
    flags = call.flags(module, train)
    return dict(module.init({"params": key}, *args, method=method, **kwargs, **flags))


def apply_call(
    module: nn.Module,
    call: Call,
    variables: Mapping[str, Any],
    key: jax.Array | Mapping[str, jax.Array] | None = None,
    train: bool = False,
    mutable: CollectionFilter | None = None,
) -> tuple[Any, Collections]:
    """`apply` of a Linen module, for arguments of any name."""
    if train and key is None:
        raise TypeError(
            "a model that trains needs key=…, from which dropout draws; a patch may add some to any model"
        )
    if mutable is None:
        mutable = [name for name in variables if name != "params"] if train else False
    args, kwargs, method = call
    flags = call.flags(module, train)
    changed: Mapping[str, Any] = {}
    outputs = module.apply(
        variables, *args, rngs=_rngs(key, train), mutable=mutable, method=method, **kwargs, **flags
    )
    if mutable is not False:
        outputs, changed = outputs
    kept = {name: value for name, value in variables.items() if name != "params"}
    return outputs, {**kept, **changed}


def linen_module(model: Any) -> nn.Module:
    """The Linen module that a model is, or that a function's node builds.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(model, nn.Module):
        return model
    module = model.make() if hasattr(type(model), "make") else None
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"expected a Flax Linen module, got {brief(model)} of type {type(model).__name__}; a module of "
            "NNX holds its variables itself: call it, after module.train() or module.eval()"
        )
    return module


def _rngs(key: jax.Array | Mapping[str, jax.Array] | None, train: bool) -> dict[str, jax.Array]:
    """Keys by name: Flax takes that of the parameters for all names that are not among them."""
    if key is None:
        return {}
    if isinstance(key, Mapping):
        return dict(key)
    others = {"params": jax.random.fold_in(key, 1)}
    return {"dropout": key, **others} if train else others
