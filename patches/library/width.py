"""`scale_width`: wider or narrower layers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, NamedTuple

import flax.linen
from annotated_types import Gt, Lt

from symjax.core.errors import at
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.tree import is_symbolic
from symjax.verbs.walk import walk

from ..analysis.sizes.resizing import Resizing
from ..core.patch import LookingFor
from ..core.patcher import patcher
from ..interior.attaching import makes_layers
from ..outlines.finding import models
from ..outlines.inputs import Inputs, inputs_for
from ..roles.marks import Argument, arguments, has_role

_WIDTHS: Final = (
    ("convolution", "features"),
    ("dense", "features"),
    ("embedding", "features"),
    ("attention", "qkv_features"),
    ("attention", "out_features"),
    ("recurrent_cell", "features"),
)
_DIVISORS: Final = (
    ("convolution", "feature_group_count"),
    ("normalization", "num_groups"),
    ("attention", "num_heads"),
)


_ROLES: Final = tuple(dict.fromkeys([role for role, _ in (*_WIDTHS, *_DIVISORS)]))


class _Layer(NamedTuple):
    path: Path
    value: object
    arguments: dict[str, dict[str, Argument]]  # by role

    @classmethod
    def of(cls, path: Path, value: object) -> _Layer:
        return cls(path, value, {role: arguments(value, role) for role in _ROLES})

    def read(self, role: str, name: str) -> tuple[Path, Any] | None:
        """Path and value of an argument of a role, under the name that it has in this layer."""
        argument = self.arguments[role].get(name)
        return None if argument is None else (self.path / argument.name, argument.value)


@patcher(static=["factor"])
def scale_width(
    tree: Any, factor: Annotated[float, Gt(0), Lt(math.inf)], *, inputs: Any = None
) -> LookingFor:
    """Multiplies the widths of a model's layers by a factor.

    With example inputs (``sj.patch(exp, 'scale_width?2', inputs=x)``, or a method ``example_inputs`` of the
    experiment) the model is planned as a whole, by abstract calls: first the fields that are widths, also
    of configurations, see `symjax.patches.effects`, but not factors of other widths; then the arguments of
    the modules that it makes inside, whose widths stand in its code. What hangs together (a residual sum,
    what a layer gets from the one before) is scaled together, and keeps its size if the inputs or outputs
    do. So the head stays, and a bottleneck may change. Where the model's code insists on a size, it stays,
    with a warning.

    Without inputs the layers that stand in fields are scaled: the ``features`` of convolutions, dense
    layers and embeddings, the ``qkv_features`` and ``out_features`` of attention, and the ``features`` of
    recurrent cells: whatever has these roles, see `symjax.role`. Then the head is taken to be the last dense
    layer of each model in the order of the tree, or the last convolution of a model without dense
    layers, and stays. A model is an outermost Flax module that holds layers; layers outside of all modules
    are one model. Models that end otherwise (an autoencoder with a dense bottleneck) need the inputs.

    A new width is rounded to the nearest possible one, at least 1: a width that was divisible by the groups
    of a grouped convolution, the groups of a normalization or the heads of an attention in the same
    model stays so. A depthwise convolution gets as many groups as it gets features.

    Wider layers are what Zagoruyko and Komodakis, "Wide Residual Networks", 2016, compare with deeper ones.

    Args:
        tree: The experiment.
        factor: Greater than 0.
        inputs: The example inputs that `symjax.patch` was given.

    Raises:
        ValueError: A width is an open choice: scale it before it is opened, or after it is decided.
        Exception: What a model raises that takes none of the planned widths, with a note that names them.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Conv(16, (3, 3)), nn.relu, nn.Dense(50), nn.Dense(10)])
        >>> wide = sj.patch(model, 'scale_width?1.5')
        >>> [wide.layers[i].features for i in (0, 2, 3)]
        [24, 75, 10]
    """
    by_path = inputs_for(tree, inputs)
    updates: dict[Path, Any] = {}
    for model in models(tree):
        if model.path in by_path:
            updates.update(Resizing.of(tree, model, by_path[model.path]).scaled(factor).updates)
    rest = {path: value for path, value in _in_fields(tree, factor) if not _below(path, by_path)}
    return LookingFor(_what(tree, by_path), {**updates, **rest})


def _below(path: Path, roots: Iterable[Path]) -> bool:
    return any(path.startswith(root) for root in roots)


def _what(tree: Any, by_path: Mapping[Path, Inputs]) -> str:
    """What is looked for, and which models would show more of it if there were inputs."""
    unseen = [str(model) for model in models(tree) if model.path not in by_path and makes_layers(model.node)]
    if not unseen:
        return "widths that neither the inputs nor the outputs of a model fix"
    return (
        f"layers in fields, since the widths of those that {', '.join(unseen)} may make inside only example "
        "inputs show (sj.patch(…, inputs=…), or a method example_inputs of the experiment)"
    )


def _in_fields(tree: Any, factor: float) -> Iterator[tuple[Path, Any]]:
    """The new widths of layers that stand in fields."""
    for layers in _models(tree):
        head = _head(layers)
        divisor = _divisor(layers)
        for layer in layers:
            if layer is not head:
                yield from _scaled(layer, factor, divisor)


def _models(tree: Any) -> list[list[_Layer]]:
    """The nodes of each model, in order; those that lie in no module are a model together."""
    outside: list[_Layer] = []
    models = [outside]
    root: Path | None = None
    for path, value, _ in walk(tree):
        if not is_symbolic(value):
            continue
        if root is None or not path.startswith(root):
            root = path if _is_model(value) else None
            if root is not None:
                models.append([])
        (models[-1] if root is not None else outside).append(_Layer.of(path, value))
    return models


def _is_model(value: object) -> bool:
    """Whether a value is a module of layers, and not a layer itself."""
    return isinstance(value, flax.linen.Module) and not has_role(value, *_ROLES)


def _head(layers: list[_Layer]) -> _Layer | None:
    for role in ("dense", "convolution"):
        candidates = [layer for layer in layers if has_role(layer.value, role)]
        if candidates:
            return candidates[-1]
    return None


def _divisor(layers: list[_Layer]) -> int:
    """The least number that all groups and heads of a model divide."""
    counts = [1]
    for layer in layers:
        for role, name in _DIVISORS:
            count = layer.read(role, name)
            if count is not None and _is_width(count[1]) and not _is_depthwise(layer):
                counts.append(count[1])
    return math.lcm(*counts)


def _scaled(layer: _Layer, factor: float, divisor: int) -> Iterator[tuple[Path, Any]]:
    """The new widths of a layer, by path."""
    for role, name in _WIDTHS:
        width = layer.read(role, name)
        if width is None:
            continue
        path, old = width
        if isinstance(old, Placeholder):
            raise ValueError(
                "the width is an open choice, which cannot be multiplied; scale the width before it is "
                f"opened, or after it is decided {at(path)}"
            )
        if _is_width(old):
            new: Any = _rounded(old, factor, divisor)
        elif isinstance(old, tuple) and old and _is_width(old[-1]):  # (heads, features of each)
            new = (*old[:-1], _rounded(old[-1], factor, 1))
        else:
            continue  # None: as wide as the input
        yield path, new
        if _is_depthwise(layer):
            groups = layer.read(role, "feature_group_count")
            assert groups is not None
            yield groups[0], new


def _rounded(width: int, factor: float, divisor: int) -> int:
    """The scaled width, as divisible as the old one was, and at least 1."""
    unit = math.gcd(width, divisor)
    return max(1, math.floor(width * factor / unit + 0.5)) * unit


def _is_width(value: object) -> bool:
    return type(value) is int and value > 0


def _is_depthwise(layer: _Layer) -> bool:
    features = layer.read("convolution", "features")
    groups = layer.read("convolution", "feature_group_count")
    return (
        features is not None and groups is not None and _is_width(groups[1]) and groups[1] == features[1] > 1
    )
