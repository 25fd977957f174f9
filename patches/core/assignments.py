"""``path=value``: updates by path as text, typed by the hints of the tree that they are applied to."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, Final, final

from symjax.core.errors import NoSuchPath, at, brief, excerpt, nearest_first, note, unknown
from symjax.core.paths import ROOT, Path
from symjax.core.schema import schema_of
from symjax.types.hint_reading import parse as parse_hint
from symjax.types.hint_reading import resolve as resolve_hint
from symjax.types.hints import Anything, Either, Entries, Hint, Instance, Items, Nothing, Scalar, Text
from symjax.verbs.tree import child

from ..uri.grammar import Assignment, parse_value, print_assignments
from ..uri.hints import arms_of, item_hint_of
from ..uri.literals import Text as TextToken
from ..uri.literals import Token, admits, is_word, print_token, read
from ..uri.named import Kind, kind_named, known_names, named
from .errors import note_members
from .patch import Patch
from .registry import find_patcher

_ANYTHING: Final = Anything()


@final
class Assignments(Patch):
    """A patch that sets values which are given as text; made of ``path=value``.

    What a text means is decided by the tree: by the type hint of the field at that path, or by the value
    that stands there now where nothing is hinted. It is never evaluated. All values are set at once,
    so that fields which must agree can be changed together.

    Attributes:
        texts: The text of each value, as in URIs, by path.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Dense(8), nn.relu])
        >>> sj.patch(model, 'layers[0].features=64, layers[1]=gelu').layers[0].features
        64
        >>> sj.patch(model, 'layers[0].features=many')
        Traceback (most recent call last):
        TypeError: ...
    """

    __symjax_name__: ClassVar[str] = "symjax.patches.Assignments"

    texts: Mapping[str, str]

    def __check__(self) -> None:
        """Every path and value can be read, and no path lies in another.

        Raises:
            ValueError: One cannot, or does.
        """
        paths = [Path.parse(path) for path in self.texts]
        for text in self.texts.values():
            parse_value(text)
        known = {path.keys for path in paths}
        for path in paths:
            outer = next((path.keys[:n] for n in range(len(path)) if path.keys[:n] in known), None)
            if outer is not None:
                raise ValueError(f"updates overlap: {Path(outer)} holds {path}, and both are set {at(path)}")

    def edit(self, tree: Any) -> object:
        """The updates: each text as the value that it is in this tree.

        Raises:
            KeyError: A path that does not exist; the message names the nearest valid names.
            TypeError: A value of a wrong type.
            ValueError: A value outside its constraints, or no such function, class or dtype.
        """
        updates: dict[Path, Any] = {}
        start = 0
        for path, text in self.texts.items():
            try:
                updates[Path.parse(path)] = _typed(parse_value(text), tree, Path.parse(path))
            except Exception as error:
                if len(self.texts) > 1:  # the name of the patch says it otherwise
                    note(error, f"in {excerpt(f'{path}={text}')!r}, at character {start} of its text")
                raise
            start += len(print_assignments({path: text})) + 1
        return updates

    @property
    def uri(self) -> str:
        """The paths and values, joined by commas."""
        return print_assignments(self.texts)


def assignments(parsed: Assignment) -> Assignments:
    """The patch that a part of a URI stands for."""
    return Assignments({str(path): print_token(token) for path, token in parsed.values.items()})


def _typed(token: Token, tree: Any, path: Path) -> Any:
    """The value that an item of a text is at a place of a tree."""
    parent, present, hint = _place(tree, path)
    value = _read(token, present, hint, path)
    schema = schema_of(parent)
    if schema is None:
        return value
    try:
        return schema.validator().admit_one(str(path.key), value, path.parent)
    except (TypeError, ValueError) as error:
        note_members(error, str(path), token, hint)
        raise


def _place(tree: Any, path: Path) -> tuple[Any, Any, Hint]:
    """What holds the value at a path, the value itself, and what may stand there."""
    parent: Any = None
    present: Any = tree
    hint: Hint = _ANYTHING
    where = ROOT
    for key in path:
        where = where / key
        try:
            inner = child(present, key, where)
        except NoSuchPath as error:
            if len(where) == 1 and find_patcher(str(key)) is not None:
                note(error, f"{key} is a patcher: its arguments stand behind a '?', as in {key}?value")
            raise
        parent, present, hint = present, inner, _hint_of_child(present, hint, key)
    return parent, present, hint


def _hint_of_child(value: Any, hint: Hint, key: Hashable) -> Hint:
    """What may stand in a value under a key, as far as a hint says so."""
    schema = schema_of(value)
    if schema is not None:
        field = schema.fields[str(key)]
        return parse_hint(resolve_hint(field.hint, field.owner))
    inner = [of for arm in arms_of(hint) if (of := _item_hint(arm, key)) is not None]
    return inner[0] if len(inner) == 1 else Either(tuple(inner)) if inner else _ANYTHING


def _item_hint(hint: Hint, key: Hashable) -> Hint | None:
    if isinstance(hint, Entries):
        return hint.item
    of = item_hint_of(hint) if isinstance(key, int) else None
    return None if of is None else of(key)  # type: ignore[arg-type]


def _read(token: Token, present: Any, hint: Hint, path: Path) -> Any:
    kind = kind_named(present, hint)
    bare = isinstance(token, TextToken) and not token.quoted
    if kind is not None and isinstance(token, TextToken) and bare and not is_word(token.text):
        value = named(token.text, kind, present)
        if value is not None:
            return value
    untyped = all(isinstance(arm, Anything) for arm in arms_of(hint))
    if untyped:
        if isinstance(token, TextToken) and token.quoted:
            return token.text
        hint = _hint_of_present(present)
    value = read(token, hint)
    if admits(value, hint) and not (kind is not None and untyped and isinstance(value, str)):
        return value
    wants_name = kind_named(present, _ANYTHING) is kind or not _other_arms(hint)
    if kind is not None and isinstance(value, str) and wants_name:
        raise ValueError(_no_such(kind, value, present, path))
    if untyped:
        raise TypeError(
            f"expected {hint}, as the present value {brief(present)}, got {excerpt(print_token(token))!r}; "
            f"quotes make a text of it {at(path)}"
        )
    return value  # which the validation of the field refuses


def _other_arms(hint: Hint) -> list[Hint]:
    """What a hint admits that has no name."""
    return [arm for arm in arms_of(hint) if arm != Nothing() and kind_named(None, arm) is None]


def _no_such(kind: Kind, text: str, present: Any, path: Path) -> str:
    listed = nearest_first(text, known_names(kind, present))
    plural = "classes" if kind is Kind.CLASS else f"{kind.value}s"
    return f"{unknown(kind.value, excerpt(text), listed, f'known {plural}')} {at(path)}"


def _hint_of_present(value: Any) -> Hint:
    """What may stand in the place of a value that no hint speaks of: its like, or None."""
    like = _like(value)
    return like if isinstance(like, Anything) else Either((like, Nothing()))


def _like(value: Any) -> Hint:
    match value:
        case None:
            return _ANYTHING
        case enum.Enum():
            return Instance(type(value))
        case bool():
            return Scalar(bool)
        case int():
            return Either((Scalar(int), Scalar(float)))
        case float():
            return Scalar(float)
        case str():
            return Text(str)
        case tuple() | list() if schema_of(value) is None:
            return Items(tuple, _common(value))
    return _ANYTHING


def _common(values: tuple[Any, ...] | list[Any]) -> Hint:
    """What the items of a sequence have in common."""
    likes = list(dict.fromkeys([_like(value) for value in values]))
    return likes[0] if len(likes) == 1 else _ANYTHING
