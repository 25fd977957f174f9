"""`built`: patches on NNX modules that are built already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, final

from symjax.core.errors import NoSuchPath, unknown
from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.core.schema import is_symbolic

from ..core.apply import patch
from ..core.patch import Context, Expects, LookingFor, Patch, Rule
from ..core.resolve import resolve
from ..outlines.inputs import ExampleInputs, inputs_for
from .layers import inside
from .parts import InsidePatch, LayerPatch

M = TypeVar("M")


def built(module: M, rules: Rule, *, rngs: Any = 0, strict: bool = False, inputs: ExampleInputs = None) -> M:
    """A new NNX module with rules applied to its layers, one after the other. The old one is never changed.

    A rule sees each layer as a symbolic node of its arguments, which are read back from the layer, at its
    path in the module, such as ``layers[0].conv``. What it returns in the place of the node is built: a node
    of NNX or of Linen, which is bridged. Parameters are kept where their path, type and shape agree. A layer
    that is shared stays shared.

    What a layer does not store cannot be read back: initializers above all, which count as the default ones
    then, for new parameters. Layers that `nnx.vmap` has stacked are shown as one, and made anew as a stack.

    Args:
        module: The module, with arrays or with shapes in their place.
        rules: As of `symjax.patch`: patches, URIs, functions ``(k, v)`` or ``(k, v, p)``, updates by path
            (``{'layers[0].conv.use_bias': False}``), or a list of these.
        rngs: Where new parameters come from: an `nnx.Rngs`, or the seed or key for one.
        strict: Raise `PatchError` where a rule changes nothing, instead of a `PatchWarning`.
        inputs: Example inputs of the module; see `symjax.patch`. Some patches need them, and so does a Linen
            layer that is called otherwise than the arguments of the NNX layer in its place tell.

    Returns:
        The new module; a copy where nothing changed.

    Raises:
        TypeError: `module` is no NNX module.
        ReadingError: A rule has changed an argument of a layer whose arguments cannot be read back.
        Exception: As of `symjax.patch`.

    Example:
        >>> from flax import nnx
        >>> from symjax import patches
        >>> model = nnx.Sequential(nnx.Linear(2, 8, rngs=nnx.Rngs(0)), nnx.relu, nnx.Dropout(0.5))
        >>> new = built(model, ['swap_activation?gelu', {'layers[2].rate': 0.1}])
        >>> new.layers[1] is nnx.gelu, new.layers[2].rate, model.layers[2].rate
        (True, 0.1, 0.5)
    """
    from .nnx.standing import applied, called_with, paths_in, standing_for  # NNX is slow to import

    node = standing_for(module)
    own: Any = module
    known = resolve(rules)
    for rule in known:
        if isinstance(rule, Mapping):
            _check_paths(rule, paths_in(own))
    context = Context(inputs, strict=strict)
    with called_with(own, inputs_for(node, inputs)):
        patched = patch(node, [_inside(rule, node, context) for rule in known], strict, inputs)
        return applied(own, patched, rngs)  # type: ignore[no-any-return]


def _check_paths(updates: Mapping[Any, Any], paths: Sequence[str]) -> None:
    for path in updates:
        if str(Path.parse(path)) not in paths:
            raise NoSuchPath(unknown("path", str(path), paths, "the module has"))


def _inside(rule: Any, node: Any, context: Context) -> Patch:
    """A rule as one that acts inside of a module, which is no tree with fields."""
    if isinstance(rule, Expects):
        return Expects(_inside(rule.patch, node, context), rule.places)
    if isinstance(rule, Mapping):
        return _updating(rule)
    if not isinstance(rule, Patch):
        return inside(rule)
    edit = _without_purpose(rule.edit_in(node, context))
    planned = isinstance(edit, Mapping) and any(INSIDE in Path.parse(path) for path in edit)
    return reaching(rule) if (isinstance(edit, Mapping) and not planned) or _is_rule(edit) else rule


@final
class updating(LayerPatch):
    """A patch that puts values at paths of a built module.

    Attributes:
        updates: New values by path.
    """

    updates: dict[str, Any]

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        return self.updates.get(str(path), layer)


@final
class reaching(InsidePatch):
    """A patch for the fields of a tree, which acts on the layers of a built module instead.

    Attributes:
        patch: The patch.
    """

    patch: Patch

    def within(self, model: Any) -> list[InsidePatch]:
        """See `InsidePatch.within`."""
        edit = _without_purpose(self.patch.edit_in(model, Context()))
        if isinstance(edit, Mapping):
            return [_updating(edit)]
        return [inside(edit)] if _is_rule(edit) else []

    @property
    def uri(self) -> str:
        """That of the patch."""
        return self.patch.uri


def _updating(updates: Mapping[Any, Any]) -> updating:
    return updating({str(Path.parse(path)): value for path, value in updates.items()})


def _without_purpose(outcome: Any) -> Any:
    return outcome.edit if isinstance(outcome, LookingFor) else outcome


def _is_rule(edit: Any) -> bool:
    return callable(edit) and not isinstance(edit, Patch) and not is_symbolic(edit)
