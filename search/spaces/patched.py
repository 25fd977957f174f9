"""Patches whose arguments, or whose presence, a search decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from symjax.core.paths import Path
from symjax.patches import from_uri, patch
from symjax.verbs.lineage import lineage
from symjax.verbs.tree import value_at

from .choice import Misfit
from .discovery import Discovery
from .encoding import Encoder
from .sameness import same

if TYPE_CHECKING:
    from .dna import DNA
    from .space import Space

_ROOT = "patches"


class Ideas:
    """The patches of a space: what is applied to each decoded tree.

    Args:
        patches: Patches, URIs and whatever else `sj.patch` takes; None, also a decided one, is no patch.
        discovery: Collects the decisions in them, with ids that begin with ``patches[0]``.
    """

    def __init__(self, patches: tuple[Any, ...], discovery: Discovery) -> None:
        self.patches = patches
        self.items = tuple(
            discovery.template(each, Path((_ROOT, index)), f"{_ROOT}[{index}]")
            for index, each in enumerate(patches)
        )

    def applied(self, tree: Any, patches: Sequence[Any]) -> Any:
        """A decoded tree with decided patches applied."""
        taken = [each for each in patches if each is not None]
        return patch(tree, taken) if taken else tree

    def encoded(self, space: Space, encoder: Encoder, tree: Any) -> DNA:
        """The DNA of a patched tree: its patches are read off its lineage, the rest off its values.

        Raises:
            Misfit: It has another lineage, or its patches change what other decisions are about.
        """
        rules = list(lineage(tree))
        for first in range(max(0, len(rules) - len(self.items)), len(rules) + 1):
            if self._fit(encoder, 0, [_parsed(rule) for rule in rules[first:]]):
                break
        else:
            raise Misfit(
                f"the tree is not in the space: the patches of its lineage, {rules}, are none that the space "
                "applies; a tree that went through jit, or was put together by hand, has no lineage"
            )
        for slot, index in space.root.slots:
            encoder.fit_at(index, value_at(tree, slot), slot)
        dna = space.of(encoder.rows())
        if not same(space.decode(dna), tree):
            raise Misfit(
                "the tree cannot be encoded: the space's patches change what other decisions of the space "
                "are about, so that these cannot be read off it; keep the DNA"
            )
        return dna

    def _fit(self, encoder: Encoder, index: int, taken: Sequence[Any]) -> bool:
        """Whether the items from `index` on can be decided so that these patches are applied."""
        if index == len(self.items):
            return not taken
        for value in (None, *taken[:1]):
            try:
                encoder.fit(self.items[index], value, Path((_ROOT, index)))
            except Misfit:
                continue
            if self._fit(encoder, index + 1, taken[value is not None :]):
                return True
        return False


def _parsed(rule: str) -> Any:
    """The patch of a lineage's rule; the text itself if it names none."""
    try:
        return from_uri(rule)
    except (KeyError, TypeError, ValueError):
        return rule
