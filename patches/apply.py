"""`patch`: rules applied to a tree, in order, and what they changed."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from symjax.core.marks import MISSING, Insertion
from symjax.core.paths import Path
from symjax.core.placeholders import Placeholder
from symjax.verbs.diff import diff
from symjax.verbs.equality import eq
from symjax.verbs.lineage import lineage, with_lineage
from symjax.verbs.query import query, with_arity
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import is_symbolic, value_at

from .errors import PatchError, PatchWarning
from .patch import Expects, Patch, Rule, RuleFunction, Validator, describe_rule
from .resolve import resolve

T = TypeVar("T")


def patch(tree: T, rules: Rule, strict: bool = False) -> T:
    """A new tree with rules applied, one after the other. The old one is never changed.

    All URIs are resolved before anything is applied. Each rule sees the result of the one before.
    Validators, which patches may return beside their edits, run on the final tree. The new tree
    remembers the rules that changed it: `symjax.lineage` lists them.

    Args:
        tree: A symbolic object or a plain container.
        rules: Updates by path, a function ``(k, v)`` or ``(k, v, p)`` of path, value and parent, a
            patch, a URI such as ``'scale_width?factor=2.0'``, or a list of these.
        strict: Raise `PatchError` where a rule changes nothing, instead of a `PatchWarning`.

    Returns:
        The new tree; the old one itself where nothing changed.

    Raises:
        ValueError: A URI or a patcher that does not exist, a value outside its constraints, a
            validator that is not content.
        TypeError: Something that is no rule, or a value of a wrong type.
        KeyError: An update of a path that does not exist.
        PatchError: A rule changed nothing under `strict`, or not as many places as it `expects`.

    Example:
        >>> import symjax as sj
        >>> class Experiment(sj.Object):
        ...     learning_rate: float
        ...     epochs: int = 5
        >>> exp = sj.patch(Experiment(0.1), ['change_lr?0.003', {'epochs': 10}])
        >>> exp
        Experiment(learning_rate=0.003, epochs=10)
        >>> sj.lineage(exp)
        ('change_lr?learning_rate=0.003', "<{'epochs': 10}>")
    """
    result: Any = tree
    steps: list[str] = []
    validators: list[_Check] = []
    for rule in resolve(rules):
        edit = _apply(result, rule)
        validators += edit.validators
        if edit.places:
            steps.append(describe_rule(rule))
        elif (edit.tried or not edit.validators) and not isinstance(rule, Expects):
            _complain(describe_rule(rule), strict)
        result = edit.tree
    for check in validators:
        check.run(result)
    return with_lineage(result, (*lineage(tree), *steps)) if steps else tree


@dataclass(frozen=True, slots=True)
class _Check:
    """A validator and the patch that it came from."""

    validator: Validator
    source: str

    def run(self, tree: Any) -> None:
        try:
            content = self.validator(tree)
        except Exception as error:
            error.add_note(f"the validator of the patch {self.source} refused the patched tree")
            raise
        if content is False:
            raise PatchError(f"the validator of the patch {self.source} refused the patched tree")


@dataclass(frozen=True, slots=True)
class _Edit:
    """What became of a tree, and where it changed."""

    tree: Any
    places: tuple[Path, ...] = ()
    validators: tuple[_Check, ...] = ()
    tried: bool = True  # whether anything was to be changed


def _apply(tree: Any, rule: Any) -> _Edit:
    """One rule, applied."""
    if isinstance(rule, Expects):
        return _apply_counted(tree, rule)
    if isinstance(rule, Patch):
        return _apply_patch(tree, rule)
    if isinstance(rule, Mapping):
        return _apply_updates(tree, rule)
    return _apply_function(tree, rule)


def _apply_counted(tree: Any, rule: Expects) -> _Edit:
    edit = _apply(tree, rule.patch)
    if len(edit.places) != rule.places:
        where = ", ".join([str(path) or "the root" for path in edit.places]) or "nothing"
        raise PatchError(
            f"the patch {rule.patch.uri} was to change {rule.places} places, and changed "
            f"{len(edit.places)}: {where}"
        )
    return edit


def _apply_patch(tree: Any, rule: Patch) -> _Edit:
    try:
        outcome = rule.edit(tree)
        outcome, validator = _split(outcome)
        edit = _apply_outcome(tree, outcome)
    except Exception as error:
        _note(error, rule)
        raise
    if validator is None:
        return edit
    return _Edit(edit.tree, edit.places, (*edit.validators, _Check(validator, rule.uri)), edit.tried)


def _split(outcome: object) -> tuple[object, Validator | None]:
    """What a patch returned, without and with a validator.

    A rule takes two arguments or three and a validator one, so a pair of an edit and a validator can be
    told from a tuple of rules, which is what a list becomes where it is an argument of a patch.
    """
    if isinstance(outcome, tuple) and len(outcome) == 2:
        edit, validator = outcome
        if not isinstance(validator, Patch) and _takes_one(validator):
            return edit, validator
    return outcome, None


def _takes_one(function: object) -> TypeGuard[Validator]:
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True


def _apply_outcome(tree: Any, outcome: object) -> _Edit:
    """What a patch returned: a whole new tree, or rules."""
    if outcome is None:
        return _Edit(tree, tried=False)
    if is_symbolic(outcome) and not isinstance(outcome, Patch):
        return _Edit(outcome, tuple(diff(tree, outcome)))
    places: list[Path] = []
    validators: list[_Check] = []
    for rule in resolve(outcome):
        edit = _apply(tree, rule)
        tree = edit.tree
        places += edit.places
        validators += edit.validators
    return _Edit(tree, tuple(places), tuple(validators))


def _apply_updates(tree: Any, updates: Mapping[Any, Any]) -> _Edit:
    new = rebind(tree, updates)
    places = [path for path in map(Path.parse, updates) if _differs(tree, new, path, updates[path])]
    return _Edit(new, tuple(places)) if places else _Edit(tree)


def _differs(old: Any, new: Any, path: Path, update: object) -> bool:
    if update is MISSING or isinstance(update, Insertion):  # what follows in a list has moved
        return not eq(old, new)
    try:
        return not eq(value_at(old, path), value_at(new, path))
    except KeyError:  # an entry that was added
        return True


def _apply_function(tree: Any, rule: RuleFunction) -> _Edit:
    ask = with_arity(rule, ("kv", "kvp"), "a rule")
    places: list[Path] = []

    def counted(path: Path, value: Any, parent: Any) -> Any:
        new = ask(path, value, parent)
        if new is not value and not eq(new, value):
            places.append(path)
        return new

    new = rebind(tree, counted)
    return _Edit(new, tuple(places))


def _complain(source: str, strict: bool) -> None:
    message = f"the patch {source} changed nothing: no place matched, or each had its new value already"
    if strict:
        raise PatchError(message)
    warnings.warn(f"{message}; strict=True makes this an error", PatchWarning, stacklevel=3)


def _note(error: Exception, rule: Patch) -> None:
    """Says which patch was at work when something went wrong."""
    open_choices = query(rule, where=lambda value: isinstance(value, Placeholder))
    hint = f"; it still has open choices at {', '.join(map(str, open_choices))}" if open_choices else ""
    error.add_note(f"while applying the patch {rule.uri}{hint}")
