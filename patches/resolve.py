"""From what a user writes to what is applied: lists are flattened, URIs become patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symjax.core.errors import brief, unknown
from symjax.core.schema import Schema
from symjax.types.hints import resolve as resolve_hint
from symjax.types.hints import show

from .errors import in_uri, nearest_first
from .literals import Token, read
from .patch import Chain, Patch
from .registry import find_patcher
from .uri import Call, Step, parse


def from_uri(uri: str) -> Patch:
    """The patch that a URI stands for; the inverse of ``str(patch)``.

    Args:
        uri: As in ``scale_width?factor=2.0`` or ``scale_width?2.0``: the name of a patcher and its
            arguments, by position or by name. Lists are written ``1:2:3``, text that looks like
            something else ``'10'``, special characters percent-encoded. ``a|b`` is a chain, and
            ``a#3`` expects three places to change. The patcher's type hints decide what a text
            means.

    Returns:
        The patch, its arguments validated.

    Raises:
        ValueError: No such URI, no such patcher, or an argument outside its constraints.
        TypeError: An unknown, missing or doubly given argument, or one of a wrong type. All
            messages name the URI, and the valid names, the nearest first.

    Example:
        >>> from symjax import patches
        >>> patches.from_uri('scale_width?2')
        scale_width(factor=2.0)
        >>> patches.from_uri('scale_width?2|change_lr?0.1').rules
        (scale_width(factor=2.0), change_lr(learning_rate=0.1))
    """
    return _build_chain(parse(uri))


def resolve(rules: object) -> list[Any]:
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
    patch = _build(target) if isinstance(target, Call) else _build_chain(target)
    return patch if step.places is None else patch.expects(step.places)


def _build(call: Call) -> Patch:
    try:
        patcher = find_patcher(call.name)
    except ValueError as error:
        raise ValueError(f"{error} {in_uri(call.text)}") from None
    schema: Schema = patcher.__symjax_schema__  # type: ignore[attr-defined]
    given = {
        name: read(token, resolve_hint(schema.fields[name].hint, schema.fields[name].owner))
        for name, token in _bind(call, schema).items()
    }
    try:
        return patcher(**given)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{error} {in_uri(call.text)}") from error


def _bind(call: Call, schema: Schema) -> dict[str, Token]:
    """The arguments of a URI by name, all of them known and the required ones there."""
    arguments = _signature(call.name, schema)
    if len(call.args) > len(schema.positional):
        raise TypeError(
            f"{call.name} takes {len(schema.positional)} positional arguments, got {len(call.args)}; "
            f"{arguments} {in_uri(call.text)}"
        )
    given = dict(zip(schema.positional, call.args, strict=False))
    for name, token in call.kwargs:
        if name in given:
            raise TypeError(f"{call.name} got two values for {name!r}; {arguments} {in_uri(call.text)}")
        if name not in schema.fields:
            listed = nearest_first(name, schema.names)
            raise TypeError(
                f"{unknown(f'argument of {call.name}', name, listed, 'its arguments')} {in_uri(call.text)}"
            )
        given[name] = token
    missing = [f.name for f in schema.fields.values() if f.required and f.name not in given]
    if missing:
        raise TypeError(f"{call.name} misses {', '.join(missing)}; {arguments} {in_uri(call.text)}")
    return given


def _signature(name: str, schema: Schema) -> str:
    """``scale_width takes factor: float``, for messages."""
    shown = []
    for f in schema.fields.values():
        default = "" if f.required else f" = {f.default!r}"
        shown.append(f"{f.name}: {show(resolve_hint(f.hint, f.owner))}{default}")
    return f"{name} takes {', '.join(shown) or 'no arguments'}"
