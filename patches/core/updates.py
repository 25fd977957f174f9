"""`from_diff`: what differs between two trees, as a patch that can be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from symjax.core.paths import Path, PathError
from symjax.verbs.diff import Difference
from symjax.verbs.tree import value_at

from .patch import Patch


@final
class Updates(Patch):
    """A patch that applies the same updates to every tree; made by `from_diff`.

    Attributes:
        updates: New values by path. References among them are those of the tree that is patched.
    """

    __symjax_name__: ClassVar[str] = "symjax.patches.rules.Updates"  # as files have it
    __symjax_quotes__: ClassVar[bool] = True

    updates: Mapping[str, Any]

    def edit(self, tree: Any) -> object:
        """The updates."""
        return self.updates


def from_diff(difference: Difference) -> Patch:
    """The patch that does to any tree what was done between two trees.

    Args:
        difference: What `symjax.diff` returns.

    Returns:
        A patch that updates every path that differs to its right side. It can be compared, saved, and
        printed as source. As in any node, lists among the new values are tuples.

    Example:
        >>> import symjax as sj
        >>> from symjax import patches
        >>> before, after = {'lr': 0.1, 'epochs': 5}, {'lr': 0.1, 'epochs': 9}
        >>> patches.from_diff(sj.diff(before, after))({'epochs': 1})
        {'epochs': 9}
    """
    updates: dict[Path, Any] = {}
    for path, value in difference.updates().items():
        place = _with_text(path)
        updates[place] = value if place is path else value_at(difference.right, place)
    return Updates({str(path): value for path, value in updates.items() if not _inside(path, updates)})


def _with_text(path: Path) -> Path:
    """The path, or the nearest one above it that its text leads back to: not every key can be read again."""
    while path and not _reads_back(path):
        path = path.parent
    return path


def _reads_back(path: Path) -> bool:
    try:
        return repr(Path.parse(str(path)).keys) == repr(path.keys)
    except PathError:
        return False


def _inside(path: Path, updates: Mapping[Path, Any]) -> bool:
    """Whether an update of something around this path is there too."""
    return any(Path(path.keys[:n]) in updates for n in range(len(path)))
