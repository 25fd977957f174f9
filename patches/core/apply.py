"""`patch`: rules applied to a tree, in order, and what they changed."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeGuard, TypeVar

import jax
import numpy as np

from symjax.core.errors import at, note
from symjax.core.marks import MISSING, Insertion
from symjax.core.paths import ROOT, Path
from symjax.core.tracebacks import caller_level, hide_frames
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.diff import diff
from symjax.verbs.equality import surely_eq
from symjax.verbs.lineage import LineageStep, steps_of, with_lineage
from symjax.verbs.moves import may_move
from symjax.verbs.query import query
from symjax.verbs.rebind import Log, rebind, rebind_logged
from symjax.verbs.tree import is_symbolic, value_at

from ..roles.marks import noting_roles
from .errors import PatchError, PatchWarning
from .foreign import no_tree, out_of_sight
from .patch import (
    Context,
    Edited,
    Expects,
    LookingFor,
    Operators,
    Patch,
    Rule,
    RuleFunction,
    SingleRule,
    Validator,
    describe_rule,
)
from .resolve import resolve
from .updates import from_diff

T = TypeVar("T")


def patch(tree: T, rules: Rule, strict: bool = False, inputs: object = None) -> T:
    """A new tree with rules applied, one after the other. The old one is never changed.

    All URIs are resolved before anything is applied. Each rule sees the result of the one before.
    Validators, which patches may return beside their edits, run on the final tree. The new tree
    remembers the rules that changed it: `symjax.lineage` lists them.

    Args:
        tree: A symbolic object or a plain container.
        rules: Updates by path, a function ``(k, v)`` or ``(k, v, p)`` of path, value and parent, a
            patch, a URI such as ``'scale_width?factor=2.0'``, or a list of these.
        strict: Raise `PatchError` where a rule changes nothing, instead of a `PatchWarning`.
        inputs: Example inputs of the models in the tree, arrays or their shapes, for patches that have to
            know what the layers inside of a model are: one array, a tuple of positional arguments, an
            `Inputs`, or a mapping of such by the paths of the models. By default what the tree's method
            `example_inputs` returns, if it has one. Nothing is computed with them but shapes.

    Returns:
        The new tree; the old one itself where nothing changed.

    Raises:
        ValueError: A URI or a patcher that does not exist, a value outside its constraints, a
            validator that is not content.
        TypeError: Something that is no rule, or a value of a wrong type; or `tree` is a class, or a module of
            plain Flax, of a class that is not symbolized.
        KeyError: An update of a path that does not exist.
        PatchError: A rule changed nothing under `strict`, or not as many places as it `expects`.
        Exception: What a user's rule or validator raises comes out as itself, with notes that name the
            patch, its position among the rules, and the path.

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
    try:
        return _patched(tree, resolve(rules), Context(inputs, strict=strict), is_decided=False)
    except Exception as error:
        hide_frames(error)
        raise


def patch_decided(tree: T, rules: Sequence[SingleRule], inputs: object = None) -> T:
    """As `patch`, for rules whose arguments a search has decided: one value of these may well change nothing.

    So nothing is said where a rule does, and the lineage lists it all the same, chains as one: what was
    decided can be read off it.

    Args:
        tree: A symbolic object or a plain container.
        rules: What is applied, one after the other.
        inputs: As of `patch`.
    """
    return _patched(tree, list(rules), Context(inputs), is_decided=True)


def _patched(tree: T, rules: list[SingleRule], context: Context, is_decided: bool) -> T:
    result: Any = tree
    steps: list[LineageStep] = []
    checks: list[Callable[[Any], None]] = []
    for source in _numbered(rules, context):
        with noting_roles() as roles:
            edit = _apply(result, source)
        checks += edit.checks
        if edit.places or is_decided:
            steps.append(LineageStep(describe_rule(source.rule), edit.changed or edit.places))
        elif (edit.tried or not edit.checks) and not isinstance(source.rule, Expects):
            _complain(source, context.strict, edit, roles)
        result = edit.tree
    for check in checks:
        check(result)
    return with_lineage(result, (*steps_of(tree), *steps)) if steps else tree


def matched(tree: object, rule: Rule, inputs: object = None) -> tuple[Path, ...]:
    """The places that a rule changes in a tree; see `Patch.matched`."""
    return _edit_in_turn(tree, _numbered(resolve(rule), Context(inputs))).places


def tried(tree: T, rule: Rule, inputs: object = None) -> T:
    """The tree with a rule applied, to see what comes of it: nothing is said where nothing changes.

    Args:
        tree: A symbolic object or a plain container.
        rule: As of `patch`.
        inputs: As of `patch`; ``{}`` for none, those of the tree neither.
    """
    edit = _edit_in_turn(tree, _numbered(resolve(rule), Context(inputs)))
    for check in edit.checks:
        check(edit.tree)
    return edit.tree  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Source:
    """A rule and its place in the list of those that are applied with it, as messages name them."""

    rule: SingleRule
    context: Context
    position: int = 1
    count: int = 1

    def __str__(self) -> str:
        position = f" (rule {self.position} of {self.count})" if self.count > 1 else ""
        return f"the patch {describe_rule(self.rule)}{position}"


def _numbered(rules: list[SingleRule], context: Context) -> list[_Source]:
    return [_Source(rule, context, position, len(rules)) for position, rule in enumerate(rules, 1)]


@dataclass(frozen=True, slots=True)
class _Check:
    """A validator and the patch that it came from."""

    validator: Validator
    source: _Source

    def __call__(self, tree: object) -> None:
        try:
            verdict = self.validator(tree)
            refused = isinstance(verdict, _BOOLS) and not verdict
        except Exception as error:
            note(error, self._refusal())
            raise
        if refused:
            raise PatchError(self._refusal())

    def _refusal(self) -> str:
        return f"the validator of {self.source} refused the patched tree {at(ROOT)}"


_BOOLS: Final = (bool, np.bool_, jax.Array)


def _apply(tree: object, source: _Source) -> Edited:
    """One rule, applied; it is named where something goes wrong."""
    try:
        return _edit(tree, source)
    except Exception as error:
        note(error, f"while applying {source}{_open_choices(source.rule)}")
        if foreign := no_tree(tree):
            note(error, foreign)
        raise


def _edit(tree: object, source: _Source) -> Edited:
    rule = source.rule
    if isinstance(rule, Expects):
        return _edit_counted(tree, rule, source)
    if isinstance(rule, Patch):
        return _edit_by_patch(tree, rule, source)
    if isinstance(rule, Mapping):
        return _edit_by_updates(tree, rule)
    return changed_by(tree, rule)


def _edit_counted(tree: object, rule: Expects, source: _Source) -> Edited:
    context = replace(source.context, places=rule.places)
    edit = _edit(tree, _Source(rule.patch, context, source.position, source.count))
    if not edit.open and len(edit.places) != rule.places:
        where = ", ".join([str(path) or "the root" for path in edit.places]) or "nothing"
        raise PatchError(
            f"the patch {rule.patch.uri} was to change {rule.places} places, and changed "
            f"{len(edit.places)}: {where}"
        )
    return edit


def _edit_by_patch(tree: object, rule: Patch, source: _Source) -> Edited:
    context = source.context
    if context.carrier is None:
        context = replace(context, carrier=rule)
    outcome, validator = _split(rule.edit_in(tree, context))
    sought = ""
    if isinstance(outcome, LookingFor):
        sought, outcome = outcome.what, outcome.edit
    edit = _edit_by_outcome(tree, outcome, context)
    if sought:
        edit = replace(edit, sought=sought)
    return edit if validator is None else replace(edit, checks=(*edit.checks, _Check(validator, source)))


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


def _edit_by_outcome(tree: object, outcome: object, context: Context) -> Edited:
    """What a patch returned: a whole new tree, or rules."""
    if outcome is None:
        return Edited(tree, tried=False)
    if isinstance(outcome, Edited):
        return outcome
    if is_symbolic(outcome) and not isinstance(outcome, Patch):
        return Edited(outcome, tuple(diff(tree, outcome)))
    sources = _numbered(resolve(outcome), context)
    if len(sources) == 1 and not isinstance(sources[0].rule, Patch):
        return _edit(tree, sources[0])  # the name of the patch says it all
    return _edit_in_turn(tree, sources)


def _edit_in_turn(tree: object, sources: list[_Source]) -> Edited:
    """Rules, each applied to the result of the one before."""
    edits: list[Edited] = []
    for source in sources:
        edits.append(_apply(tree, source))
        tree = edits[-1].tree
    return Edited(
        tree,
        places=tuple([path for edit in edits for path in edit.places]),
        changed=tuple(dict.fromkeys([path for edit in edits for path in edit.changed or edit.places])),
        open=any(edit.open for edit in edits),
        why="; ".join(dict.fromkeys([edit.why for edit in edits if edit.why])),
        checks=tuple([check for edit in edits for check in edit.checks]),
    )


def _edit_by_updates(tree: object, updates: Mapping[Any, Any]) -> Edited:
    log: Log = []
    new = rebind_logged(tree, updates, log)
    moving = any(update is MISSING or isinstance(update, Insertion) for update in updates.values())
    places = []
    for text, update in updates.items():
        path = Path.parse(text)
        # Where items move, a path of the old tree leads elsewhere in the new one.
        if _alone_differs(tree, path, update) if moving else _differs(tree, new, path):
            places.append(path)
    return Edited(new, tuple(places), changed=_changed(tree, new, log, places)) if places else Edited(tree)


def _changed(old: object, new: object, log: Log, places: list[Path]) -> tuple[Path, ...]:
    """What is another value in a new tree; a rule whose items move is no measure of that."""
    if may_move(log):
        return tuple(diff(old, new))
    followed = [path for path, _, explicit in log if not explicit and _differs(old, new, path)]
    return (*places, *followed)


def _alone_differs(tree: object, path: Path, update: object) -> bool:
    """Whether one update of several changes anything."""
    if isinstance(update, Insertion) or (update is MISSING and not is_symbolic(value_at(tree, path.parent))):
        return True
    try:
        new = rebind(tree, {path: update})
    except Exception:  # noqa: BLE001 - what is right only together with the others has an effect
        return True
    return _differs(tree, new, path)


def _differs(old: object, new: object, path: Path) -> bool:
    try:
        return not surely_eq(value_at(old, path), value_at(new, path))
    except KeyError:  # an entry that was added
        return True


def changed_by(tree: object, rule: RuleFunction) -> Edited:
    """The tree with a rule function applied to all its values."""
    log: Log = []
    replaced: list[Any] = []
    new = rebind_logged(tree, rule, log, replaced)
    hits = [change for change in log if change[2]]  # the others are follow-up updates
    # Not by a function around the rule, which is asked of each value: 217 µs, not 262 (patches.py, hits).
    places = [path for (path, value, _), old in zip(hits, replaced, strict=True) if not surely_eq(value, old)]
    return Edited(new, tuple(places), changed=_changed(tree, new, log, places))


def _complain(source: _Source, strict: bool, edit: Edited, roles: set[str]) -> None:
    """Says that a rule changed nothing, why as far as that is known, and what it has looked for."""
    if foreign := no_tree(edit.tree):
        raise TypeError(f"{source} changed nothing: {foreign}")
    why = edit.why or out_of_sight(edit.tree) or "no place matched, or each had its new value already"
    if edit.sought:
        why = f"it looks for {edit.sought}, and {why}"
    elif roles:
        why = f"{why}; it looked for the roles {', '.join(sorted(roles))}"
    if "activation" in roles and edit.why:  # of what is inside of models
        why = f"{why}; functions that a method calls are no layers: patches.traced reaches them"
    message = f"{source} changed nothing: {why}"
    if strict:
        raise PatchError(message)
    warnings.warn(f"{message}; strict=True makes this an error", PatchWarning, stacklevel=caller_level())


def _open_choices(rule: SingleRule) -> str:
    """A hint at what in a patch is not decided, or ``''``."""
    if not isinstance(rule, Patch):
        return ""
    choices = query(rule, where=lambda value: isinstance(value, Placeholder))
    return f"; it still has open choices at {', '.join(map(str, choices))}" if choices else ""


# Handed down: `Patch` stands below what reads and applies rules, and imports neither.
Patch.__symjax_operators__ = Operators(
    apply=patch,
    matched=matched,
    resolve=resolve,
    invert=lambda rule, tree: from_diff(diff(patch(tree, rule), tree)),
)
