"""Putting patches into the argument `inside` of the models that they are to act in."""

from __future__ import annotations

from typing import Any

from symjax.adoption.linen.functions import LinenFunction
from symjax.core.inside import INSIDE, is_patchable
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE, is_symbolic
from symjax.verbs.rebind import rebind
from symjax.verbs.walk import walk

from ..core.patch import Context, Edited, Expects, Patch
from ..outlines.finding import Model, models
from ..outlines.inputs import inputs_for
from .expectations import required, seen
from .matching import built_sightings, sightings
from .parts import STANDING, InsidePatch, parts


def attach(patch: InsidePatch, edited: Edited, context: Context) -> Edited:
    """Lets a patch act inside of the models of a tree.

    Where the inputs of a model are known, or an NNX module can be built to see its layers, it gets the patch
    if that has an effect there; otherwise every model gets it that may make layers inside.

    Args:
        patch: What acts.
        edited: The tree with its fields changed, and what changed there.
        context: What is known where the patch is applied. What is put into the models is its carrier, the
            patch that the user applied.
    """
    tree = edited.tree
    standing = models(tree)
    hosts = [model for model in standing if is_patchable(model.node) and makes_layers(model.node)]
    inputs = inputs_for(tree, context.inputs) if hosts else {}
    updates: dict[Path, Any] = {}
    places = list(edited.places)
    reasons = [edited.why] * bool(edited.why)
    reasons += [_refusal(model) for model in standing if model.kind == "nnx" and not is_symbolic(model.node)]
    is_open = edited.open
    for host in hosts:
        path = host.path / INSIDE
        items = vars(host.node).get(INSIDE, ())
        item = _carrier(patch, host, context)
        if any(item is other for other in items):
            continue  # by another part of the same patch
        patched = host._replace(node=rebind(host.node, {INSIDE: (*items, item)}))
        calls = sightings(patched, inputs[host.path]) if host.path in inputs else None
        if calls is None and host.kind == "nnx":
            calls = built_sightings(patched)
        if calls is not None:
            changed = dict.fromkeys([call.path for call in calls if call.by(item)])
            if not changed:
                reasons.append(
                    f"nothing inside of {host} matched, or it had its new value already{seen(calls)}"
                )
                continue
            places += [path / name for name in changed]
        else:
            item = _counted(item, len(places), context)
            places.append(path)
            is_open = True
        updates[path] = (*items, item)
    changed_values = (*(edited.changed or edited.places), *updates)
    new = rebind(tree, updates) if updates else tree
    return Edited(new, tuple(places), changed_values, is_open, "; ".join(reasons))


InsidePatch.__symjax_attach__ = attach


def _refusal(model: Model) -> str:
    return f"{model} is an NNX module that is built already: patches.built(module, rules) gives a new one"


def makes_layers(model: Any) -> bool:
    """Whether a model may make layers that no field holds: whether it has a module of a class of its user's.

    Flax's own modules and this library's do not count, although some (attention, recurrent cells) do.
    """
    if isinstance(model, LinenFunction):
        return True
    for _, value, _ in walk(model):
        if isinstance(value, LinenFunction) or (is_patchable(value) and _is_users(type(value))):
            return True
    return False


def _is_users(cls: type) -> bool:
    """Whether a class of modules is neither Flax's nor this library's."""
    schema = getattr(cls, ATTRIBUTE)
    original = schema.original or cls
    if schema.name == STANDING:
        return True
    return original.__module__.partition(".")[0] not in ("flax", "symjax")


def _carrier(patch: InsidePatch, host: Model, context: Context) -> Patch:
    """What is put into a model: the patch that was applied, if it stands for this one there; or this one."""
    carrier = context.carrier
    if carrier is None or isinstance(carrier, InsidePatch):
        return patch
    kinds = {type(part) for part in parts(carrier, host.node)}
    return carrier if type(patch) in kinds else patch


def _counted(item: Patch, places: int, context: Context) -> Patch:
    """The patch with what it must change inside of the model, where that is asked for and not known yet."""
    if context.places is not None:
        return Expects(item, max(0, context.places - places))
    return required(item) if context.strict and not places else item
