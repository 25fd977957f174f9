"""`insert`: layers before and after another one, which keeps the names of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flax.linen as nn

from symjax.adoption.linen.modules import Module
from symjax.core.containers import freeze
from symjax.core.errors import brief
from symjax.core.schema import schema_of


class Inserted(Module):
    """A layer with modules before and after it.

    The layer's parameters have the names that they would have without the others, whose parameters stand
    beside them, under ``before_0``, … and ``after_0``, ….

    Attributes:
        layer: The layer.
        before: What its first argument passes before, in order.
        after: What its output passes afterwards, in order.
    """

    layer: nn.Module
    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()

    def setup(self) -> None:
        """Lets the layer have the scope of the whole."""
        nn.share_scope(self, self.layer)

    def __call__(self, inputs: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Calls all in order.

        Args:
            inputs: What the first one takes.
            *args: Further arguments of the layer.
            **kwargs: Its arguments by name.
        """
        for module in self.before:
            inputs = module(inputs)
        outputs = self.layer(inputs, *args, **kwargs)
        for module in self.after:
            outputs = module(outputs)
        return outputs


def insert(layer: Any, *, before: Sequence[Any] = (), after: Sequence[Any] = ()) -> Any:
    """A layer with modules before and after it, for a rule to return.

    Args:
        layer: The layer, as a node. Its parameters keep their names.
        before: Modules or functions through which its first argument passes before, in order.
        after: Modules or functions through which its output passes afterwards. Those of Linen can stand around
            a layer of NNX, too.

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
