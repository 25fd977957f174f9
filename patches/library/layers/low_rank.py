"""Matrices of low rank: beside those of dense layers (LoRA), or in their place."""

from __future__ import annotations

import math
from typing import Annotated, Any

import flax.linen
import jax
import jax.numpy as jnp
from annotated_types import Ge, Gt, Lt
from flax.typing import Dtype, Initializer

from symjax import linen as nn
from symjax.adoption.linen.modules import Module
from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.layers import layers
from ...interior.wrapping import Wrapping, is_wrapped
from ...roles.editing import is_decided, is_flax_layer, linen_version, rebuilt, values
from ...roles.marks import role


class LowRankAdapted(Wrapping):
    """A dense layer, plus a trainable matrix of low rank: ``W x + (alpha / rank) B A x``.

    ``B`` begins at zero: at first the outputs are those of the layer, whose parameters keep their names.

    Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, section 4.1, equation 3.

    Attributes:
        layer: The dense layer.
        rank: That of the added matrix.
        alpha: The added matrix counts ``alpha / rank``.
        axis: Which axes of the inputs the layer contracts, as `flax.linen.DenseGeneral` has it.
        features: What the layer makes of them, likewise.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> layer = LowRankAdapted(nn.Dense(3, use_bias=False), rank=2, features=3)
        >>> jax.tree.map(jax.numpy.shape, layer.init(jax.random.key(0), jax.numpy.ones((1, 4)))['params'])
        {'kernel': (4, 3), 'lora_a': {'kernel': (4, 2)}, 'lora_b': {'kernel': (2, 3)}}
    """

    rank: int = 4
    alpha: float = 1.0
    axis: Any = -1
    features: Any = None
    dtype: Dtype | None = None
    param_dtype: Dtype = jnp.float32

    @flax.linen.compact
    def __call__(self, x: jax.Array, *args: Any, **kwargs: Any) -> jax.Array:
        """The layer's outputs, adapted.

        Args:
            x: Inputs of the layer.
            *args: Further arguments of its call.
            **kwargs: Likewise.
        """
        y = self.run(x, *args, **kwargs)
        if self.is_repeated():
            return y  # type: ignore[no-any-return]
        types: dict[str, Any] = {"use_bias": False, "dtype": self.dtype, "param_dtype": self.param_dtype}
        narrow = flax.linen.DenseGeneral(self.rank, axis=self.axis, name="lora_a", **types)(x)
        zeros = flax.linen.initializers.zeros_init()
        wide = flax.linen.DenseGeneral(self.features, kernel_init=zeros, name="lora_b", **types)(narrow)
        return y + (self.alpha / self.rank * wide).astype(y.dtype)  # type: ignore[no-any-return]


@patcher
def lora(
    tree: Any,
    rank: Annotated[int, Ge(1)] = 4,
    alpha: Annotated[float, Gt(0), Lt(math.inf)] = 1.0,
) -> Any:
    """Adds a matrix of low rank to every dense layer, those inside attention included.

    All parameters keep their names, so that those of the model as it was are still taken; only the new ones,
    ``lora_a`` and ``lora_b``, are meant to be trained, which is said to the optimizer (`optax.masked`), by
    `is_lora`.

    Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, section 4.1.

    Args:
        tree: The experiment.
        rank: That of each added matrix.
        alpha: It counts ``alpha / rank``.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dense(8)], 'lora?rank=2')
        [LowRankAdapted(layer=Dense(features=8), rank=2, features=8)]
    """

    def rule(k: Path, v: Any, p: Any) -> Any:
        arguments = values(v, "dense")
        if is_wrapped(p, LowRankAdapted) or "features" not in arguments:
            return v
        if arguments.get("batch_dims", ()) not in ((), None) or not is_decided(arguments["features"]):
            return v
        layer = linen_version(v)
        return (
            v if layer is None else rebuilt(v, "dense", LowRankAdapted, layer=layer, rank=rank, alpha=alpha)
        )

    return layers(rule)


def is_lora(params: Any) -> Any:
    """Which parameters `lora` has added: a tree of booleans, as `optax.masked` takes it.

    Args:
        params: Parameters, or gradients or updates of them.

    Example:
        >>> is_lora({'Dense_0': {'kernel': 1.0, 'lora_a': {'kernel': 2.0}}})
        {'Dense_0': {'kernel': False, 'lora_a': {'kernel': True}}}
    """
    names = {"lora_a", "lora_b"}

    def added(path: Any, leaf: Any) -> bool:
        return any(getattr(key, "key", getattr(key, "name", None)) in names for key in path)

    return jax.tree_util.tree_map_with_path(added, params)


@role("dense")
class FactorizedDense(Module):
    """A dense layer whose matrix is the product of two, with `rank` features between them.

    It has ``rank * (inputs + features)`` weights, where a dense layer has ``inputs * features``. Where this
    is no fewer, it is one dense layer.

    Example:
        >>> import jax
        >>> layer = FactorizedDense(8, rank=2)
        >>> jax.tree.map(jax.numpy.shape, layer.init(jax.random.key(0), jax.numpy.ones((1, 4)))['params'])
        {'narrow': {'kernel': (4, 2)}, 'wide': {'bias': (8,), 'kernel': (2, 8)}}
    """

    features: int
    rank: int = 8
    use_bias: bool = True
    dtype: Dtype | None = None
    param_dtype: Dtype = jnp.float32
    precision: Any = None
    kernel_init: Initializer = nn.Dense.kernel_init
    bias_init: Initializer = nn.Dense.bias_init

    @flax.linen.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """``[*batch, features]``, from ``[*batch, inputs]``."""
        shared: dict[str, Any] = {
            "dtype": self.dtype,
            "param_dtype": self.param_dtype,
            "precision": self.precision,
            "kernel_init": self.kernel_init,
        }
        channels = inputs.shape[-1]
        if self.rank * (channels + self.features) < channels * self.features:
            inputs = flax.linen.Dense(self.rank, use_bias=False, name="narrow", **shared)(inputs)
        wide = flax.linen.Dense(
            self.features, use_bias=self.use_bias, bias_init=self.bias_init, name="wide", **shared
        )
        return wide(inputs)


@patcher
def factorize_dense(tree: Any, rank: Annotated[int, Ge(1)]) -> Any:
    """Replaces every dense layer by a `FactorizedDense` where that has fewer weights.

    Sainath et al., "Low-Rank Matrix Factorization for Deep Neural Network Training with High-Dimensional
    Output Targets", 2013, section 3.

    Args:
        tree: The experiment.
        rank: The features between the two matrices.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dense(8)], 'factorize_dense?2')
        [FactorizedDense(features=8, rank=2)]
    """

    def rule(k: Path, v: Any) -> Any:
        arguments = values(v, "dense")
        # A dense layer of several axes is one of several matrices: heads of attention, for one.
        several = arguments.keys() & {"axis", "rank"} or type(arguments.get("features")) is not int
        if several or not is_flax_layer(v):
            return v
        return rebuilt(v, "dense", FactorizedDense, rank=rank)

    return layers(rule)
