"""Patches of blocks that are found by an abstract call, as data: what is put around which module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

import flax.linen

from symjax.core.inside import INSIDE, is_patchable
from symjax.core.paths import Path
from symjax.verbs.rebind import rebind

from ...analysis.blocks import Blocks, Names, blocks, paths_shown
from ...core.patch import Edited
from ...interior.parts import LayerPatch
from ...outlines.finding import models
from ...outlines.inputs import ExampleInputs, inputs_for
from ...roles.marks import noting_roles

Plan: TypeAlias = Mapping[Names, Any]
"""What is to become of modules, by path: for `wrap_layers`, nodes whose argument `layer` is not given."""


@final
class wrap_layers(LayerPatch):
    """A patch that puts something around certain modules inside a model, as data.

    Attributes:
        around: By the path of a module in the model, a node whose argument `layer` is not given: the module
            is what it gets.

    Example:
        >>> import symjax as sj
        >>> from symjax.patches.library.blocks.residual import Residual
        >>> wrap_layers({'encoder/Block_0': Residual.partial()})
        wrap_layers(around={'encoder/Block_0': Residual(layer=MISSING)})
    """

    around: dict[str, Any]

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        wrapper = self.around.get("/".join(map(str, path)))
        is_module = isinstance(layer, flax.linen.Module)  # fields of layers are shown, too
        return rebind(wrapper, {"layer": layer}) if wrapper is not None and is_module else layer


@noting_roles()  # to know blocks by their layers is not to look for these
def planned(
    tree: Any,
    inputs: ExampleInputs,
    plan: Callable[[Blocks], Plan],
    sought: str,
    patch: Callable[[dict[str, Any]], LayerPatch] = wrap_layers,
    by_sums: bool = False,
) -> Edited:
    """A tree whose Linen models have a patch of some modules inside, which an abstract call has found.

    Args:
        tree: The experiment.
        inputs: Example inputs of its models, see `symjax.patch`.
        plan: From what the call tells of a model to what is put around its modules, or what else `patch`
            takes.
        sought: What the plan looks for, in the plural, as a message has it.
        patch: From that, by path as text, to the patch.
        by_sums: Whether it looks for sums, which are not seen inside of `flax.linen.scan` and its like.
    """
    known = inputs_for(tree, inputs)
    if not known:
        return Edited(tree, why=f"{sought} are found by a call: give example inputs, sj.patch(…, inputs=…)")
    updates: dict[str | Path, Any] = {}
    places: list[Path] = []
    reasons: list[str] = []
    for model in models(tree):
        if model.path not in known:
            continue
        if model.kind != "linen" or not is_patchable(model.node):
            reasons.append(f"{sought} are found by a call in Linen modules only, and {model} is none")
            continue
        seen = blocks(model, known[model.path])
        around = {"/".join(path): wrapper for path, wrapper in plan(seen).items()}
        around.pop("", None)  # the model itself, which stays what its experiment holds
        if not around:
            reasons.append(f"a call of {model} shows no {sought}{_unseen(seen) if by_sums else ''}")
            continue
        path = model.path / INSIDE
        updates[path] = (*vars(model.node).get(INSIDE, ()), patch(around))
        places += [path / name for name in around]
    return Edited(rebind(tree, updates) if updates else tree, tuple(places), why="; ".join(reasons))


def _unseen(seen: Blocks) -> str:
    """What a message adds about modules of which no sums are seen."""
    if not seen.unseen:
        return ""
    return f"; what nn.scan, nn.remat and their like run is not seen as a block: {paths_shown(seen.unseen)}"
