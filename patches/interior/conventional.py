"""Layers that know by themselves whether their model trains: what patches put into models that had none.

The convention: a layer is deterministic unless a ``dropout`` key is given, and uses running averages unless
``batch_stats`` is mutable. `symjax.apply` calls models by it.
"""

from __future__ import annotations

from typing import Any

import flax.linen
import jax

from symjax import linen as nn

from ..roles.marks import role


@role("dropout")
class AutoDropout(nn.Dropout):
    """Dropout that is active where a ``dropout`` key is given, and does nothing otherwise.

    With the arguments of `flax.linen.Dropout`, whose ``deterministic`` decides where it is given, to the
    layer or to its call. Inside of `flax.linen.scan` and `flax.linen.vmap` keys arrive by those names only
    that their ``split_rngs`` lists.

    Example:
        >>> import jax
        >>> from symjax.patches.interior.conventional import AutoDropout
        >>> x = jax.numpy.ones((2, 3))
        >>> bool((AutoDropout(0.5).apply({}, x) == x).all())
        True
        >>> dropped = AutoDropout(0.5).apply({}, x, rngs={'dropout': jax.random.key(0)})
        >>> sorted(set(dropped.ravel().tolist()))
        [0.0, 2.0]
    """

    @flax.linen.compact
    def __call__(self, inputs: jax.Array, deterministic: bool | None = None, rng: Any = None) -> jax.Array:
        """Drops.

        Args:
            inputs: Of any shape.
            deterministic: Whether to keep everything; must not be said twice, here and in the layer.
            rng: A key, where it is not to be that of the model.

        Returns:
            An array of the same shape.
        """
        if self.deterministic is None and deterministic is None:
            deterministic = rng is None and not self.has_rng(self.rng_collection)
        return super().__call__(inputs, deterministic, rng)  # type: ignore[no-any-return]


@role("normalization")
class AutoBatchNorm(nn.BatchNorm):
    """Batch normalization by the batch where ``batch_stats`` is mutable, by running averages otherwise.

    With the arguments of `flax.linen.BatchNorm`, whose ``use_running_average`` decides where it is given,
    to the layer or to its call.

    Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift", 2015.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from symjax.patches.interior.conventional import AutoBatchNorm
        >>> norm, x = AutoBatchNorm(), jnp.array([[1.0], [3.0]])
        >>> variables = norm.init(jax.random.key(0), x)
        >>> norm.apply(variables, x).ravel().round(2).tolist()
        [1.0, 3.0]
        >>> outputs, _ = norm.apply(variables, x, mutable=['batch_stats'])
        >>> outputs.ravel().round(2).tolist()
        [-1.0, 1.0]
    """

    @flax.linen.compact
    def __call__(self, x: jax.Array, use_running_average: bool | None = None, **kwargs: Any) -> jax.Array:
        """Normalizes.

        Args:
            x: ``[*batch, features]``.
            use_running_average: Must not be said twice, here and in the layer.
            **kwargs: As of `flax.linen.BatchNorm`.

        Returns:
            An array of the same shape.
        """
        if self.use_running_average is None and use_running_average is None:
            use_running_average = not self.is_mutable_collection("batch_stats")
        return super().__call__(x, use_running_average, **kwargs)  # type: ignore[no-any-return]
