"""Normalization: of another kind, added, in another place."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import flax.linen
import jax
import jax.numpy as jnp
from annotated_types import Ge
from flax.typing import Dtype, Initializer

from symjax import linen as nn
from symjax.adoption.linen.modules import Module
from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.conventional import AutoBatchNorm
from ...interior.inserting import insert, inserts
from ...interior.layers import layers
from ...roles.editing import is_flax_layer, rebuilt, values
from ...roles.marks import has_role, member, role

Kind: TypeAlias = Literal["batch", "group", "instance", "layer", "rms"]
"""What is normalized together."""

PRE_NORM: Final = ("norm_first", "pre_norm", "prenorm", "normalize_before", "pre_layer_norm", "norm_before")
"""What models call the choice whether a block normalizes its input, or the sum with its output."""


@role("normalization")
class Normalization(Module):
    """Normalization of any kind, with the arguments and calls of all of Flax's.

    So it stands in the place of a layer of another kind: what that one is told and this one does not need is
    passed over. It has that layer's parameters, ``scale`` and ``bias``.

    - ``batch``: each feature over the batch; running averages are used unless the collection ``batch_stats``
      is mutable, or as it is told. Ioffe and Szegedy, "Batch Normalization", 2015, algorithm 1.
    - ``layer``: the features of each position. Ba, Kiros and Hinton, "Layer Normalization", 2016, equation 4.
    - ``rms``: likewise, by their root mean square. Zhang and Sennrich, "Root Mean Square Layer
      Normalization", 2019, equation 4.
    - ``group``: groups of features over all positions. Wu and He, "Group Normalization", 2018, section 3.1.
    - ``instance``: each feature over all positions. Ulyanov, Vedaldi and Lempitsky, "Instance Normalization:
      The Missing Ingredient for Fast Stylization", 2016, equation 5.

    Over positions, over the batch: a model that must not see what comes later then does.

    Attributes:
        kind: One of these.
        groups: How many groups, where it is ``group``; the greatest number that divides both this and the
            features.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> layer, x = Normalization('rms'), jnp.array([[3.0, 3.0]])
        >>> layer.apply(layer.init(jax.random.key(0), x), x, use_running_average=True).round().tolist()
        [[1.0, 1.0]]
    """

    kind: Kind
    use_running_average: bool | None = None
    momentum: float = 0.99
    epsilon: float = 1e-6
    dtype: Dtype | None = None
    param_dtype: Dtype = jnp.float32
    use_bias: bool = True
    use_scale: bool = True
    bias_init: Initializer = nn.BatchNorm.bias_init
    scale_init: Initializer = nn.BatchNorm.scale_init
    axis_name: str | None = None
    axis_index_groups: Any = None
    use_fast_variance: bool = True
    groups: int = 32

    @flax.linen.compact
    def __call__(
        self, x: jax.Array, use_running_average: bool | None = None, *, mask: jax.Array | None = None
    ) -> jax.Array:
        """Normalizes.

        Args:
            x: ``[batch, *positions, features]``.
            use_running_average: For ``batch``: whether the statistics are those of training, not those of
                `x`.
            mask: What counts in the statistics.

        Returns:
            An array of the same shape.

        Raises:
            ValueError: ``instance``, and no axis of positions.
        """
        layer = self._layer(x)
        assert self.scope is not None
        bound = layer.clone(parent=self.scope.rewound())
        if self.kind == "batch":
            use = self.use_running_average if use_running_average is None else use_running_average
            return bound(x, use, mask=mask)  # type: ignore[no-any-return]
        return bound(x, mask=mask)  # type: ignore[no-any-return]

    @flax.linen.nowrap
    def layer_kind(self) -> str:
        """What it is called in tables of layers: as the layer of Flax's that does it."""
        return str(_KINDS[self.kind].__name__)

    @flax.linen.nowrap
    def _layer(self, x: jax.Array) -> Any:
        """The layer of Flax's that does it."""
        if self.kind == "instance" and x.ndim < 3:
            raise ValueError(
                f"instance normalization needs an axis of positions, and gets {x.shape}: "
                "each number would be normalized by itself; take another kind of normalization here"
            )
        options: dict[str, Any] = {
            name: getattr(self, name)
            for name in _SHARED
            if self.kind != "rms" or name not in ("use_bias", "bias_init")
        }
        if self.kind == "group":
            options["num_groups"] = math.gcd(self.groups, x.shape[-1])
        if self.kind == "batch":
            options["momentum"] = self.momentum
        return _KINDS[self.kind](**options)


_SHARED: Final = (
    "epsilon",
    "dtype",
    "param_dtype",
    "use_bias",
    "use_scale",
    "bias_init",
    "scale_init",
    "axis_name",
    "axis_index_groups",
    "use_fast_variance",
)
_KINDS: Final[dict[str, Any]] = {
    "batch": AutoBatchNorm,
    "group": flax.linen.GroupNorm,
    "instance": flax.linen.InstanceNorm,
    "layer": flax.linen.LayerNorm,
    "rms": flax.linen.RMSNorm,
}
assert _KINDS.keys() == set(get_args(Kind))
# Which axes are normalized, and which have numbers of their own: features are the last one, and nothing else.
_AXES: Final = ("axis", "feature_axes", "reduction_axes")
_LAST: Final = (-1, (-1,), None)


@patcher
def swap_normalization(tree: Any, to: Kind, groups: Annotated[int, Ge(1)] = 32) -> Any:
    """Replaces every normalization of activations by one of another kind, see `Normalization`.

    All arguments are kept that the new kind has; but the devices over which batch normalization averages
    (``axis_name``) are its own. Left as they are: layers of that kind, those of other axes than the last one,
    and normalizations of weights.

    Args:
        tree: The experiment.
        to: The new kind.
        groups: How many groups, where that is ``group``.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.BatchNorm(use_running_average=True, epsilon=1e-3)], 'swap_normalization?rms')
        [Normalization(kind='rms', use_running_average=True, epsilon=0.001)]
    """

    def rule(k: Path, v: Any) -> Any:
        if not has_role(v, "normalization") or not is_flax_layer(v) or kind_of(v) == to:
            return v
        arguments = values(v, "normalization")
        if "layer_instance" in arguments or any(arguments.get(axes) not in _LAST for axes in _AXES):
            return v
        # Devices are averaged over where there is a batch: other kinds know each example by itself.
        alone = {"axis_name": None, "axis_index_groups": None} if kind_of(v) == "batch" else {}
        return rebuilt(v, "normalization", Normalization, kind=to, groups=groups, **alone)

    return layers(rule)


@patcher
def add_normalization(
    tree: Any,
    kind: Kind = "batch",
    after: Literal["convolution", "dense", "attention"] = "convolution",
) -> Any:
    """Adds a normalization after every layer of a role.

    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift", 2015, section 3.2: before the nonlinearity.

    Args:
        tree: The experiment.
        kind: What is normalized together, see `Normalization`.
        after: The role; dense layers are meant with the last one, whose outputs are normalized too.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = sj.patch(nn.Sequential([nn.Conv(8, (3, 3)), nn.relu]), 'add_normalization?batch')
        >>> sorted(model.init(jax.random.key(0), jax.numpy.ones((1, 8, 8, 3))))
        ['batch_stats', 'params']
    """
    new = Normalization(kind)

    def rule(k: Path, v: Any, p: Any) -> Any:
        asked = has_role(v, after) and is_flax_layer(v) and not inserts(p, new)
        return insert(v, after=(new,)) if asked else v

    return layers(rule)


@patcher
def place_normalization(tree: Any, where: Literal["pre", "post"]) -> Any:
    """Lets blocks normalize their input (``pre``), or the sum of their input and their output (``post``).

    A block says itself where it can do both: by the argument ``norm_first`` of the role ``'residual_block'``,
    see `symjax.role`, or by a boolean field of that or another usual name (``prenorm``,
    ``normalize_before``).

    Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020, figure 1; He et al.,
    "Identity Mappings in Deep Residual Networks", 2016, section 4.

    Args:
        tree: The experiment.
        where: Before the block, or after it.

    Example:
        >>> import symjax as sj
        >>> class Config(sj.Object):
        ...     normalize_before: bool = False
        >>> sj.patch(Config(), 'place_normalization?pre')
        Config(normalize_before=True)
    """

    def rule(k: Path, v: Any, p: Any) -> Any:
        own = member(p, "residual_block", "norm_first")
        return where == "pre" if type(v) is bool and k.key in (own, *PRE_NORM) else v

    return layers(rule)


def kind_of(layer: Any) -> str | None:
    """The kind of a normalization; None for one of no known kind.

    Example:
        >>> from symjax import linen as nn
        >>> kind_of(nn.RMSNorm()), kind_of(Normalization('group')), kind_of(nn.Dense(3))
        ('rms', 'group', None)
    """
    if isinstance(layer, Normalization):
        return layer.kind
    kinds = [kind for kind in get_args(Kind) if has_role(layer, f"{kind}_normalization")]
    return kinds[0] if kinds else None
