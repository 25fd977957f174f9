"""`group_convolutions`: convolutions in groups of channels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Annotated, Any, Final

import flax.linen
import jax
from annotated_types import Ge

from symjax import linen as nn
from symjax.core.paths import Path

from ...analysis.blocks import Visit
from ...analysis.standing import visits_of_fields
from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...interior.layers import layers
from ...interior.recording import changes_nothing
from ...outlines.inputs import ExampleInputs
from ...roles.editing import is_flax_layer, rebuilt, values
from ...roles.marks import has_role, role
from .squeeze_excitation import is_pointwise


@role("convolution")
class GroupedConv(nn.Conv):
    """A convolution in groups of channels, of which there are as many as its channels and features allow.

    With the arguments of `flax.linen.Conv`, among which `feature_group_count` is not used.

    Attributes:
        groups: How many; the greatest common divisor of this, the channels and the features counts.

    Example:
        >>> import jax
        >>> layer = GroupedConv(8, (3, 3), groups=4)
        >>> layer.init(jax.random.key(0), jax.numpy.ones((1, 5, 5, 6)))['params']['kernel'].shape
        (3, 3, 3, 8)
    """

    groups: int = 1

    @flax.linen.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Convolves."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(flax.linen.Conv) if f.init}
        own["feature_group_count"] = math.gcd(self.groups, inputs.shape[-1], self.features)
        if own["feature_group_count"] == 1:
            changes_nothing(self)
        assert self.scope is not None
        convolution = flax.linen.Conv(**{**own, "parent": self.scope.rewound(), "name": None})
        return convolution(inputs)


_OTHER_KINDS: Final = ("separable_convolution", "transposed_convolution", "local_convolution")


@patcher
def group_convolutions(
    tree: Any, groups: Annotated[int, Ge(2)] = 32, *, inputs: ExampleInputs = None
) -> LookingFor:
    """Divides every convolution over positions into groups of channels, each of which sees its own only.

    Where channels or features cannot be divided so, there are as many groups as divide them and `groups`.
    Left as they are: pointwise convolutions, those that have groups already, and those of which this number
    is 1. In Linen models that takes example inputs, as the features alone do not always tell: without them,
    such a convolution is replaced too, and finds out when it runs.

    Xie et al., "Aggregated Residual Transformations for Deep Neural Networks" (ResNeXt), 2017, section 3.3,
    figure 3c.

    Args:
        tree: The experiment.
        groups: How many, called cardinality there.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Conv(8, (3, 3)), nn.Conv(8, (1, 1))], 'group_convolutions?4')
        [GroupedConv(features=8, kernel_size=(3, 3), groups=4), Conv(features=8, kernel_size=(1, 1))]
    """
    visits = visits_of_fields(tree, inputs) if inputs is not None else {}

    def rule(k: Path, v: Any) -> Any:
        arguments = values(v, "convolution")
        plain = arguments.get("feature_group_count") == 1 and arguments.get("mask") is None
        if (
            not plain
            or not is_flax_layer(v)
            or has_role(v, *_OTHER_KINDS)
            or is_pointwise(arguments["kernel_size"])
            or _most_groups(groups, arguments, visits.get(k)) == 1
        ):
            return v
        return rebuilt(v, "convolution", GroupedConv, groups=groups)

    what = f"convolutions over positions that can be divided into groups, of which {groups} is a multiple"
    return LookingFor(what, layers(rule))


def _most_groups(groups: int, arguments: Mapping[str, Any], visit: Visit | None) -> int:
    """How many groups a convolution has at most, as far as its channels and features are known."""
    known = [arguments.get("features"), arguments.get("in_features")]
    if visit is not None and visit.inputs is not None:
        known.append(visit.inputs.shape[-1])
    return math.gcd(groups, *[size for size in known if isinstance(size, int)])
