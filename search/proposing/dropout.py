"""Rates of dropout, whatever they are called: found out by looking where the value goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import flax.linen
import jax

from symjax.core.paths import Path
from symjax.patches.analysis.sizes.probe import Probe
from symjax.patches.outlines.calling import program_of
from symjax.patches.outlines.inputs import abstract_key
from symjax.patches.roles.marks import has_role
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import value_at

_MARK: Final = 0.390625  # a rate that nobody chooses, and that float32 holds


def is_rate_of_dropout(probe: Probe, path: Path) -> bool:
    """Whether a layer of dropout has as its rate what stands at a path.

    The model is called abstractly with a rate there that is found again in its layers.

    Args:
        probe: Calls the model.
        path: Where a float stands in the tree; anywhere else than in the model it is none.
    """
    if not path.startswith(probe.model.path):
        return False
    try:
        node = value_at(rebind(probe.tree, {path: _MARK}), probe.model.path)
        return any(getattr(layer, "rate", None) == _MARK for layer in _layers_of_dropout(probe, node))
    except Exception:  # noqa: BLE001 - other people's models may raise anything
        return False


def _layers_of_dropout(probe: Probe, node: Any) -> Iterator[Any]:
    """The layers of dropout of a model."""
    program = program_of(probe.model._replace(node=node), probe.inputs)
    layers: list[Any] = []

    def note(run: Any, args: Any, kwargs: Any, context: Any) -> Any:
        layers.append(context.module)
        return run(*args, **kwargs)

    def call(key: Any, arrays: Any) -> Any:
        variables = program.init(key, arrays)
        return variables, program.apply(variables, key, arrays, True)

    with flax.linen.intercept_methods(note):
        variables, _ = jax.eval_shape(call, abstract_key(), program.arrays)
    if probe.model.kind == "nnx":
        from flax import nnx  # slow to import

        from symjax.patches.outlines.nnx_calling import module_with  # imports NNX

        layers += [layer for _, layer in nnx.iter_modules(module_with(node, variables))]
    return (layer for layer in layers if has_role(layer, "dropout"))
