"""From values back to decisions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from symjax.core.errors import NoSuchPath, at, brief, unknown
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.verbs.diff import diff
from symjax.verbs.rebind import rebind
from symjax.verbs.refs import resolve_there
from symjax.verbs.tree import value_at

from ..choice import Choice, Gene, Misfit
from ..dna_forms import refuse_unknown
from ..points import Spec
from .discovery import Template
from .enumeration import Enumeration, Rows
from .filling import Filling
from .sameness import same

_NOTHING: Mapping[int, str] = MappingProxyType({})
_MOST = 256  # points that are tried for a tree off which they cannot be read


class Encoder:
    """Reads decisions off values.

    Args:
        spec: The decisions.
        choices: The choice that stands at each.
        branches: The templates of their candidates, for each slot.
        within: The tree that is read, if it is a plain container whose references were resolved.
    """

    def __init__(
        self,
        spec: Spec,
        choices: Sequence[Choice],
        branches: Sequence[tuple[tuple[Template, ...], ...]],
        within: Any = None,
    ) -> None:
        self._spec = spec
        self._choices = choices
        self._branches = branches
        self._within = within
        self._rows: dict[int, list[Gene]] = {}

    def rows(self) -> list[list[Gene]]:
        """The genes of each decision; those that do not matter at their least."""
        rows: list[list[Gene]] = []
        matters: list[bool] = []
        for index, (point, choice) in enumerate(zip(self._spec.points, self._choices, strict=True)):
            inside = point.parent < 0 or (
                matters[point.parent] and rows[point.parent][point.slot] == point.branch
            )
            matters.append(bool(inside))
            rows.append(self._rows[index] if inside and index in self._rows else choice.least())
        return rows

    def reads(self, filling: Filling, value: Any) -> bool:
        """Whether the decisions that make a value can be read off field by field: the fast way."""
        rows: dict[int, list[Gene]] = {}
        if not filling.reads(value, rows):
            return False
        self._rows = rows
        return True

    def fit(self, template: Template, value: Any, path: Path) -> None:
        """Finds the decisions that make a value out of a template.

        Raises:
            Misfit: There are none; ends in the path of the value at fault.
        """
        decided: dict[str | Path, Any] = {}
        for slot, index in template.slots:
            decided[slot] = _get(value, slot, path)
            self.fit_at(index, decided[slot], path / slot)
        closest = rebind(template.value, decided)
        if self._within is not None:
            closest = resolve_there(closest, path, self._within)
        if not same(closest, value):
            raise Misfit(f"the tree is not in the space: {_difference(closest, value, path)}")

    def fit_at(self, index: int, value: Any, path: Path) -> None:
        """Finds what makes the value of a decision.

        Raises:
            Misfit: Nothing does; ends in the path of the value at fault.
        """
        try:
            self._fit_value(index, value, path)
        except Misfit as error:
            raise Misfit(f"the tree is not in the space: {error} {at(path)}") from error

    def _fit_value(self, index: int, value: Any, path: Path, names: Mapping[int, str] = _NOTHING) -> None:
        """Finds what makes the value of a decision, for which `names` may stand for candidates."""
        point, slots = self._spec.points[index], self._branches[index]

        def fits(slot: int, branch: int, item: Any) -> bool:
            if isinstance(item, str) and names.get(branch) == item:
                return True
            try:
                self.fit(slots[slot][branch], item, path if point.choice.is_single else path / slot)
            except Misfit:
                return False
            return True

        self._rows[index] = self._choices[index].fit(value, fits, point.name)

    def candidates(self, template: Template, tree: Any) -> Iterator[Rows]:
        """Decisions that may have led to a tree that was changed since: those that it shows, then all others.

        Args:
            template: What the tree was made out of.
            tree: The changed tree.
        """
        before = dict(self._rows)
        try:
            for slot, index in template.slots:
                self.fit_at(index, _get(tree, slot, ROOT), slot)
            yield dict(enumerate(self.rows()))
        except Misfit:
            pass
        self._rows = before
        points = Enumeration(self._choices, self._branches, lambda index: 1).of(template)
        for rows in itertools.islice(points, _MOST):
            yield {index: self._read_float(index, tree, genes) for index, genes in rows.items()}

    def _read_float(self, index: int, tree: Any, genes: list[Gene]) -> list[Gene]:
        """The genes of a float as it stands in a tree; those given if it is none, or stands nowhere."""
        point, choice = self._spec.points[index], self._choices[index]
        if choice.array != "floats":
            return genes
        try:
            return choice.fit(_get(tree, point.path, ROOT), lambda slot, branch, value: False, point.name)
        except Misfit:
            return genes

    def read(self, values: Mapping[str, Any], names: Sequence[Mapping[int, str]]) -> None:
        """Takes decisions from values by name, id or path; a label stands for its candidate.

        Args:
            values: The values.
            names: For each decision, what else may stand for candidates, by their indices.

        Raises:
            KeyError: There is no such decision, or it does not matter.
            ValueError: It cannot have this value, or is missing.
        """
        unread = dict(values)
        matters: list[bool] = []
        for index, point in enumerate(self._spec.points):
            parent = self._rows.get(point.parent)
            inside = point.parent < 0 or bool(
                matters[point.parent] and parent is not None and parent[point.slot] == point.branch
            )
            matters.append(inside)
            if not inside:
                continue
            name = next((name for name in (point.name, point.id, str(point.path)) if name in unread), None)
            if name is not None:
                self._take(index, unread.pop(name), names[index])
            elif index not in self._rows:
                refuse_unknown(self._spec, unread)
                raise ValueError(f"the decision {point.name} is missing")
        for name in unread:
            shown = [point.name for point, inside in zip(self._spec.points, matters, strict=True) if inside]
            raise NoSuchPath(unknown("decision", name[:200], shown, "decisions that matter here"))

    def _take(self, index: int, value: Any, names: Mapping[int, str]) -> None:
        point, choice = self._spec.points[index], self._choices[index]
        labels = getattr(choice, "labels", None) or ()
        listed = [value] if choice.is_single else value
        if (
            labels
            and isinstance(listed, list | tuple)
            and all(isinstance(v, str) and v in labels for v in listed)
        ):
            self._rows[index] = choice.genes(listed, point.name)
        else:
            try:
                self._fit_value(index, value, point.path, names)
            except Misfit as error:
                raise Misfit(
                    f"the decision {point.name} cannot have this value: {error} {at(point.path)}"
                ) from error


def _difference(closest: Any, value: Any, path: Path) -> str:
    """Where a value differs from what it would be in the space."""
    for where, change in diff(closest, value).flat.items():
        if change.left is not MISSING and change.right is not MISSING:
            text = f"{brief(change.right)} stands where all trees of the space have {brief(change.left)}"
            return f"{text} {at(path / where)}"
        return f"it differs from every tree of the space {at(path / where)}"
    return f"it differs from every tree of the space {at(path)}"


def _get(value: Any, slot: Path, path: Path) -> Any:
    try:
        return value_at(value, slot, path)
    except KeyError as error:
        raise Misfit(f"the tree is not in the space: {error.args[0]}") from error
