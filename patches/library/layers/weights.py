"""Layers whose kernels are normalized before they are used."""

from __future__ import annotations

from typing import Any, Final

import flax.linen
import jax
import jax.numpy as jnp

from ...core.patcher import patcher
from ...interior.layers import layers
from ...interior.wrapping import Wrapping, accepted, is_wrapped
from ...roles.editing import linen_version, values

_EPSILON: Final = 1e-10  # of squares; a kernel of zeros stays one


class Reparametrized(Wrapping):
    """A layer that runs with another kernel than its parameter ``kernel``, which is computed from that.

    Subclasses say how, by `kernel`.

    Attributes:
        layer: A layer without state and without randomness.
        outputs: How many of the kernel's last axes are features of the outputs.
    """

    outputs: int = 1

    @flax.linen.compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the layer returns."""

        def changed(variables: Any) -> Any:
            params = variables["params"]
            return {
                **variables,
                "params": {**params, "kernel": self.kernel(flax.linen.meta.unbox(params["kernel"]))},
            }

        lifted = flax.linen.map_variables(
            lambda layer: layer(*args, **accepted(layer, kwargs)),
            "params",
            changed,
            init=self.is_initializing(),
        )
        with self.running():
            return lifted(self.bound())  # type: ignore[no-untyped-call]

    @flax.linen.nowrap
    def kernel(self, kernel: jax.Array) -> jax.Array:
        """The kernel that is used, from the parameter: ``[*inputs, *outputs]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no kernel(self, kernel)")

    @flax.linen.nowrap
    def inputs(self, kernel: jax.Array) -> tuple[int, ...]:
        """The axes of a kernel that are no features of the outputs."""
        return tuple(range(kernel.ndim - self.outputs))


class WeightNormalized(Reparametrized):
    """A layer with the direction of each feature's weights as one parameter, and their length as another.

    ``w = g v / |v|``, where ``v`` is ``kernel`` and ``g`` is ``kernel_norm``, which begins as ``|v|``: at
    first the outputs are those of the layer.

    Salimans and Kingma, "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep
    Neural Networks", 2016, section 2, equation 2.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> variables = WeightNormalized(nn.Dense(3)).init(jax.random.key(0), jax.numpy.ones((1, 4)))
        >>> jax.tree.map(jax.numpy.shape, variables['params'])
        {'bias': (3,), 'kernel': (4, 3), 'kernel_norm': (3,)}
    """

    @flax.linen.nowrap
    def kernel(self, kernel: jax.Array) -> jax.Array:
        """See `Reparametrized.kernel`."""
        norms = jnp.sqrt((kernel**2).sum(self.inputs(kernel)) + _EPSILON)
        return kernel * (self.param("kernel_norm", lambda key: norms) / norms)


class WeightStandardized(Reparametrized):
    """A layer whose weights of each feature have mean 0 and variance 1.

    Qiao et al., "Micro-Batch Training with Batch-Channel Normalization and Weight Standardization", 2019,
    section 3, equations 3 and 4. It is meant to be followed by a normalization.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> layer = WeightStandardized(nn.Dense(1, use_bias=False))
        >>> params = {'params': {'kernel': jnp.array([[1.0], [3.0]])}}
        >>> layer.apply(params, jnp.array([[1.0, 0.0]])).item()
        -1.0
    """

    @flax.linen.nowrap
    def kernel(self, kernel: jax.Array) -> jax.Array:
        """See `Reparametrized.kernel`."""
        axes = self.inputs(kernel)
        centred = kernel - kernel.mean(axes, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(axes, keepdims=True) + _EPSILON)


@patcher
def weight_norm(tree: Any) -> Any:
    """Separates length and direction of the weights of every convolution and dense layer.

    See `WeightNormalized`. At first all outputs stay as they are.

    Salimans and Kingma, "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep
    Neural Networks", 2016, section 2.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dense(8)], 'weight_norm')
        [WeightNormalized(layer=Dense(features=8))]
    """
    return layers(lambda k, v, p: _reparametrized(v, p, WeightNormalized, "convolution", "dense"))


@patcher
def standardize_weights(tree: Any) -> Any:
    """Gives the weights of each feature of every convolution mean 0 and variance 1.

    See `WeightStandardized`.

    Qiao et al., "Micro-Batch Training with Batch-Channel Normalization and Weight Standardization", 2019,
    section 3.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Conv(8, (3, 3)), nn.Dense(8)], 'standardize_weights')
        [WeightStandardized(layer=Conv(features=8, kernel_size=(3, 3))), Dense(features=8)]
    """
    return layers(lambda k, v, p: _reparametrized(v, p, WeightStandardized, "convolution"))


def _reparametrized(v: Any, p: Any, cls: type[Reparametrized], *roles: str) -> Any:
    """A layer of one of these roles inside another one, if it has one kernel that this one finds."""
    if is_wrapped(p, cls):
        return v
    for role in roles:
        arguments = values(v, role)
        if {"features", "kernel_init"} <= arguments.keys() and arguments.get("batch_dims") in (None, ()):
            if arguments.get("transpose_kernel"):
                return v
            features = arguments["features"]
            layer = linen_version(v)
            return v if layer is None else cls(layer, len(features) if isinstance(features, tuple) else 1)
    return v
