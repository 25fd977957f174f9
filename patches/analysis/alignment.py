"""Which module of one model continues which of another, where their numbers differ."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

Names: TypeAlias = tuple[str, ...]
Shapes: TypeAlias = Mapping[Names, tuple[int, ...]]

_NUMBERED: Final = re.compile(r"(.*?)(\d+)")


def aligned(old: Shapes, new: Shapes) -> dict[Names, Names]:
    """For each variable of a new model that one of an old model is continued by, the path of the old one.

    Paths that agree belong together. Where a model has more or fewer modules of a numbered name
    (``Block_0``, ``Block_1``, …; the items of a list), those belong together whose variables have the same
    shapes, in the same order.

    Args:
        old: The shapes of the variables of the old model, by path: the collection, then names.
        new: Likewise of the new one.

    Example:
        >>> old = {('params', f'Dense_{i}', 'bias'): (size,) for i, size in enumerate([8, 3])}
        >>> new = {('params', f'Dense_{i}', 'bias'): (size,) for i, size in enumerate([8, 8, 3])}
        >>> aligned(old, new)[('params', 'Dense_2', 'bias')]
        ('params', 'Dense_1', 'bias')
    """
    pairs = _pairs((), _tree(map(_inward, old), old), (), _tree(map(_inward, new), new))
    return {_outward(there): _outward(here) for there, here in pairs}


def _inward(path: Names) -> Names:
    """A path with the name of the collection at its end: a module's variables are found together."""
    return (*path[1:], path[0])


def _outward(path: Names) -> Names:
    return (path[-1], *path[:-1])


def _pairs(here: Names, old: Any, there: Names, new: Any) -> Iterable[tuple[Names, Names]]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        if not isinstance(old, dict) and not isinstance(new, dict):
            yield there, here
        return
    for name, partner in _partners(old, new).items():
        yield from _pairs((*here, partner), old[partner], (*there, name), new[name])


def _partners(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """The names of one mapping with those of another that belong to them, in the order of the first."""
    partners = {name: name for name in new if name in old}
    for stem in dict.fromkeys(stem for stem, _ in map(_split, new)):
        ours = sorted([name for name in old if _split(name)[0] == stem], key=_number)
        theirs = sorted([name for name in new if _split(name)[0] == stem], key=_number)
        if len(ours) == len(theirs) or not _split(theirs[0])[1]:
            continue
        for name in theirs:
            partners.pop(name, None)
        partners.update(_matched(old, ours, new, theirs))
    return {name: partners[name] for name in new if name in partners}


def _matched(old: dict[str, Any], ours: list[str], new: dict[str, Any], theirs: list[str]) -> dict[str, str]:
    """Names with those of another list that belong to them, by the shapes of what they name."""
    matches: dict[str, str] = {}
    for describe in (repr, lambda tree: repr(_proportions(tree))):
        pairs = _alike([describe(old[name]) for name in ours], [describe(new[name]) for name in theirs])
        if len(pairs) > len(matches):
            matches = {theirs[there]: ours[here] for here, there in pairs}
    return matches


def _alike(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """The positions of what is the same in two lists: from the start, from the end, then between."""
    fewest = min(len(old), len(new))
    start = next((i for i in range(fewest) if old[i] != new[i]), fewest)
    end = next((i for i in range(fewest - start) if old[-1 - i] != new[-1 - i]), fewest - start)
    middle = old[start : len(old) - end], new[start : len(new) - end]
    blocks = difflib.SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
    return [
        *((i, i) for i in range(start)),
        *((start + block.a + i, start + block.b + i) for block in blocks for i in range(block.size)),
        *((len(old) - end + i, len(new) - end + i) for i in range(end)),
    ]


def _proportions(tree: Any) -> Any:
    """Shapes without their scale: widths may have changed, too."""
    if isinstance(tree, dict):
        return {name: _proportions(inner) for name, inner in tree.items()}
    unit = math.gcd(*tree[-2:]) or 1
    return (*tree[:-2], *(size // unit for size in tree[-2:]))


def _split(name: str) -> tuple[str, str]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")


def _number(name: str) -> int:
    return int(_split(name)[1] or -1)


def _tree(paths: Iterable[Names], shapes: Shapes) -> dict[str, Any]:
    """Shapes as nested mappings, by other paths."""
    tree: dict[str, Any] = {}
    for path, shape in zip(paths, shapes.values(), strict=True):
        inner = tree
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = shape
    return tree
