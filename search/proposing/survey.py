"""`Survey`: every number and function of an experiment, with what may become of it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import jax

from symjax.core.errors import summary
from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.core.schema import is_placeholder
from symjax.patches.analysis.sizes.probe import Effect, adjustable
from symjax.patches.core.patch import Patch
from symjax.patches.outlines.finding import Model, models
from symjax.patches.roles.marks import has_role
from symjax.patches.roles.settings import setting_test
from symjax.verbs.rebind import rebind
from symjax.verbs.refs import is_node, ref
from symjax.verbs.tree import items, value_at

from ..spaces.choice import Choice
from .calls import Calls
from .functions import activations
from .ideas import Kind
from .laws import Law, law_of, some_of
from .sizes import sizes
from .suggestions import Suggestion

_LEFT: Final = (
    ("seed", "a seed: evaluate(…, repeats=n) runs several"),
    ("steps", "how long to train: more costs more"),
    ("epochs", "how long to train: more costs more"),
    ("warmup_steps", "a part of how long to train"),
    ("accumulation_steps", "changes what a step is"),
    ("batch_size", "changes the shapes of the data, and what a step is"),
    ("classes", "the task's"),
    ("vocabulary", "the task's"),
)
"""Settings that are no hyperparameters, whatever else they do."""

_OF_DATA: Final = frozenset({"actions", "len", "length", "output", "outputs", "vocab"})
"""Words in the names of sizes of data, which no abstract call of a whole training tells from a width."""

_UNTRACED: Final = "which the code tests in Python"


class _Entry(NamedTuple):
    """A number or function of the tree.

    Attributes:
        path: Where it stands.
        value: What it is.
        parent: What holds it.
        model: The outermost model in which it stands, if any.
    """

    path: Path
    value: Any
    parent: Any
    model: Model | None


class Survey:
    """Looks at the values of an experiment.

    Args:
        tree: The experiment; choices that stand in it stay.
        calls: How it is called, with those decided.
        where: Which values are looked at: of path, value and what holds it.
    """

    def __init__(self, tree: Any, calls: Calls, where: Callable[[Path, Any, Any], bool]) -> None:
        self._tree = tree
        self._calls = calls
        self._models = models(tree)
        self._where = where
        self._entries = [entry for entry in self._all() if where(entry.path, entry.value, entry.parent)]

    @functools.cached_property
    def _effects(self) -> dict[Path, Effect]:
        """What each field of the models does that are called."""
        return {effect.path: effect for effect in self._calls.effects()}

    def suggestions(self) -> list[Suggestion]:
        """What may become of each value, in the order of the tree; not tried yet."""
        ints = [entry for entry in self._entries if type(entry.value) is int]
        floats = [entry for entry in self._entries if type(entry.value) is float]
        functions = [entry for entry in self._entries if callable(entry.value)]
        suggestions = [*self._sizes(ints), *self._floats(floats), *self._functions(functions)]
        order = {entry.path: place for place, entry in enumerate(self._entries)}
        return sorted(map(self._admitted, suggestions), key=lambda suggestion: order[suggestion.path])

    def opened(self, suggestions: Iterable[Suggestion]) -> Any:
        """The experiment with choices, and references where values have to stay equal."""
        return rebind(self._tree, dict(_openings(self._tree, suggestions)))

    def lacks(self, kind: Kind, path: Path) -> bool:
        """Whether no field of the models is of a kind, and a patch is looked at that does the same."""
        if not self._where(path, kind, self._tree):
            return False
        if kind == "activation":
            return not any(has_role(effect.value, "activation") for effect in self._effects.values())
        return not any(effect.kind == "width" for effect in self._effects.values())

    def _all(self) -> Iterator[_Entry]:
        """The numbers and functions of the tree that its author may have meant to set."""
        by_path = {model.path: model for model in self._models}

        def visit(path: Path, value: Any, parent: Any) -> Iterator[_Entry]:
            if is_placeholder(value) or isinstance(value, Patch) or path.key == INSIDE:
                return
            model = by_path.get(path)
            if model is not None:
                for inner, item in adjustable(value):
                    if not _is_in_placeholder(value, inner):
                        yield _Entry(path / inner, item, value_at(value, inner.parent), model)
                return
            children = items(value)
            if type(value) in (int, float) or (callable(value) and not children):
                yield _Entry(path, value, parent, None)
            for key, item in children or ():
                yield from visit(path / key, item, value)

        return visit(Path(), self._tree, None)

    # Ints.

    def _sizes(self, entries: Sequence[_Entry]) -> Iterator[Suggestion]:
        tests = [(setting_test(setting), why) for setting, why in _LEFT]
        effects: dict[Path, list[Effect]] = {}
        for path, value, parent, model in entries:
            left = next((why for test, why in tests if test(path, parent)), None)
            if left is not None:
                yield Suggestion(path, value, left)
                continue
            effect = self._effect(path, value, model)
            if isinstance(effect, str):
                yield Suggestion(path, value, effect)
            elif effect.kind != "none":
                effects.setdefault(model.path if model else Path(), []).append(effect)
        for group in effects.values():
            yield from sizes(group)

    def _effect(self, path: Path, value: int, model: Model | None) -> Effect | str:
        """What an int does; or why that is not known."""
        if model is not None and path in self._effects:
            return self._effects[path]
        if self._calls.fn is not None:
            if _OF_DATA & set(str(path.key).split("_")):
                return "by its name a size of the data"
            return self._calls.effect_of(path, value)
        if model is not None:
            return "in a model: example inputs show what it does"
        return "in no model: fn= shows what it does"

    # Floats.

    def _floats(self, entries: Sequence[_Entry]) -> Iterator[Suggestion]:
        leaves = {Path.from_jax(keys) for keys, _ in jax.tree_util.tree_leaves_with_path(self._calls.tree)}
        drops = self._calls.drops
        laws = [(e, law_of(e.path, e.value, e.parent, functools.partial(drops, e.path))) for e in entries]
        open_ones = [entry.path for entry, law in laws if law.ranges and entry.path in leaves]
        traced = self._calls.can_trace(open_ones)
        for (path, value, _, model), law in laws:
            effect = self._effects.get(path) if model is not None else None
            in_lanes = path in traced and (effect is None or effect.kind == "leaf")
            yield self._float(path, value, law, in_lanes)

    def _float(self, path: Path, value: float, law: Law, in_lanes: bool) -> Suggestion:
        refusal = ""
        for choice in law.ranges:
            candidate = choice if in_lanes else some_of(choice, value)
            try:
                rebind(self._tree, {path: candidate})
            except Exception as error:  # noqa: BLE001 - whatever a class's own checks raise
                refusal = summary(error)
                continue
            why = law.why if in_lanes else f"{law.why}, {_UNTRACED}"
            return Suggestion(path, value, why, candidate, in_lanes=in_lanes)
        return Suggestion(path, value, f"{law.why}; {refusal}" if refusal else law.why)

    # Functions.

    def _functions(self, entries: Sequence[_Entry]) -> Iterator[Suggestion]:
        groups: dict[Path | None, list[tuple[Path, Any]]] = {}
        for path, value, _, model in entries:
            if has_role(value, "activation"):
                groups.setdefault(model.path if model else None, []).append((path, value))
        for group in groups.values():
            yield from activations(group)

    def _admitted(self, suggestion: Suggestion) -> Suggestion:
        """The suggestion, left as it is where the tree refuses what it proposes."""
        try:
            self.opened([suggestion])
        except Exception as error:  # noqa: BLE001 - whatever a class's own checks raise
            return dataclasses.replace(suggestion, choice=None, why=f"{suggestion.why}; {summary(error)}")
        return suggestion


def _is_in_placeholder(tree: Any, path: Path) -> bool:
    """Whether a value belongs to an open choice, or to a reference."""
    return any(is_placeholder(value_at(tree, Path(path.keys[:depth]))) for depth in range(len(path)))


def _openings(tree: Any, suggestions: Iterable[Suggestion]) -> Iterator[tuple[Path, Choice]]:
    for suggestion in suggestions:
        if suggestion.choice is not None and not suggestion.is_patch:
            yield suggestion.path, suggestion.choice
            for tie in suggestion.ties:
                yield tie, _reference(tree, tie, suggestion.path)


def _reference(tree: Any, path: Path, to: Path) -> Any:
    """A reference that stands at a path and leads to another.

    Raises:
        ValueError: No symbolic node holds both.
    """
    above = [path.parent]
    while above[-1]:
        above.append(above[-1].parent)
    nodes = [each for each in above if is_node(value_at(tree, each))]
    for up, node in enumerate(nodes, start=1):
        if to.startswith(node):
            return ref(Path(to.keys[len(node) :]), up)
    raise ValueError(f"no symbolic node holds both {path} and {to}, so no reference can tie them")
