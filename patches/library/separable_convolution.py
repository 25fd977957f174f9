"""`apply_sepconv`, and `SeparableConv`, the layer that it puts in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import flax.linen
import jax
import jax.numpy as jnp
from flax.typing import Dtype, Initializer, PaddingLike, PrecisionLike

from symjax import linen as nn
from symjax.adoption.linen.modules import Module
from symjax.core.paths import Path
from symjax.verbs.equality import eq

from ..core.patch import Patch
from ..core.patcher import patcher
from ..interior.layers import layers
from ..roles.marks import arguments, has_role, role


@role("convolution", "separable_convolution")
class SeparableConv(Module):
    """A depthwise convolution, one filter for each channel, then a pointwise one to mix them.

    With the arguments of `flax.linen.Conv`. It has ``k·c + c·n`` weights for ``k`` positions of the
    kernel, ``c`` input channels and ``n`` features, where a convolution has ``k·c·n``. Its
    submodules are ``depthwise``, without a bias, and ``pointwise``.

    Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2017, section 3.

    Example:
        >>> import jax
        >>> x = jax.numpy.ones((1, 8, 8, 4))
        >>> variables = SeparableConv(16, (3, 3)).init(jax.random.key(0), x)
        >>> jax.tree.map(jax.numpy.shape, variables['params']['depthwise'])
        {'kernel': (3, 3, 1, 4)}
    """

    features: int
    kernel_size: int | Sequence[int]
    strides: int | Sequence[int] | None = 1
    padding: PaddingLike = "SAME"
    input_dilation: int | Sequence[int] | None = 1
    kernel_dilation: int | Sequence[int] | None = 1
    use_bias: bool = True
    dtype: Dtype | None = None
    param_dtype: Dtype = jnp.float32
    precision: PrecisionLike = None
    kernel_init: Initializer = nn.Conv.kernel_init
    bias_init: Initializer = nn.Conv.bias_init
    promote_dtype: Any = nn.Conv.promote_dtype

    @flax.linen.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Convolves.

        Args:
            inputs: ``[*batch, *spatial, channels]``.

        Returns:
            ``[*batch, *spatial, features]``.
        """
        channels = inputs.shape[-1]
        size = self.kernel_size
        ones = 1 if isinstance(size, int) else (1,) * len(size)
        shared: dict[str, Any] = {
            "dtype": self.dtype,
            "param_dtype": self.param_dtype,
            "precision": self.precision,
            "kernel_init": self.kernel_init,
            "promote_dtype": self.promote_dtype,
        }
        mixed = flax.linen.Conv(
            channels,
            size,
            strides=self.strides,
            padding=self.padding,
            input_dilation=self.input_dilation,
            kernel_dilation=self.kernel_dilation,
            feature_group_count=channels,
            use_bias=False,
            name="depthwise",
            **shared,
        )(inputs)
        return flax.linen.Conv(
            self.features,
            ones,
            use_bias=self.use_bias,
            bias_init=self.bias_init,
            name="pointwise",
            **shared,
        )(mixed)


# What a separable convolution takes over from the convolution in whose place it stands.
_KEPT: Final = (
    "features",
    "kernel_size",
    "strides",
    "padding",
    "input_dilation",
    "kernel_dilation",
    "use_bias",
    "dtype",
    "param_dtype",
    "precision",
    "kernel_init",
    "bias_init",
    "promote_dtype",
    "name",
)
# What a separable convolution has no place for, and the values under which it does not matter.
_PLAIN: Final = {
    "feature_group_count": 1,
    "mask": None,
    "conv_general_dilated": None,
    "conv_general_dilated_cls": None,
}
_OTHER_KINDS: Final = ("separable_convolution", "transposed_convolution", "local_convolution")


@patcher
def apply_sepconv(tree: Any) -> Patch:
    """Replaces every convolution by a `SeparableConv` with the same arguments.

    What has the role ``'convolution'`` is replaced, see `symjax.role`, in fields and inside of models. Left
    as they are: pointwise convolutions (all sizes 1), grouped and depthwise, masked, transposed and local
    ones, and those with a convolution function of their own.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = sj.patch(nn.Sequential([nn.Conv(8, (3, 3), strides=2)]), 'apply_sepconv')
        >>> layer = model.layers[0]
        >>> type(layer).__name__, layer.features, layer.kernel_size, layer.strides
        ('SeparableConv', 8, (3, 3), 2)
    """

    def rule(k: Path, v: Any) -> Any:
        if not has_role(v, "convolution") or has_role(v, *_OTHER_KINDS):
            return v
        values = {name: argument.value for name, argument in arguments(v, "convolution").items()}
        if "features" not in values or not _is_separable(values):
            return v
        return SeparableConv(**{name: value for name, value in values.items() if name in _KEPT})

    return layers(rule)


def _is_separable(values: Mapping[str, Any]) -> bool:
    """Whether a convolution with these arguments may be replaced."""
    plain = all(eq(values[name], value) for name, value in _PLAIN.items() if name in values)
    return plain and not _is_pointwise(values.get("kernel_size", 1))


def _is_pointwise(kernel_size: object) -> bool:
    """Whether all sizes are 1, as far as they are decided."""
    return kernel_size == 1 or (isinstance(kernel_size, tuple) and set(kernel_size) == {1})
