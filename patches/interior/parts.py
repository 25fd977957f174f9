"""What acts inside of a model: the parts of the patches in its argument `inside`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeAlias, final

from symjax.core.paths import Path

from ..core.patch import Chain, Context, Edited, Expects, LookingFor, Patch, describe_rule
from ..core.resolve import resolve

STANDING: Final = "symjax.patches.copy_of"
"""The name of the nodes that stand for built NNX modules."""


LayerRule: TypeAlias = Callable[[Path, Any, Any], Any]
"""Of the path of a layer, the layer as a node and its parent: what stands in its place."""


class InsidePatch(Patch):
    """A patch that acts where a model runs or is built, beyond what fields of the tree reach.

    Such patches, and all that return one, stand in the argument `inside` of a model.
    """

    # What puts a patch into models knows of these patches: it is handed down, by `attaching.py`.
    __symjax_attach__: ClassVar[Callable[[InsidePatch, Edited, Context], Edited]]

    def edit_in(self, tree: Any, context: Context) -> Edited:
        """See `Patch.edit_in`: models are patched inside, fields are left alone."""
        return type(self).__symjax_attach__(self, Edited(tree), context)

    def within(self, model: Any) -> list[InsidePatch]:
        """The patches that act, where this one stands in the argument `inside` of a model."""
        return [self]

    def at(self, path: str | None) -> InsidePatch:
        """The patch, of what has a path in the model that matches a pattern; of everything for None."""
        if path is not None:
            raise TypeError(f"{describe_rule(self)} cannot be restricted to a path")
        return self


class LayerPatch(InsidePatch):
    """What changes layers one by one."""

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """What stands in the place of a layer, or of a value in one of its fields.

        Args:
            path: Where it stands: in the tree, or in the model that makes it.
            layer: The layer as a symbolic node; or a value in one of its fields.
            parent: The node that holds it, or that of the module that makes it; None for none.

        Returns:
            A layer; the same one where nothing is to be changed.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no on_layer(self, path, layer, parent)")

    def for_many(self) -> LayerRule:
        """`on_layer`, made ready to be called for all layers of a model."""
        return self.on_layer


@final
class placed(LayerPatch):
    """A layer patch of a model, on a part of it that another patch has moved: it sees the paths of the model.

    Attributes:
        base: The path of the part in the model.
        rule: The patch.
    """

    base: tuple[str, ...]
    rule: LayerPatch

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        return self.rule.on_layer(Path((*self.base, *path)), layer, parent)


def parts(patch: Any, model: Any) -> list[InsidePatch]:
    """What of a patch acts inside of a model.

    The patch is asked what it does to the model, as if that were the whole tree.

    Args:
        patch: A patch, or any other rule.
        model: The model, as a node.
    """
    if isinstance(patch, InsidePatch):
        return patch.within(model)
    if isinstance(patch, Expects):
        return parts(patch.patch, model)
    if isinstance(patch, Chain):
        return [part for rule in patch.rules for part in parts(rule, model)]
    if not isinstance(patch, Patch):
        return []
    rules = _patches_among(patch.edit_in(model, Context(carrier=patch)))
    return [part for rule in resolve(rules) for part in parts(rule, model)]


def _patches_among(outcome: object) -> list[str | Patch]:
    """The patches that a patch returned, among whatever else."""
    if isinstance(outcome, LookingFor):
        return _patches_among(outcome.edit)
    if isinstance(outcome, str | Patch):
        return [outcome]
    if isinstance(outcome, list | tuple):
        return [rule for item in outcome for rule in _patches_among(item)]
    return []
