"""Patches for what stands in the code of models, where no field can be opened."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from symjax.core.inside import INSIDE
from symjax.core.paths import ROOT, Path
from symjax.patches.core.apply import tried
from symjax.patches.core.patch import Patch
from symjax.patches.core.updates import from_diff
from symjax.patches.library import scale_width, swap_activation
from symjax.patches.outlines.finding import models
from symjax.verbs.diff import diff
from symjax.verbs.equality import eq
from symjax.verbs.tree import value_at

from ..spaces.kinds.oneof import oneof
from .calls import Calls
from .functions import ACTIVATIONS
from .suggestions import Suggestion

_FACTORS: Final[Mapping[str, float]] = {"half": 0.5, "double": 2.0}
Kind: TypeAlias = Literal["width", "activation"]
_WHY: Final[Mapping[Kind, str]] = {"width": "a width", "activation": "an activation"}
_AS_IT_IS: Final = "as it is"


def ideas(calls: Calls, inputs: Any, lacks: Callable[[Kind, Path], bool]) -> list[Suggestion]:
    """Decisions on patches, for models of which no field is a width or an activation.

    Args:
        calls: How the experiment is called; without example inputs nobody knows what its models make.
        inputs: The example inputs.
        lacks: Whether a patch is asked for, by the kind of field that would do it, and its path, as
            ``patches.scale_width``.

    Returns:
        At most two, on `scale_width` and on `swap_activation`; None among the candidates is no patch.
    """
    if not calls.probes:
        return []
    decisions = []
    for kind, name, patches in _candidates():
        path = Path(("patches", name))
        if not lacks(kind, path):
            continue
        contained = {label: _self_contained(calls, each, inputs) for label, each in patches.items()}
        working = {label: each for label, each in contained.items() if each is not None}
        if working:
            choice = oneof({_AS_IT_IS: None, **working}, name=name)
            why = f"{_WHY[kind]} in the code of a model"
            decisions.append(Suggestion(path, _AS_IT_IS, why, choice, is_patch=True))
    return decisions


def _candidates() -> Iterator[tuple[Kind, str, dict[str, Patch]]]:
    """What fields may say, the patch for where none does, and its arguments by what people call them."""
    yield "width", "scale_width", {label: scale_width(factor) for label, factor in _FACTORS.items()}
    yield "activation", "swap_activation", {name: swap_activation(name) for name in ACTIVATIONS}


def _self_contained(calls: Calls, rule: Patch, inputs: Any) -> Patch | None:
    """A patch that does the same without inputs, and at once; None where it does nothing, or harm.

    For speed: decoding is not to plan the model anew, which takes `scale_width` half a second for a small
    network.
    """
    try:
        patched = tried(calls.tree, rule, inputs)
    except Exception:  # noqa: BLE001 - models may refuse, in words of their own
        return None
    if eq(patched, calls.tree) or calls.refusal({ROOT: patched}) is not None:
        return None
    standing = models(calls.tree)
    if len(standing) == 1:
        model = standing[0]
        node = value_at(patched, model.path)
        before, after = (getattr(each, INSIDE, ()) for each in (model.node, node))
        added: tuple[Patch, ...] = after[len(before) :]
        if added and eq(tried(calls.tree, list(added)), patched):
            both: Patch = functools.reduce(operator.or_, added)
            return both
    return from_diff(diff(calls.tree, patched))
