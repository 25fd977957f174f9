"""Patches for what stands in the code of models, where no field can be opened."""

from __future__ import annotations

from collections.abc import Sequence
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

_FACTORS: Final = {"half": 0.5, "double": 2.0}
_AS_IT_IS: Final = "as it is"


def ideas(calls: Calls, suggestions: Sequence[Suggestion], inputs: Any) -> list[Suggestion]:
    """Decisions on patches, for models of which no field is a width or an activation.

    Args:
        calls: How the experiment is called; without example inputs nobody knows what its models make.
        suggestions: What its fields are.
        inputs: The example inputs.

    Returns:
        At most two, on `scale_width` and on `swap_activation`; None among the candidates is no patch.
    """
    if not calls.probes:
        return []
    whys = {suggestion.why.partition(";")[0] for suggestion in suggestions}
    proposed = []
    if "a width" not in whys:
        scaled: dict[str, Patch] = {name: scale_width(factor) for name, factor in _FACTORS.items()}
        proposed.append(("widths in the code of models", "scale_width", scaled))
    if "an activation" not in whys:
        swapped: dict[str, Patch] = {name: swap_activation(name) for name in ACTIVATIONS}
        proposed.append(("activations in the code of models", "swap_activation", swapped))
    decisions = []
    for why, name, patches in proposed:
        working = {label: each for label, each in patches.items() if _works(calls, each, inputs)}
        if working:
            path = Path(("patches", len(decisions)))
            choice = oneof({_AS_IT_IS: None, **working}, name=name)
            decisions.append(Suggestion(path, _AS_IT_IS, why, choice))
    return decisions


def _works(calls: Calls, rule: Patch, inputs: Any) -> bool:
    try:
        patched = tried(calls.tree, rule, inputs)
    except Exception:  # noqa: BLE001 - models may refuse, in words of their own
        return False
    return not eq(patched, calls.tree) and calls.refusal({Path(): patched}) is None
