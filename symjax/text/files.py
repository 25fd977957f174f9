"""`to_json`, `from_json`, `save`, `load`: trees as JSON. Never pickle, never code.

A symbolic node is an object with ``"$type"`` and its arguments; tuples are lists. Everything else that JSON
does not know is an object with one key that starts with ``$``.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from symjax.core.errors import brief
from symjax.core.paths import ROOT
from symjax.text.json_reader import LoadError, Reader
from symjax.text.json_writer import Arrays, Writer
from symjax.verbs.lineage import lineage, with_lineage

if TYPE_CHECKING:
    from etils import epath

FORMAT = 1


def to_json(tree: Any, *, hide_defaults: bool = False, indent: int | None = None) -> str:
    """A tree as JSON text, from which `from_json` makes an equal tree.

    Args:
        tree: A symbolic object or a plain container.
        hide_defaults: Leave out arguments that equal their default.
        indent: As in `json.dumps`.

    Returns:
        The text: ``{"format": 1, "versions": …, "lineage": …, "tree": …}``. Arrays are embedded.

    Raises:
        TypeError: The tree holds what cannot be saved (a lambda, a closure, a tracer); the message
            ends in the path.

    Example:
        >>> from symjax import linen as nn
        >>> from_json(to_json(nn.Dense(8))) == nn.Dense(8)
        True
    """
    return _dump(tree, Writer(hide_defaults, None), indent)


def from_json(text: str | bytes, *, modules: Collection[str] = ()) -> Any:
    """The tree that `to_json` wrote.

    Classes are looked up among the symbols, functions in modules that are imported already: JAX's,
    Flax's, Optax's, those that define a symbolic class, and `modules`. A file can cause no import.

    Args:
        text: What `to_json` returned.
        modules: Names of further modules in which functions may be looked up.

    Raises:
        LoadError: The text is cut off, of another version, nested too deeply, or names an unknown
            type or field; the message ends in the path where that is known.
        TypeError: An argument of a wrong type; ends in the path.
        ValueError: An argument outside its constraints; ends in the path.
    """
    return _parse(text, Reader(modules, None))


def save(tree: Any, path: epath.PathLike, *, hide_defaults: bool = False) -> None:
    """Writes a tree to a JSON file, with its lineage; large arrays go to ``<path>.npz`` beside it.

    Args:
        tree: A symbolic object or a plain container.
        path: A file, also of a cloud storage that etils knows, such as ``gs://…``.
        hide_defaults: Leave out arguments that equal their default.

    Raises:
        TypeError: As `to_json`; then nothing is written.
    """
    from etils import epath  # slow to import, and only needed here

    target = epath.Path(path)
    arrays: Arrays = {}
    text = _dump(tree, Writer(hide_defaults, arrays), 2)
    if arrays:
        with _replacing(_beside(target)) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    with _replacing(target) as temporary:
        temporary.write_text(text)


def load(path: epath.PathLike, *, modules: Collection[str] = ()) -> Any:
    """Reads the tree that `save` wrote.

    Args:
        path: The file.
        modules: As in `from_json`.

    Raises:
        FileNotFoundError: There is no such file, or the arrays beside it are gone.
        LoadError: As `from_json`.
    """
    from etils import epath

    source = epath.Path(path)
    text = source.read_text()
    arrays: Arrays = {}
    if _beside(source).exists():
        with _beside(source).open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
    return _parse(text, Reader(modules, arrays))


@contextmanager
def _replacing(target: epath.Path) -> Iterator[epath.Path]:
    """A path beside `target` that takes its place when all went well: no half-written file is left."""
    temporary = target.parent / (target.name + ".tmp")
    try:
        yield temporary
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _beside(path: epath.Path) -> epath.Path:
    return path.parent / (path.name + ".npz")


@functools.cache
def _versions() -> dict[str, str]:
    found = {"jax": jax.__version__}
    for name, distribution in (("symjax", "symjax-flax"), ("flax", "flax")):
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def _dump(tree: Any, writer: Writer, indent: int | None) -> str:
    record: dict[str, Any] = {"format": FORMAT, "versions": _versions()}
    if lineage(tree):
        record["lineage"] = list(lineage(tree))
    record["tree"] = writer.write(tree, ROOT)
    return json.dumps(record, indent=indent, allow_nan=False)


def _parse(text: str | bytes, reader: Reader) -> Any:
    try:
        record = json.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except RecursionError:
        raise LoadError("the text is nested too deeply to be a tree") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise LoadError(f"the text is no JSON, or cut off: {error}; for a file use sj.load") from None
    if not isinstance(record, dict) or "format" not in record or "tree" not in record:
        raise LoadError('no saved tree: expected an object with "format" and "tree"')
    if record["format"] != FORMAT or isinstance(record["format"], bool):
        raise LoadError(f"format {brief(record['format'])} is not known; this version reads format {FORMAT}")
    steps = record.get("lineage", [])
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise LoadError("the lineage must be a list of texts")
    try:
        tree = reader.read(record["tree"], ROOT)
    except RecursionError:
        raise LoadError("the text is nested too deeply to be a tree") from None
    return with_lineage(tree, tuple(steps))
