"""From what a user writes to what is applied: lists are flattened, URIs become patches."""

from __future__ import annotations

from collections.abc import Mapping

from symjax.core.errors import brief, excerpt, nearest_first, note, unknown
from symjax.core.schema import Schema
from symjax.types.hint_reading import parse as parse_hint
from symjax.types.hint_reading import resolve as resolve_hint
from symjax.types.hint_reading import show

from ..uri.grammar import Assignment, Call, Step, parse
from ..uri.literals import Token, read
from .assignments import assignments
from .errors import in_uri, note_members
from .patch import Chain, Patch, SingleRule
from .registry import find_patcher, names


def from_uri(uri: str) -> Patch:
    """The patch that a URI stands for; the inverse of ``str(patch)``.

    Args:
        uri: As in ``scale_width?factor=2.0`` or ``scale_width?2.0``: the name of a patcher and its
            arguments, by position or by name. Lists are written ``1:2:3``, text that looks like
            something else ``'10'``, special characters percent-encoded. The patcher's type hints
            decide what a text means. ``path=value`` sets a value, as the hints of the tree have it;
            those that stand side by side are set at once. ``a|b`` is a chain, as is ``a, b``, and one
            step for each line; ``a#3`` expects three places to change.

    Returns:
        The patch, its arguments validated.

    Raises:
        ValueError: No such URI, no such patcher, or an argument outside its constraints.
        TypeError: An unknown or missing argument, one that was given twice or is of a wrong type.
            All messages or notes name the URI, and the valid names, the nearest first.

    Example:
        >>> from symjax import patches
        >>> patches.from_uri('scale_width?2')
        scale_width(factor=2.0)
        >>> patches.from_uri('scale_width?2, optimizer.learning_rate=0.1').rules
        (scale_width(factor=2.0), Assignments(texts={'optimizer.learning_rate': '0.1'}))
    """
    return _build_chain(parse(uri))


def resolve(rules: object) -> list[SingleRule]:
    """Patches, mappings and functions, in order: lists and chains are flattened, URIs looked up.

    Raises:
        TypeError: Something among the rules is no rule.
        ValueError: A URI is wrong, see `from_uri`.
    """
    if isinstance(rules, str):
        return resolve(from_uri(rules))
    if isinstance(rules, Chain):
        return list(rules.rules)
    if isinstance(rules, Patch | Mapping):
        return [rules]
    if isinstance(rules, list | tuple):
        return [rule for part in rules for rule in resolve(part)]
    if isinstance(rules, type):
        what = "a patcher" if issubclass(rules, Patch) else "a class"
        raise TypeError(f"{rules.__qualname__} is {what}, and no rule yet: call it with its arguments")
    if callable(rules):
        return [rules]
    raise TypeError(
        f"{brief(rules)} of type {type(rules).__name__} is no rule: expected updates by path, a function "
        "(k, v) or (k, v, p), a patch, a URI, or a list of these"
    )


def _build_chain(steps: tuple[Step, ...]) -> Patch:
    built = [_build_step(step) for step in steps]
    return built[0] if len(built) == 1 else Chain(tuple(resolve(built)))


def _build_step(step: Step) -> Patch:
    target = step.target
    patch: Patch
    match target:
        case Call():
            patch = _build(target)
        case Assignment():
            patch = assignments(target)
        case _:
            patch = _build_chain(target)
    return patch if step.places is None else patch.expects(step.places)


def _build(call: Call) -> Patch:
    try:
        patcher = find_patcher(call.name)
    except ValueError as error:  # a short name that several have
        note(error, f"while reading the patch {in_uri(call.text)}")
        raise
    if patcher is None:
        listed = nearest_first(call.name, names())
        message = unknown("patcher", excerpt(call.name), listed, "known patchers")
        raise ValueError(f"{message} {in_uri(call.text)}")
    schema = patcher.__symjax_schema__
    hints = {name: parse_hint(resolve_hint(field.hint, field.owner)) for name, field in schema.fields.items()}
    tokens = _bind(call, schema)
    try:
        return patcher(**{name: read(token, hints[name]) for name, token in tokens.items()})
    except Exception as error:
        for name, token in tokens.items():
            note_members(error, name, token, hints[name])
        note(error, f"while reading the patch {in_uri(call.text)}")
        raise


def _bind(call: Call, schema: Schema) -> dict[str, Token]:
    """The arguments of a URI by name, all of them known and the required ones there."""
    if len(call.args) > len(schema.positional):
        raise TypeError(
            f"{call.name} takes {len(schema.positional)} positional arguments, got {len(call.args)}; "
            f"{_signature(call.name, schema)} {in_uri(call.text)}"
        )
    tokens = dict(zip(schema.positional, call.args, strict=False))
    for name, token in call.kwargs:
        if name in tokens:
            raise TypeError(
                f"{call.name} got two values for {name!r}; {_signature(call.name, schema)} "
                f"{in_uri(call.text)}"
            )
        if name not in schema.fields:
            listed = nearest_first(name, schema.names)
            message = unknown(f"argument of {call.name}", excerpt(name), listed, "its arguments")
            raise TypeError(f"{message} {in_uri(call.text)}")
        tokens[name] = token
    missing = [field.name for field in schema.fields.values() if field.required and field.name not in tokens]
    if missing:
        raise TypeError(
            f"{call.name} misses {', '.join(missing)}; {_signature(call.name, schema)} {in_uri(call.text)}"
        )
    return tokens


def _signature(name: str, schema: Schema) -> str:
    """``scale_width takes factor: float``, for messages."""
    shown = []
    for field in schema.fields.values():
        default = "" if field.required else f" = {brief(field.default)}"
        shown.append(f"{field.name}: {show(resolve_hint(field.hint, field.owner))}{default}")
    return f"{name} takes {', '.join(shown) or 'no arguments'}"
