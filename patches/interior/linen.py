"""Linen models that run with patches inside: each layer that is called is shown to them first."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import flax.linen as nn

from symjax.adoption.flax_private import interceptors, unbound, unlifted
from symjax.core.errors import brief, note
from symjax.core.inside import INSIDE
from symjax.core.leaves import ATOMS
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import is_symbolic, schema_of
from symjax.types.adopters import Memo, adopted
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import items, value_at

from ..core.patch import describe_rule
from .expectations import expecting
from .functions.linen import FunctionLayer, run_traced
from .functions.running import FunctionPatch
from .parts import LayerPatch, LayerRule, parts, placed
from .recording import record
from .views import View, below, class_of, is_lifted, view
from .wrapping import Wrapping, innermost, within_lift, wrapper_of

Names: TypeAlias = tuple[str, ...]
"""A path of module names, from the root of what is applied."""

Change: TypeAlias = tuple[Any, type]
"""An item of `inside` that changed a layer, and the class of what it made of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """A layer patch while a model runs that has it inside.

    Attributes:
        rule: The patch.
        ask: What it makes of a layer.
        source: What stands in the argument `inside` of the model, of which the rule is a part.
        root: Where the model runs.
        settled: The paths and classes of layers that the rule has seen: a layer may share the scope, and so
            the path, of the one that holds it.
        closed: What the rule itself put there; it sees nothing of that.
    """

    rule: LayerPatch
    ask: LayerRule
    source: Any
    root: Names
    settled: frozenset[tuple[Names, type]] = frozenset()
    closed: frozenset[Names] = frozenset()

    def sees(self, names: Names, layer: type) -> bool:
        """Whether the rule is to be shown a layer of a class."""
        return names != self.root and (names, layer) not in self.settled and not below(names, self.closed)

    def path(self, names: Names) -> Path:
        """The path of a layer in the model."""
        return Path(names[len(self.root) :])


_active: ContextVar[tuple[Active, ...]] = ContextVar("symjax_active_patches", default=())


def run_inside(
    module: Any, run: Callable[..., Any], method: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """Calls a method of a bound module that has patches in its argument `inside`.

    Args:
        module: The module.
        run: Flax's way to call a method, ``run(method, args, kwargs)``.
        method: The method, as a function.
        args: Its arguments by position, without the module.
        kwargs: Its arguments by keyword.
    """
    active = _active.get()
    root = tuple(module.path)
    known = {(id(entry.source), entry.root) for entry in active}
    own = [item for item in vars(module)[INSIDE] if (id(item), root) not in known]
    if not own:  # a method that calls another one
        return run(method, args, kwargs)
    shown = view(module)
    assert shown is not None  # the class of a patched module is symbolic
    model = rebind(shown.node, {INSIDE: ()})
    with unbound():
        own_parts = [(part, item) for item in own for part in parts(item, model)]
    entries = [
        Active(part, part.for_many(), item, root) for part, item in own_parts if isinstance(part, LayerPatch)
    ]
    functions = [(part, item) for part, item in own_parts if isinstance(part, FunctionPatch)]
    with _running((*entries, *active)), expecting(own):
        return run_traced(module, run, method, args, kwargs, functions)


@contextlib.contextmanager
def _running(active: tuple[Active, ...]) -> Iterator[None]:
    """While it lasts, these patches see the layers that are called."""
    token = _active.set(active)
    try:
        with contextlib.nullcontext() if _intercept in interceptors() else nn.intercept_methods(_intercept):
            yield
    finally:
        _active.reset(token)


def _intercept(run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
    """The interceptor: shows a layer that is called to the patches, and calls what they make of it."""
    active = _active.get()
    module = context.module
    if not active or module.scope is None or is_lifted(module) or not _is_method(context):
        return run(*args, **kwargs)
    names, cls = tuple(module.path), class_of(module)
    shown = view(module) if any(entry.sees(names, cls) for entry in active) else None
    if shown is None:
        return run(*args, **kwargs)
    with unbound():  # the layers that rules make belong to none that is running
        outcome = _Outcome.of(shown, names, _parent(module), active)
    if context.method_name == "setup":
        # A new layer has a setup of its own, which may want the names.
        return run(*args, **kwargs) if outcome.layer is shown.node else None
    record("/".join(names), shown.node, *_by_source(outcome.changes))
    for place, child in shown.children.items():
        changes = outcome.inner.get(place, ())
        record("/".join(child.path), value_at(shown.node, place), *_by_source(changes))
    with _running(outcome.active):
        if outcome.layer is not shown.node:
            layer = shown.bound(outcome.layer, outcome.parts)
            return _call(layer, module, context.method_name, args, kwargs)
        return run(*args, **kwargs)


def _by_source(changes: tuple[Change, ...]) -> tuple[tuple[Any, ...], tuple[type, ...]]:
    return tuple(source for source, _ in changes), tuple(cls for _, cls in changes)


def _is_method(context: nn.module.InterceptorContext) -> bool:
    """Whether it is a method that is called, and no function of a module that a lifted transform calls."""
    return hasattr(type(context.module), context.method_name)


def _parent(module: nn.Module) -> Any:
    """The module that made a layer, or that stands around it, as a node."""
    parent = module.parent if isinstance(module.parent, nn.Module) else wrapper_of(module)
    shown = None if parent is None else view(parent)
    return None if shown is None else shown.node


def _call(layer: Any, module: nn.Module, method: str, args: Any, kwargs: Any) -> Any:
    """Calls the method on a new layer, which takes over the scope of the old one."""
    assert module.scope is not None
    new = layer.clone(parent=module.scope.rewound(), name=module.name)
    lifted = unlifted(type(module), method)
    if lifted is not None and unlifted(type(new), method) is lifted:
        return lifted(new, *args, **kwargs)  # the transform runs already, around the old layer
    if lifted is not None and isinstance(new, Wrapping) and method == "__call__":
        with within_lift(tuple(new.path)):
            return new(*args, **kwargs)
    function = getattr(new, method, None)
    if function is None and isinstance(new, Wrapping) and hasattr(innermost(layer), method):
        function = functools.partial(new.run_method, method)
    if function is None:
        raise TypeError(
            f"{type(module).__name__} was replaced by {type(layer).__name__}, which has no method {method!r}"
        )
    return function(*args, **kwargs)


@dataclass(slots=True)
class _Outcome:
    """What the patches made of a layer.

    Attributes:
        layer: The layer, old or new, as a node.
        active: What is active inside of it.
        changes: The items of `inside` that changed it, and the classes of what they made of it.
        parts: New nodes of modules in its fields, by place.
        inner: Likewise those that changed these.
    """

    layer: Any
    active: tuple[Active, ...] = ()
    changes: tuple[Change, ...] = ()
    parts: dict[Path, Any] = field(default_factory=dict)
    inner: dict[Path, tuple[Change, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, shown: View, names: Names, parent: Any, active: tuple[Active, ...]) -> _Outcome:
        """Shows a layer to the patches, one after the other, each the result of the one before."""
        outcome = cls(shown.node)
        for entry in active:
            if not entry.sees(names, type(outcome.layer)):
                outcome.active += (entry,)
                continue
            try:
                outcome._show(entry, shown, names, parent)
            except Exception as error:
                source, where = describe_rule(entry.source), "/".join(names)
                note(error, f"while the patch {source} was shown {where}, a {type(outcome.layer).__name__}")
                raise
        return outcome

    def _show(self, entry: Active, shown: View, names: Names, parent: Any) -> None:
        """Shows the layer to one patch: first itself, then what stands in its fields."""
        layer = self._with_earlier(names)
        path = entry.path(names)
        new = entry.ask(path, layer, parent)
        if new is not layer:
            self.layer = _as_layer(new)
            self.changes += ((entry.source, type(self.layer)),)
            self.active = ()  # those before go along with the old layer, if the new one has a place for it
            return
        changed = dict(self._changed_fields(entry, shown, path, ROOT, self.layer))
        children: dict[Path, Names] = {place: tuple(child.path) for place, child in shown.children.items()}
        if changed:
            self.layer = rebind(self.layer, changed)
            touched = [place for place in children if any(where.startswith(place) for where in changed)]
            self.parts.update({place: value_at(self.layer, place) for place in touched})
            if not changed.keys() <= children.keys():
                self.changes += ((entry.source, type(self.layer)),)
        for place in changed.keys() & children.keys():
            self.inner[place] = (*self.inner.get(place, ()), (entry.source, type(changed[place])))
        classes = {(tuple(child.path), class_of(child)) for child in shown.children.values()}
        closed = {children[place] for place in changed.keys() & children.keys()}
        settled = entry.settled | classes | {(names, type(self.layer))}
        entry = replace(entry, settled=settled, closed=entry.closed | closed)
        self.active += (entry,)

    def _changed_fields(
        self, entry: Active, shown: View, path: Path, place: Path, value: Any
    ) -> Iterator[tuple[Path, Any]]:
        """What a patch makes of the values in the fields of a layer, by place.

        Modules that an earlier patch put there are not shown before they are called.
        """
        for key, item in items(value) or ():
            if (not place and key == INSIDE) or item is MISSING:
                continue
            if key == "layer" and isinstance(value, Wrapping):
                continue  # it is shown when it is called, with all that stands around it as its parent
            where, its_path = place / key, path / key
            if isinstance(item, nn.Module):
                child = shown.children.get(where)
                if child is None or not entry.sees(tuple(child.path), class_of(child)):
                    continue
                its_path = entry.path(tuple(child.path))
            new = entry.ask(its_path, item, value)
            if new is not item:
                yield where, new
            elif type(item) not in ATOMS:
                yield from self._changed_fields(entry, shown, its_path, where, item)

    def _with_earlier(self, names: Names) -> Any:
        """The layer with the patches that were shown it before, and act inside of it."""
        if not self.active:
            return self.layer
        earlier = tuple(placed(names[len(entry.root) :], entry.rule) for entry in self.active)
        return rebind(self.layer, {INSIDE: (*vars(self.layer).get(INSIDE, ()), *earlier)})


def _as_layer(new: Any) -> Any:
    """What a rule returned, as a symbolic module; a function becomes one that calls it."""
    if callable(new) and not isinstance(new, nn.Module | type) and _kind(new) in (None, "function"):
        new = FunctionLayer(new)
    if isinstance(new, nn.Module):
        new = adopted(new, Memo())
    if not (isinstance(new, nn.Module) and is_symbolic(new)):
        raise TypeError(f"expected a Linen module in the place of a layer, got {brief(new)}")
    return new


def _kind(value: Any) -> str | None:
    """The kind of node that a value is; None for no node."""
    schema = schema_of(value)
    return None if schema is None else schema.kind
