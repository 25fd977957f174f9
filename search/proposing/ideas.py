"""Patches for what stands in the code of models, where no field can be opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from symjax.core.paths import Path
from symjax.patches.core.apply import tried
from symjax.patches.core.patch import Patch
from symjax.patches.library import scale_width, swap_activation
from symjax.verbs.equality import eq

from ..spaces.kinds.oneof import oneof
from .calls import Calls
from .functions import ACTIVATIONS
from .suggestions import Suggestion

_FACTORS: Final[Mapping[str, Any]] = {"half": 0.5, "double": 2.0}
_AS_IT_IS: Final = "as it is"


def ideas(
    calls: Calls, suggestions: Sequence[Suggestion], inputs: Any, where: Callable[[Path, Any, Any], bool]
) -> list[Suggestion]:
    """Decisions on patches, for models of which no field is a width or an activation.

    Args:
        calls: How the experiment is called; without example inputs nobody knows what its models make.
        suggestions: What its fields are.
        inputs: The example inputs.
        where: Which to look at, by a path as ``patches.scale_width``.

    Returns:
        At most two, on `scale_width` and on `swap_activation`; None among the candidates is no patch.
    """
    if not calls.probes:
        return []
    whys = {suggestion.why.partition(";")[0] for suggestion in suggestions}
    decisions = []
    for patcher, arguments, kind in (
        (scale_width, _FACTORS, "a width"),
        (swap_activation, {name: name for name in ACTIVATIONS}, "an activation"),
    ):
        path = Path(("patches", patcher.__name__))
        if kind in whys or not where(path, patcher, calls.tree):
            continue
        patches = {label: patcher(argument) for label, argument in arguments.items()}
        working = {label: each for label, each in patches.items() if _works(calls, each, inputs)}
        if working:
            choice = oneof({_AS_IT_IS: None, **working}, name=patcher.__name__)
            decisions.append(Suggestion(path, _AS_IT_IS, f"{kind} in the code of a model", choice))
    return decisions


def _works(calls: Calls, rule: Patch, inputs: Any) -> bool:
    try:
        patched = tried(calls.tree, rule, inputs)
    except Exception:  # noqa: BLE001 - models may refuse, in words of their own
        return False
    return not eq(patched, calls.tree) and calls.refusal({Path(): patched}) is None
