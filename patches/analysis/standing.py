"""Layers in fields of a tree, and what an abstract call of their model tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flax.linen

from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.verbs.tree import items

from ..interior.wrapping import Wrapping
from ..outlines.finding import models
from ..outlines.inputs import ExampleInputs, inputs_for
from ..roles.marks import noting_roles
from .blocks import Names, Visit, blocks


@noting_roles()
def visits_of_fields(tree: Any, inputs: ExampleInputs) -> dict[Path, Visit]:
    """What the layers in fields of a tree are called with, and what they return.

    Args:
        tree: The experiment.
        inputs: Example inputs of its models, see `symjax.patch`.

    Returns:
        By path in the tree, the layers of those Linen models whose inputs are known; not those inside of
        models, which no field holds, nor those that are not called.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Dense(8), nn.Dense(3)])
        >>> visits_of_fields({'model': model}, jnp.ones((2, 4)))[Path.parse('model.layers[1]')].inputs.shape
        (2, 8)
    """
    known = inputs_for(tree, inputs)
    visits: dict[Path, Visit] = {}
    for model in models(tree):
        if model.kind != "linen" or model.path not in known:
            continue
        by_names = {visit.path: visit for visit in blocks(model, known[model.path]).visits}
        for path, names in _modules(model.node, model.path, ()):
            if names in by_names:
                visits[path] = by_names[names]
    return visits


def _modules(
    value: Any, path: Path, names: Names, keys: tuple[str, ...] = ()
) -> Iterator[tuple[Path, Names]]:
    """The modules in a value, and what Flax calls them: the field and, for those in containers, the keys.

    It calls them so whatever name they were given.
    """
    if isinstance(value, flax.linen.Module):
        if keys:
            names = (*names, "_".join(keys))
        if not isinstance(value, Wrapping):  # a call tells of what runs inside, at the same names
            yield path, names
        keys = ()
    for key, item in items(value) or ():
        if key == "layer" and isinstance(value, Wrapping):  # it runs in the scope of what stands around it
            yield from _modules(item, path / key, names)
        elif key != INSIDE:
            yield from _modules(item, path / key, names, (*keys, str(key)))
