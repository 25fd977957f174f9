"""Patches of layers, wherever these stand: in fields of the tree, or made inside a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.verbs.query import with_arity
from symjax.verbs.rebind import rebind

from ..core.apply import changed_by
from ..core.patch import Context, Edited, Patch
from .attaching import attach
from .parts import InsidePatch, LayerPatch, LayerRule, parts
from .patterns import matches


@final
class layers(LayerPatch):
    """A patch that applies a rule to layers wherever they are.

    Those are: the fields of a tree; the layers that a Linen module makes in `@compact` or `setup`; the layers
    of a built NNX module. A patcher returns one of these, and works on all of them.

    Layers are reached as modules that are called. Not seen are: a function that is called in a method
    (``nn.relu(x)``: see `traced`); a layer whose fields its parent reads, to the parent;
    what `flax.linen.jit` has compiled before; and what is called past the model, as by
    ``model.bind(variables).layer(x)``.

    Attributes:
        rule: A rule ``(k, v)`` or ``(k, v, p)`` of the path of a layer, the layer as a symbolic node, and its
            parent; it returns another layer, or `v` itself. It depends on nothing but these and the
            arguments of the patch.

    Example:
        >>> import flax.linen
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import patches
        >>> class Net(flax.linen.Module):
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         return flax.linen.Dense(8)(x)
        >>> @sj.patcher
        ... def without_biases(tree):
        ...     def rule(k, v):
        ...         return v.rebind(use_bias=False) if patches.has_role(v, 'dense') else v
        ...     return patches.layers(rule)
        >>> model = sj.patch(sj.symbolize(Net)(), without_biases())
        >>> model
        Net(inside=(without_biases(),))
        >>> jax.tree.map(jax.numpy.shape, model.init(jax.random.key(0), jax.numpy.ones((1, 4))))
        {'params': {'Dense_0': {'kernel': (4, 8)}}}
    """

    rule: Callable[..., Any]

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        return self.for_many()(path, layer, parent)

    def for_many(self) -> LayerRule:
        """See `LayerPatch.for_many`."""
        return with_arity(self.rule, ("kv", "kvp"), "a rule")

    def edit_in(self, tree: Any, context: Context) -> Edited:
        """See `Patch.edit_in`: the fields are changed, and the models patched inside."""
        rule = self.for_many()

        def on_field(path: Path, value: Any, parent: Any) -> Any:
            if INSIDE in path:
                return value
            new = rule(path, value, parent)
            return new if new is value else _fitting(value, new, path)

        return attach(self, changed_by(tree, on_field), context)


def _fitting(old: Any, new: Any, path: Path) -> Any:
    """What a rule has returned, as it can stand where the old value stood."""
    schema = schema_of(old)
    if schema is None or schema.kind != "nnx":
        return new
    from .nnx.making import fitting  # NNX is slow to import

    return fitting(old, new, path)


@final
class inside(LayerPatch):
    """A patch of the layers that models make inside, and of no fields.

    Attributes:
        rule: As in `layers`; or a patch that works on layers.
        path: A pattern of paths in the model, such as ``'encoder/Dense_3'``, in which ``*`` stands for any
            part of one name, and ``**`` for any names; None for all.

    Example:
        >>> from symjax import patches
        >>> patches.inside(patches.apply_sepconv(), path='encoder/**')
        inside(rule=apply_sepconv(), path='encoder/**')
    """

    rule: Any
    path: str | None = None

    def __check__(self) -> None:
        if not callable(self.rule):
            raise TypeError(f"inside takes a rule (k, v) or (k, v, p), or a patch, got {self.rule!r}")

    def within(self, model: Any) -> list[InsidePatch]:
        """See `InsidePatch.within`."""
        if isinstance(self.rule, LayerPatch) or not isinstance(self.rule, Patch):
            return [self]
        of_model = parts(self.rule, model)
        return [inside(p, self.path) if isinstance(p, LayerPatch) else p.at(self.path) for p in of_model]

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        return self.for_many()(path, layer, parent)

    def for_many(self) -> LayerRule:
        """See `LayerPatch.for_many`."""
        by_hand = not isinstance(self.rule, LayerPatch)
        rule = with_arity(self.rule, ("kv", "kvp"), "a rule") if by_hand else self.rule.for_many()
        pattern = self.path
        if pattern is None:
            return rule
        return lambda path, layer, parent: rule(path, layer, parent) if matches(pattern, path) else layer


@final
class edit_layers(LayerPatch):
    """A patch of certain layers inside a model, as data: their new arguments by their paths.

    What plans a whole model, such as widths that depend on each other, gives such a patch to the model.

    Attributes:
        updates: New arguments by name, by the path of the layer in the model.

    Example:
        >>> import flax.linen
        >>> import symjax as sj
        >>> from symjax import patches
        >>> class Net(flax.linen.Module):
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         return flax.linen.Dense(8)(x)
        >>> sj.patch(sj.symbolize(Net)(), patches.edit_layers({'Dense_0': {'features': 16}}))
        Net(inside=(edit_layers(updates={'Dense_0': {'features': 16}}),))
    """

    updates: dict[str, dict[str, Any]]

    def on_layer(self, path: Path, layer: Any, parent: Any) -> Any:
        """See `LayerPatch.on_layer`."""
        changes = self.updates.get("/".join(map(str, path)))
        return layer if changes is None else rebind(layer, changes)
