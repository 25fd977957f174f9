"""`insert`: layers before and after another one, which keeps the names of its parameters."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import flax.linen as nn
import jax

from symjax.core.containers import freeze
from symjax.core.errors import brief
from symjax.core.schema import schema_of

from .wrapping import Wrapping, wrappers

Counts: TypeAlias = Mapping[tuple[str, ...], tuple[int, int]]
# How many modules stand before and after the layer at a path: patches may insert further ones as it is
# called.
_insertions: Final[ContextVar[Counts]] = ContextVar("symjax_insertions", default=types.MappingProxyType({}))


class Inserted(Wrapping):
    """A layer with modules before and after it.

    The layer's parameters have the names that they would have without the others, whose parameters stand
    beside them, under ``before_0``, … and ``after_0``, …; insertions further inside count on.

    Attributes:
        layer: The layer.
        before: What its first argument passes before, in order.
        after: What its output passes afterwards, in order.
    """

    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()

    @nn.compact
    def __call__(self, inputs: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Calls all in order.

        Args:
            inputs: What the first one takes.
            *args: Further arguments of the layer.
            **kwargs: Its arguments by name.
        """
        outer = _insertions.get()
        place = tuple(self.path)
        first_before, first_after = outer.get(place, (0, 0))
        for index, module in enumerate(self.before, first_before):
            inputs = self._placed(module, f"before_{index}")(inputs)
        taken = first_before + len(self.before), first_after + len(self.after)
        token = _insertions.set({**outer, place: taken})
        try:
            outputs = self.run(inputs, *args, **kwargs)
        finally:
            _insertions.reset(token)
        for index, module in enumerate(self.after, first_after):
            outputs = self._placed(module, f"after_{index}")(outputs)
        return outputs

    @nn.nowrap
    def _placed(self, module: Any, name: str) -> Any:
        """One of the modules, with its parameters under a name; a function as it is."""
        if not isinstance(module, nn.Module):
            return module
        assert self.scope is not None
        return module.clone(parent=self.scope.rewound().push(name))


def inserts(parent: Any, module: Any) -> bool:
    """Whether a module like another one has been inserted around a layer, whose parent a rule was shown.

    A rule asks it, that may be shown a layer again around which it has inserted something. Modules are alike
    that differ in floats only.

    Example:
        >>> from symjax import linen as nn
        >>> around = insert(nn.Dense(3), after=[nn.LayerNorm()])
        >>> inserts(around, nn.LayerNorm(epsilon=1e-3)), inserts(around, nn.RMSNorm())
        (True, False)
    """
    own = _structure(module)
    return any(
        _structure(other) == own
        for wrapper in wrappers(parent)
        if isinstance(wrapper, Inserted)
        for other in (*wrapper.before, *wrapper.after)
    )


def _structure(module: Any) -> object:
    """What a module is apart from its floats and the name that it got where it was placed."""
    return (
        jax.tree.structure(module.clone(parent=None, name=None)) if isinstance(module, nn.Module) else module
    )


def insert(layer: Any, *, before: Sequence[Any] = (), after: Sequence[Any] = ()) -> Any:
    """A layer with modules before and after it, for a rule to return.

    Args:
        layer: The layer, as a node. Its parameters keep their names.
        before: Modules or functions through which its first argument passes before, in order.
        after: Modules or functions through which its output passes afterwards. Those of Linen can
            stand around a layer of NNX, too.

    Returns:
        A node that is called like the layer; the layer itself where nothing is inserted.

    Raises:
        TypeError: The layer is no Linen module, and no node of an NNX one.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> layer = insert(nn.Dense(3), after=[nn.LayerNorm(), nn.relu])
        >>> variables = layer.init(jax.random.key(0), jax.numpy.ones((2, 4)))
        >>> sorted(variables['params'])
        ['after_0', 'bias', 'kernel']
    """
    if not before and not after:
        return layer
    schema = schema_of(layer)
    if schema is not None and schema.kind == "nnx":
        from .nnx.inserting import insertion  # NNX is slow to import

        return insertion(layer, before, after)
    if not isinstance(layer, nn.Module):
        raise TypeError(f"modules can be inserted around a Linen module or an NNX node, got {brief(layer)}")
    return Inserted(layer, freeze(tuple(before)), freeze(tuple(after)))
