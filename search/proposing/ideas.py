"""Patches for what stands in the code of models, where no field can be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .calls import Calls
from .suggestions import Suggestion


def ideas(calls: Calls, suggestions: Sequence[Suggestion]) -> tuple[Any, ...]:
    """The patches that are proposed, with choices in their arguments."""
    return ()
