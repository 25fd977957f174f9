"""`mup_initialization`: heads whose outputs stay of one size as models get wider."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, final

import jax
from annotated_types import Ge

from symjax.core.paths import Path
from symjax.nodes.object import Object

from ...analysis.blocks import Blocks
from ...core.patcher import patcher
from ...interior.parts import LayerPatch
from ...outlines.inputs import ExampleInputs
from ...roles.editing import updated, values
from ...roles.marks import has_role
from .planning import Plan, planned


class FanInScaled(Object):
    """An initializer whose values shrink with the square root of the inputs, beside what it does itself.

    With the usual variance of ``1 / inputs``, they have one of ``base_width / inputs**2``.

    Attributes:
        init: The initializer.
        base_width: At as many inputs nothing changes.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> init = FanInScaled(nn.initializers.ones_init(), base_width=4)
        >>> init(jax.random.key(0), (16, 1))[0].item()
        0.5
    """

    init: Callable[..., Any]
    base_width: int

    def __call__(self, key: jax.Array, shape: tuple[int, ...], *args: Any, **kwargs: Any) -> jax.Array:
        """The values.

        Args:
            key: A key.
            shape: That of a kernel, ``[*inputs, features]``.
            *args: A dtype, as initializers have it.
            **kwargs: Likewise.
        """
        scale = math.sqrt(self.base_width / math.prod(shape[:-1]))
        return jax.tree.map(  # type: ignore[no-any-return]
            lambda values: (scale * values).astype(values.dtype), self.init(key, shape, *args, **kwargs)
        )


@final
class scale_initializers(LayerPatch):
    """A patch of the initializers of certain layers inside a model, as data, see `FanInScaled`.

    Attributes:
        base_widths: By the path of a dense layer in the model, at how many inputs nothing changes.

    Example:
        >>> scale_initializers({'head': 64})
        scale_initializers(base_widths={'head': 64})
    """

    base_widths: dict[str, int]

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        base_width = self.base_widths.get("/".join(map(str, path)))
        if base_width is None or not has_role(layer, "dense"):
            return layer
        return updated(
            layer, "dense", kernel_init=FanInScaled(values(layer, "dense")["kernel_init"], base_width)
        )


@patcher
def mup_initialization(
    tree: Any, base_width: Annotated[int, Ge(1)] = 64, *, inputs: ExampleInputs = None
) -> Any:
    """Initializes the head with a variance of ``1 / inputs**2``: a wider model has no larger outputs.

    The head is the dense layer that is called last, which is found by a call of the model, from example
    inputs. Hidden layers keep their variance of ``1 / inputs``, as Flax's have it. The learning rates of Adam
    are then to be divided by the inputs of each hidden layer and of the head, and the logits of attention by
    the depth of its heads (``mup_attention``).

    Yang et al., "Tensor Programs V: Tuning Large Neural Networks via Zero-Shot Hyperparameter Transfer",
    2022, table 3.

    Args:
        tree: The experiment.
        base_width: The inputs of the head in the model whose hyperparameters are taken.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(2)])
        >>> sj.patch(model, 'mup_initialization?4', inputs=jnp.ones((1, 3))).inside
        (scale_initializers(base_widths={'layers_2': 4}),)
    """

    def plan(seen: Blocks) -> Plan:
        heads = seen.with_role("dense")[-1:]
        return {head.path: base_width for head in heads}

    return planned(tree, inputs, plan, "dense layers", scale_initializers)
