"""`insert`: layers before and after another one, which keeps the names of its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import flax.linen as nn

from symjax.core.containers import freeze
from symjax.core.errors import brief

from .wrapping import Wrapping


class Inserted(Wrapping):
    """A layer with modules before and after it.

    The layer's parameters have the names that they would have without the others, whose parameters stand
    beside them, under ``before_0``, … and ``after_0``, …; those of insertions further inside come first.

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
        inner = list(_insertions(self.layer))
        for index, module in enumerate(self.before, sum(len(part.before) for part in inner)):
            inputs = self._placed(module, f"before_{index}")(inputs)
        outputs = self.run(inputs, *args, **kwargs)
        for index, module in enumerate(self.after, sum(len(part.after) for part in inner)):
            outputs = self._placed(module, f"after_{index}")(outputs)
        return outputs

    @nn.nowrap
    def _placed(self, module: Any, name: str) -> Any:
        """One of the modules, with its parameters under a name; a function as it is."""
        if not isinstance(module, nn.Module):
            return module
        assert self.scope is not None
        return module.clone(parent=self.scope.rewound().push(name))


def _insertions(layer: Any) -> Iterator[Inserted]:
    """The insertions around the same layer, further inside."""
    while isinstance(layer, Wrapping):
        if isinstance(layer, Inserted):
            yield layer
        layer = layer.layer


def insert(layer: Any, *, before: Sequence[Any] = (), after: Sequence[Any] = ()) -> Any:
    """A layer with modules before and after it, for a rule to return.

    Args:
        layer: The layer, as a node. Its parameters keep their names.
        before: Modules or functions through which its first argument passes before, in order.
        after: Modules or functions through which its output passes afterwards.

    Returns:
        A node that is called like the layer; the layer itself where nothing is inserted.

    Raises:
        TypeError: The layer is no Linen module.

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
    if not isinstance(layer, nn.Module):
        raise TypeError(f"modules can be inserted around a Linen module, got {brief(layer)}")
    return Inserted(layer, freeze(tuple(before)), freeze(tuple(after)))
