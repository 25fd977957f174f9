"""`Path`: where a value stands in a tree, as in ``model.layers[0].features``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, cast

import jax.tree_util as jtu

from symjax.core.provided import provided


class PathError(ValueError):
    """A text that is no path."""


class Path:
    """The location of a value in a symbolic tree. Immutable.

    A path is a sequence of keys: a name (a field, or a text key of a mapping), an index, or any other
    hashable key of a mapping. It prints as ``model.layers[0].features``; text keys that are no
    identifiers print quoted, as ``config['a.b']``. A path equals its own text and hashes like it, so
    that ``{Path: value}`` may be indexed by strings.

    Args:
        keys: The keys from the root down.

    Example:
        >>> path = Path.parse('model.layers[0].features')
        >>> path.key, str(path.parent), len(path)
        ('features', 'model.layers[0]', 4)
        >>> path == 'model.layers[0].features'
        True
    """

    __slots__ = ("_key", "_parent", "_text")
    _key: Hashable
    _parent: Path | None
    _text: str | None

    def __new__(cls, keys: Iterable[Hashable] = ()) -> Path:  # noqa: D102 - see the class
        path = ROOT
        for key in keys:
            path = extend(path, key)
        return path

    @staticmethod
    def parse(text: str | Path) -> Path:
        """Reads a path from its text; the inverse of ``str``.

        Args:
            text: Names joined by dots, and keys in brackets: ``[0]``, ``[-1]``, ``['a.b']``.

        Returns:
            The path; a `Path` is returned as it is.

        Raises:
            PathError: The text is no path; the message says at which character.

        Example:
            >>> Path.parse("a['x.y'][0]").keys
            ('a', 'x.y', 0)
        """
        if isinstance(text, Path):
            return text
        if not isinstance(text, str):
            raise TypeError(
                f"expected a Path or the text of a path, got {text!r} of type {type(text).__name__}"
            )
        return _parse(text)

    @staticmethod
    def from_jax(key_path: Iterable[Any]) -> Path:
        """The path that a JAX key path stands for.

        Args:
            key_path: What `jax.tree_util.tree_flatten_with_path` pairs with each leaf.

        Example:
            >>> import jax
            >>> [(key_path, _)], _ = jax.tree_util.tree_flatten_with_path({'a': [1.0]})
            >>> str(Path.from_jax(key_path))
            'a[0]'
        """
        return Path(jax_key(entry) for entry in key_path)

    def to_jax(self, tree: Any) -> tuple[Any, ...]:
        """The JAX key path of this location in `tree`.

        Args:
            tree: The tree that the path leads into: whether a name is a field or the key of a mapping,
                which JAX tells apart, hangs on it.

        Raises:
            KeyError: The path does not exist in `tree`.

        Example:
            >>> Path.parse('a[0]').to_jax({'a': [1.0]})
            (DictKey(key='a'), SequenceKey(idx=0))
        """
        return provided.jax_path(self, tree)

    # In C: rules ask the path of every value for it (benchmarks/trees.py, rule: 183 µs, not 205 by a getter).
    key: Hashable = property(
        operator.attrgetter("_key"), doc="The last key: a name, an index or another key; `None` at the root."
    )

    @property
    def parent(self) -> Path:
        """The path without its last key; the root is its own parent."""
        return self if self._parent is None else self._parent

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """All keys, from the root down."""
        return tuple(path._key for path in self._prefixes())

    def startswith(self, prefix: str | Path) -> bool:
        """Whether this path lies at or below `prefix` (a path), or its text starts with it (a text)."""
        if isinstance(prefix, Path):
            return self.keys[: len(prefix)] == prefix.keys
        return str(self).startswith(prefix)

    def endswith(self, suffix: str) -> bool:
        """Whether the text of the path ends with `suffix`."""
        return str(self).endswith(suffix)

    def __truediv__(self, key: Hashable) -> Path:
        """The path of the child `key`; a `Path` on the right is appended whole."""
        if isinstance(key, Path):
            path = self
            for part in key.keys:
                path = path / part
            return path
        return extend(self, key)

    def __len__(self) -> int:
        return sum(1 for _ in self._prefixes())

    def __bool__(self) -> bool:
        return self._parent is not None

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.keys)

    def __str__(self) -> str:
        text = self._text
        return self._write() if text is None else text

    def _write(self) -> str:
        """The text, kept by this path and those above it."""
        path = self
        unnamed = []
        while (text := path._text) is None:
            unnamed.append(path)
            path = path._parent  # type: ignore[assignment] # only the root has none, and it has a text
        while unnamed:
            path = unnamed.pop()
            path._text = text = _join(text, path._key)
        return text

    def __repr__(self) -> str:
        return f"Path({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Path | str):
            return str(self) == str(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._text or self._write())

    def __lt__(self, other: Path) -> bool:
        return str(self) < str(other)

    def __reduce__(self) -> tuple[Any, ...]:
        return Path, (self.keys,)

    def _prefixes(self) -> list[Path]:
        prefixes: list[Path] = []
        path = self
        while path._parent is not None:
            prefixes.append(path)
            path = path._parent
        prefixes.reverse()
        return prefixes


_new = object.__new__


def extend(parent: Path | None, key: Hashable) -> Path:
    """The path of the child `key`; what ``/`` does for keys that are no paths."""
    # The text is made when it is asked for: 179 µs, not 197 (benchmarks/trees.py, to-json).
    path = _new(Path)
    path._key = key
    path._parent = parent
    path._text = None if parent is not None else ""
    return path


ROOT: Final[Path] = extend(None, None)


def _join(parent: str, key: Hashable) -> str:
    if type(key) is str and key.isidentifier():
        return f"{parent}.{key}" if parent else key
    return f"{parent}[{key!r}]"


def jax_key(entry: Any) -> Hashable:
    """The key that one entry of a JAX key path stands for."""
    match entry:
        case jtu.GetAttrKey():
            return cast(Hashable, entry.name)
        case jtu.SequenceKey():
            return cast(Hashable, entry.idx)
        case jtu.DictKey() | jtu.FlattenedIndexKey():
            return cast(Hashable, entry.key)
        case _:
            return str(entry)


def _parse(text: str) -> Path:
    path = ROOT
    position = 0
    while position < len(text):
        if text[position] == "[":
            key, position = _parse_bracket(text, position)
        else:
            if text[position] == ".":
                position += 1
                if not path:
                    raise _bad(text, position - 1, "a path does not start with a dot")
            elif path:
                raise _bad(text, position, "expected '.' or '['")
            key, position = _parse_name(text, position)
        path = path / key
    return path


def _parse_name(text: str, start: int) -> tuple[str, int]:
    end = start
    while end < len(text) and text[end] not in ".[":
        end += 1
    name = text[start:end]
    if not name.isidentifier():
        brackets = f"[{name}]" if name.isdecimal() else f"[{name!r}]"
        raise _bad(text, start, f"{name!r} is no name; other keys stand in brackets, as in {brackets}")
    return name, end


def _parse_bracket(text: str, start: int) -> tuple[Hashable, int]:
    end = text.find("]", start)
    while end >= 0:
        try:
            key = ast.literal_eval(text[start + 1 : end])
            hash(key)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            end = text.find("]", end + 1)
        else:
            return key, end + 1
    raise _bad(text, start, "expected an index or a quoted key in brackets, as in [0] or ['a.b']")


def _bad(text: str, position: int, why: str) -> PathError:
    return PathError(f"{text!r} is no path: {why}, at character {position}")
