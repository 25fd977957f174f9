"""Templates that are filled in again and again: decided trees, and decisions read off them, fast.

What is fixed is shared by all decided trees. A part that holds no float is made once for each combination of
its decisions, and shared from then on: trees are immutable. What is made passes the same gate as in a rebind.
"""

from __future__ import annotations

import abc
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from symjax.core.containers import Map
from symjax.core.marks import MISSING, Insertion
from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE, DECIDED, LINEAGE, Schema, schema_of
from symjax.verbs.lineage import remember_decided, steps_of, with_rebind
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import items, replace

from ..choice import Choice, Gene, Misfit
from ..points import Spec
from .discovery import Template
from .sameness import same

Genes: TypeAlias = Mapping[str, Any]
"""The genes of a single DNA by array: a list of numbers each, or an array that is traced."""

Token: TypeAlias = Hashable | None
"""What tells the values of a part from each other; None for those that are not kept, with floats in them."""

Rows: TypeAlias = dict[int, list[Gene]]
"""The genes of decisions, by index."""

_MOST = 1024  # values that a part keeps


class Filling(abc.ABC):
    """A part of a tree that decisions fill in.

    Attributes:
        is_open: Whether there are decisions in it.
    """

    __slots__ = ()

    is_open = True

    @abc.abstractmethod
    def fill(self, genes: Genes) -> tuple[Any, Token]:
        """The decided part, and what it is known by."""

    @abc.abstractmethod
    def reads(self, value: Any, rows: Rows) -> bool:
        """Whether a value is one of this part's, field by field; writes the decisions that make it to `rows`.

        False may also mean that this cannot be told field by field.
        """


class Fillings:
    """Prepares the templates of a space.

    Args:
        spec: The decisions.
        choices: The choice that stands at each.
        branches: The templates of their candidates, for each that is taken.

    Attributes:
        decisions: What was prepared, by the index of the decision.
    """

    def __init__(
        self, spec: Spec, choices: Sequence[Choice], branches: Sequence[tuple[tuple[Template, ...], ...]]
    ) -> None:
        self._spec = spec
        self._choices = choices
        self._branches = branches
        self.decisions: dict[int, Filling] = {}

    def of(self, template: Template) -> Filling:
        """A template, prepared."""
        if not template.slots:
            return _Fixed(template.value)
        decisions = {slot: self._decision(index) for slot, index in template.slots}
        if ROOT in decisions:
            return decisions[ROOT]
        branches = _branches(decisions)
        if any(each.moves for each in decisions.values()) or _reacts(template.value, branches):
            return _Whole(template.value, decisions)
        steps = steps_of(template.value)
        if steps:
            steps = with_rebind(steps, tuple(decisions))
        return _part(template.value, ROOT, branches, steps)

    def _decision(self, index: int) -> _Decision:
        slots = tuple(tuple(map(self.of, slot)) for slot in self._branches[index])
        decision = self.decisions[index] = _Decision(index, self._choices[index], self._spec, slots)
        return decision


class _Fixed(Filling):
    """What is not open: a candidate, mostly."""

    __slots__ = ("value",)

    is_open = False

    def __init__(self, value: Any) -> None:
        self.value = value

    def fill(self, genes: Genes) -> tuple[Any, Token]:
        return self.value, ()

    def reads(self, value: Any, rows: Rows) -> bool:
        return same(self.value, value)


class _Decision(Filling):
    """A choice.

    Attributes:
        moves: Whether it may delete or insert an item where it stands.
    """

    __slots__ = ("_array", "_choice", "_columns", "_index", "_is_kept", "_name", "_slots", "moves")

    def __init__(
        self, index: int, choice: Choice, spec: Spec, slots: tuple[tuple[Filling, ...], ...]
    ) -> None:
        self._index = index
        self._choice = choice
        self._array = choice.array
        self._columns = spec.columns[index]
        self._name = spec.points[index].name
        self._slots = slots
        self._is_kept = choice.array == "choices"
        self.moves = any(_moves(part) for slot in slots for part in slot)

    def fill(self, genes: Genes) -> tuple[Any, Token]:
        own = genes[self._array][self._columns]
        if not self._is_kept:
            return self._choice.decide(own, self._nothing), None
        tokens: list[Token] = [tuple(own)]

        def branch(slot: int, index: int) -> Any:
            value, token = self._slots[slot][index].fill(genes)
            tokens.append(token)
            return value

        value = self._choice.decide(own, branch)
        return value, None if None in tokens else tuple(tokens)

    def reads(self, value: Any, rows: Rows) -> bool:
        slots = self._slots

        def fits(slot: int, index: int, item: Any) -> bool:
            part = slots[slot][index]
            if part.is_open:
                return part.reads(item, rows)
            return part.value is item or same(part.value, item)  # type: ignore[attr-defined]

        try:
            rows[self._index] = self._choice.fit(value, fits, self._name)
        except Misfit:
            return False
        return True

    def _nothing(self, slot: int, index: int) -> Any:
        raise LookupError(f"{self._name} has no candidates")


class _Kept(Filling):
    """A part that is made of decided values, and kept for each combination of them.

    Args:
        value: What stands there, choices and all.
        parts: The open parts of it.
    """

    __slots__ = ("_known", "_parts", "_readings", "_value")

    def __init__(self, value: Any, parts: Mapping[Any, Filling]) -> None:
        self._value = value
        self._parts = tuple(parts.items())
        self._known: dict[Token, Any] = {}
        self._readings: dict[int, list[Any]] = {}  # of kept values: the value, and its rows once it was read

    def fill(self, genes: Genes) -> tuple[Any, Token]:
        changes: dict[Any, Any] = {}
        tokens: list[Token] = []
        for key, part in self._parts:
            changes[key], token = part.fill(genes)
            tokens.append(token)
        if None in tokens:
            return self._made(changes), None
        known = tuple(tokens)
        value = self._known.get(known, self)
        if value is self:
            value = self._made(changes)
            if len(self._known) >= _MOST:
                self._known.clear()
                self._readings.clear()
            self._known[known] = value
            self._readings[id(value)] = [value, None]
        return value, known

    def reads(self, value: Any, rows: Rows) -> bool:
        reading = self._readings.get(id(value))
        if reading is None or reading[0] is not value:
            return self._reads(value, rows)
        if reading[1] is None:
            own: Rows = {}
            if not self._reads(value, own):
                return False
            reading[1] = own
        rows.update(reading[1])
        return True

    @abc.abstractmethod
    def _reads(self, value: Any, rows: Rows) -> bool:
        """`reads`, of a value that was not kept or not read yet."""

    @abc.abstractmethod
    def _made(self, changes: dict[Any, Any]) -> Any:
        """The decided value, anew."""


class _Whole(_Kept):
    """A template that is rebound as a whole: its nodes have follow-up updates, or items may move."""

    __slots__ = ()

    def _made(self, changes: dict[Any, Any]) -> Any:
        tree = rebind(self._value, changes)
        remember_decided(tree, changes)
        return tree

    def _reads(self, value: Any, rows: Rows) -> bool:
        return False


class _Node(_Kept):
    """A symbolic node with open parts.

    Args:
        path: Where it stands in the template, for messages.
        steps: Its lineage, once it is decided.
    """

    __slots__ = ("_decided", "_fields", "_path", "_schema", "_steps")

    def __init__(self, value: Any, parts: Mapping[Any, Filling], path: Path, steps: tuple[Any, ...]) -> None:
        super().__init__(value, parts)
        self._path = path
        self._steps = steps
        self._schema: Schema = getattr(type(value), ATTRIBUTE)
        own = self._schema.read(value)
        self._fields = [(name, own.get(name, MISSING), parts.get(name)) for name in self._schema.every]
        self._decided = frozenset(parts) | self._schema.caches(value).get(DECIDED, frozenset())

    def _made(self, changes: dict[Any, Any]) -> Any:
        node = replace(self._value, changes, self._path)
        caches = self._schema.caches(node)
        caches[DECIDED] = self._decided
        if self._steps:
            caches[LINEAGE] = self._steps
        return node

    def _reads(self, value: Any, rows: Rows) -> bool:
        if type(value) is not type(self._value):
            return False
        values = self._schema.read(value)
        return _are_read([(values.get(name, MISSING), old, part) for name, old, part in self._fields], rows)


class _Items(_Kept):
    """A container with open parts, which nobody can change: a tuple, a map."""

    __slots__ = ("_path",)

    def __init__(self, value: Any, parts: Mapping[Any, Filling], path: Path) -> None:
        super().__init__(value, parts)
        self._path = path

    def _made(self, changes: dict[Any, Any]) -> Any:
        return replace(self._value, changes, self._path)

    def _reads(self, value: Any, rows: Rows) -> bool:
        if type(value) is not type(self._value):
            return False
        fixed, own = items(self._value) or [], items(value) or []
        if [key for key, _ in fixed] != [key for key, _ in own]:
            return False
        parts = dict(self._parts)
        pairs = zip(fixed, own, strict=True)
        return _are_read([(item, old, parts.get(key)) for (key, old), (_, item) in pairs], rows)


class _Mutable(_Items):
    """A container that its owner may change, and has for itself: a list, a dict."""

    __slots__ = ()

    def fill(self, genes: Genes) -> tuple[Any, Token]:
        return self._made({key: part.fill(genes)[0] for key, part in self._parts}), None


def _branches(decisions: Mapping[Path, Filling]) -> dict[Any, Any]:
    """Decisions by path as nested dicts by key."""
    root: dict[Any, Any] = {}
    for path, decision in decisions.items():
        here = root
        *inner, last = path.keys
        for key in inner:
            here = here.setdefault(key, {})
        here[last] = decision
    return root


def _part(value: Any, path: Path, branches: Any, steps: tuple[Any, ...] = ()) -> Filling:
    """What stands at a path of a template, with the decisions in it by key."""
    if isinstance(branches, Filling):
        return branches
    inner = dict(items(value) or ())
    parts = {key: _part(inner[key], path / key, branch) for key, branch in branches.items()}
    if schema_of(value) is not None:
        return _Node(value, parts, path, steps)
    return (_Items if isinstance(value, tuple | Map) else _Mutable)(value, parts, path)


def _reacts(value: Any, branches: Any) -> bool:
    """Whether a node over a decision has follow-up updates."""
    if isinstance(branches, Filling):
        return False
    schema = schema_of(value)
    if schema is not None and schema.reacts:
        return True
    inner = dict(items(value) or ())
    return any(_reacts(inner[key], branch) for key, branch in branches.items())


def _moves(part: Filling) -> bool:
    """Whether a candidate deletes or inserts an item where it stands."""
    if isinstance(part, _Decision):
        return part.moves
    return isinstance(part, _Fixed) and (part.value is MISSING or isinstance(part.value, Insertion))


def _are_read(children: list[tuple[Any, Any, Filling | None]], rows: Rows) -> bool:
    """Whether children of a value, each with the fixed one or an open part, are what a part has there."""
    for item, fixed, part in children:
        if part is not None:
            if not part.reads(item, rows):
                return False
        elif fixed is not item and not same(fixed, item):
            return False
    return True
