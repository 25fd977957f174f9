"""`query`, `contains` and `missing`: finding values by path, by predicate, by what is not there."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Callable
from typing import Any

from symjax.core.errors import locate, noting_depth
from symjax.core.leaves import ATOMS
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path, extend
from symjax.core.provided import provided
from symjax.core.schema import schema_of
from symjax.verbs.equality import eq
from symjax.verbs.tree import items
from symjax.verbs.walk import Step, traverse, walk

_ASKING = "while asking where= about this value"
_ITSELF = object()


@noting_depth
def query(
    tree: Any,
    regex: str | re.Pattern[str] | None = None,
    where: Callable[..., bool] | None = None,
    enter_selected: bool = False,
) -> dict[Path, Any]:
    """The values of a tree that match a pattern on their path and a predicate.

    Args:
        tree: A symbolic object or a plain container.
        regex: Matched against the whole path from its start, as `re.match` does.
        where: ``where(v)``, ``where(v, p)`` or ``where(k, v, p)`` of path, value and parent.
        enter_selected: Search inside a value that was selected too.

    Returns:
        Values by path, in pre-order. The dict may be indexed by the text of a path.

    Raises:
        Exception: What `where` raises comes out as itself, with a note that says about which value.

    Example:
        >>> query({'a': {'b': 1}, 'c': 2}, where=lambda v: isinstance(v, int))
        {Path('a.b'): 1, Path('c'): 2}
    """
    pattern = re.compile(regex) if isinstance(regex, str) else regex
    selected: dict[Path, Any] = {}
    form = None if where is None else arity_form(where, ("v", "vp", "kvp"), "where")
    if where is not None and pattern is None and form != "kvp":

        def below(parent: Any) -> Callable[[Any], bool]:
            return (lambda v: where(v, parent)) if form == "vp" else where

        _select(tree, ROOT, below(None), below, enter_selected, selected)
        return selected
    test = None if where is None else _applied(where, form)

    def visit(path: Path, value: Any, parent: Any) -> Step:
        if pattern is not None and pattern.match(str(path)) is None:
            return Step.ENTER
        try:
            if test is not None and not test(path, value, parent):
                return Step.ENTER
        except Exception as error:
            locate(error, path, _ASKING)
            raise
        selected[path] = value
        return Step.ENTER if enter_selected else Step.SKIP

    traverse(tree, visit)
    return selected


def _select(
    value: Any,
    path: Path,
    test: Callable[[Any], bool],
    below: Callable[[Any], Callable[[Any], bool]],
    enter: bool,
    selected: dict[Path, Any],
) -> None:
    """Collects what passes a test that does not ask for the path: atoms get one only if they pass.

    Args:
        value: Any value.
        path: Where it stands.
        test: The test of this value.
        below: Makes the test of the children of a value.
        enter: Search inside a value that was selected too.
        selected: What was selected so far.
    """
    key: Any = _ITSELF
    try:
        if test(value):
            selected[path] = value
            if not enter:
                return
        children = items(value)
        if children:
            test = below(value)
            for key, item in children:
                if type(item) not in ATOMS:  # of atoms no call: 92 µs, not 129 (trees.py, query-floats)
                    _select(item, extend(path, key), test, below, enter, selected)
                elif test(item):
                    selected[extend(path, key)] = item
    except RecursionError:
        raise
    except Exception as error:
        locate(error, path if key is _ITSELF else extend(path, key), _ASKING)
        raise


def contains(tree: Any, value: Any = MISSING, *, type: type | None = None) -> bool:
    """Whether a value, or one of a type, is in a tree.

    Args:
        tree: A symbolic object or a plain container.
        value: Looked for by `symjax.eq`.
        type: Looked for by `isinstance`.

    Example:
        >>> contains({'a': [1, 2.0]}, 2.0), contains({'a': [1, 2.0]}, type=str)
        (True, False)
    """
    if type is not None:
        return any(isinstance(present, type) for _, present, _ in walk(tree))
    return any(present is value or eq(present, value) for _, present, _ in walk(tree))


def missing(tree: Any) -> dict[Path, Any]:
    """The holes of a partial tree: paths of required arguments that are not given.

    Returns:
        The type hint of each missing argument, by path; empty for a complete tree.

    Example:
        >>> import symjax as sj
        >>> class Adam(sj.Object):
        ...     learning_rate: float
        >>> list(missing({'optimizer': Adam.partial()}))
        [Path('optimizer.learning_rate')]
    """
    holes: dict[Path, Any] = {}
    for path, value, parent in walk(tree):
        if value is MISSING:
            schema = schema_of(parent)
            field = schema.fields.get(path.key) if schema is not None else None  # type: ignore[call-overload]
            if field is None:
                holes[path] = Any
            elif field.required:
                holes[path] = field.hint
    return holes


def is_partial(tree: Any) -> bool:
    """Whether required arguments are missing anywhere in a tree."""
    return bool(missing(tree))


def with_arity(function: Callable[..., Any], forms: tuple[str, ...], what: str) -> Callable[..., Any]:
    """A function of ``(k, v, p)`` out of one that takes some of them.

    Args:
        function: The user's function.
        forms: The accepted parameter lists by length, such as ``('v', 'vp', 'kvp')``.
        what: What the function is, for the message.

    Raises:
        TypeError: The function takes another number of arguments.
    """
    return _applied(function, arity_form(function, forms, what))


def _applied(function: Any, form: str | None) -> Callable[..., Any]:
    match form:
        case "v":
            return lambda k, v, p: function(v)
        case "vp":
            return lambda k, v, p: function(v, p)
        case "kv":
            return lambda k, v, p: function(k, v)
        case _:
            return function  # type: ignore[no-any-return]


def arity_form(function: Callable[..., Any], forms: tuple[str, ...], what: str) -> str:
    """Which of `forms` a function takes; see `with_arity`."""
    if type(function) is types.FunctionType and not function.__code__.co_flags & inspect.CO_VARARGS:
        takes = function.__code__.co_argcount
        required = takes - len(function.__defaults__ or ())
    else:
        arity = _arity(function)
        if arity is None:  # a builtin without a signature, such as a class
            return forms[0]
        required, takes = arity
    if any(len(form) == required for form in forms):
        takes = required
    form = next((f for f in sorted(forms, key=len, reverse=True) if required <= len(f) <= takes), None)
    if form is not None:
        return form
    names = " or ".join(f"({', '.join(form)})" for form in forms)
    raise TypeError(f"{what} must take {names}, got a function of {required} arguments")


def _arity(function: Callable[..., Any]) -> tuple[int, int] | None:
    """How many positional arguments a callable requires and takes; None if it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = sum(1 for p in parameters if p.kind in positional and p.default is p.empty)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return required, sys.maxsize
    return required, sum(1 for p in parameters if p.kind in positional)


provided.missing = missing
