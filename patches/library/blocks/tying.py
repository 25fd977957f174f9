"""`tie_weights`: a head that uses the weights of the embedding."""

from __future__ import annotations

from typing import Any

import flax.linen
import jax
import jax.numpy as jnp

from ...analysis.blocks import Blocks, Names, Visit
from ...core.patcher import patcher
from ...interior.wrapping import Wrapping
from ...outlines.inputs import ExampleInputs
from .planning import Plan, planned


class TiedDense(Wrapping):
    """A dense layer whose kernel is the transposed table of an embedding, which the same model has.

    It has no kernel of its own; a bias it has if the layer has one.

    Press and Wolf, "Using the Output Embedding to Improve Language Models", 2017, section 2.

    Attributes:
        layer: The dense layer in whose place it stands.
        up: How many modules further out the one stands that holds both.
        embedding: The names that lead from there to the embedding.
        scaled: Whether the outputs are divided by the square root of the width: Raffel et al., "Exploring the
            Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020, have it so in their
            code.
    """

    up: int = 1
    embedding: tuple[str, ...] = ()
    scaled: bool = False

    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """``[*batch, vocabulary]``, from ``[*batch, width]``."""
        layer = self.unbound()
        table = flax.linen.meta.unbox(self._table())
        x, table = flax.linen.dtypes.promote_dtype(x, table, dtype=layer.dtype)
        y = x @ table.T
        if self.scaled:
            y = y / jnp.sqrt(x.shape[-1]).astype(y.dtype)
        if layer.use_bias:
            y = y + self.param("bias", layer.bias_init, (y.shape[-1],), layer.param_dtype).astype(y.dtype)
        return y  # type: ignore[no-any-return]

    @flax.linen.nowrap
    def _table(self) -> Any:
        """The table, ``[vocabulary, width]``."""
        scope: Any = self.scope
        for _ in range(self.up):
            scope = scope.parent
        first, *rest = (*self.embedding, "embedding")
        entry = scope.get_variable("params", first)
        for name in rest:
            entry = entry[name]
        return entry


@patcher
def tie_weights(tree: Any, scaled: bool = False, *, inputs: ExampleInputs = None) -> Any:
    """Lets the head use the weights of the embedding, see `TiedDense`.

    The head is the dense layer that is called last, if it has as many features as the embedding has entries,
    and inputs as wide as these are. Both are found by a call of the model, from example inputs.

    Press and Wolf, "Using the Output Embedding to Improve Language Models", 2017, section 2.

    Args:
        tree: The experiment.
        scaled: Whether the outputs are divided by the square root of the width, as where entries have
            variance 1.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Embed(9, 4), nn.Dense(9, use_bias=False)])
        >>> x = jax.numpy.ones((1, 3), int)
        >>> tied = sj.patch(model, 'tie_weights', inputs=x)
        >>> jax.tree.map(jax.numpy.shape, tied.init(jax.random.key(0), x)['params'])
        {'layers_0': {'embedding': (9, 4)}}
    """

    def plan(seen: Blocks) -> Plan:
        heads = seen.with_role("dense")[-1:]
        pairs = [(head, embedding) for head in heads for embedding in seen.with_role("embedding")]
        fitting = [pair for pair in pairs if _fit(*pair)]
        return {head.path: _tied(head.path, embedding.path, scaled) for head, embedding in fitting[:1]}

    return planned(tree, inputs, plan, "heads as wide as an embedding has entries")


def _fit(head: Visit, embedding: Visit) -> bool:
    """Whether a dense layer leads from the width of an embedding to its entries."""
    if head.inputs is None or head.outputs is None or embedding.outputs is None:
        return False
    entries = getattr(embedding.module, "num_embeddings", None)
    return head.outputs.shape[-1] == entries and head.inputs.shape[-1] == embedding.outputs.shape[-1]  # type: ignore[no-any-return]


def _tied(head: Names, embedding: Names, scaled: bool) -> Any:
    shared = 0
    while head[shared] == embedding[shared]:
        shared += 1
    return TiedDense.partial(up=len(head) - shared, embedding=embedding[shared:], scaled=scaled)
