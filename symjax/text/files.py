"""`to_json`, `from_json`, `save`, `load`: trees as JSON. Never pickle, never code.

A symbolic node is an object with ``"$type"`` and its arguments; tuples are lists. Everything else that JSON
does not know is an object with one key that starts with ``$``.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import jax

from symjax.core.errors import brief, noting_depth
from symjax.core.paths import ROOT, PathError
from symjax.text.array_file import ArrayFile, BadArrayFile, digest
from symjax.text.json_reader import LoadError, Reader
from symjax.text.json_writer import Arrays, Writer
from symjax.text.storage import AnyPath, Side, as_path, open_beside, replace_file, resolve, writable_file
from symjax.verbs.lineage import steps_from, steps_of, with_lineage

if TYPE_CHECKING:
    from etils import epath

FORMAT = 1


@noting_depth
def to_json(tree: Any, *, hide_defaults: bool = False, indent: int | None = None) -> str:
    """A tree as JSON text, from which `from_json` makes an equal tree.

    Args:
        tree: A symbolic object or a plain container.
        hide_defaults: Leave out arguments that equal their default.
        indent: As in `json.dumps`.

    Returns:
        The text: ``{"format": 1, "versions": …, "lineage": …, "places": …, "tree": …}``. Arrays are embedded.

    Raises:
        TypeError: The tree holds what cannot be saved (a lambda, a closure, a tracer); the message
            ends in the path.

    Example:
        >>> from symjax import linen as nn
        >>> from_json(to_json(nn.Dense(8))) == nn.Dense(8)
        True
    """
    return _text(_record(tree, Writer(hide_defaults, None)), None, indent)


def from_json(text: str | bytes, *, modules: Sequence[str] = ()) -> Any:
    """The tree that `to_json` wrote.

    A file names classes among the symbols, and functions that compute: the public ones of JAX, Flax and
    Optax, and those that are defined in a module that has defined a symbolic class, or in `modules`. Only
    modules that are imported already are searched: a file causes no import, but that of this library's own
    views (`symjax.linen`, `symjax.nnx`, `symjax.optax`) where it names a layer or optimizer of theirs.

    Args:
        text: What `to_json` returned.
        modules: Names of further modules, which you trust: their functions may be named, and classes in
            them that are not symbolic yet are symbolized.

    Raises:
        LoadError: The text is cut off, of another version, nested too deeply, names an unknown type or
            field, or holds what a class refuses; the message ends in the path where that is known. Where an
            argument is of a wrong type, it is a `TypeError` too.
        TypeError: `modules` is a text.
    """
    return _read(_record_of(text), Reader(modules))


@noting_depth
def save(tree: Any, path: epath.PathLike, *, hide_defaults: bool = False) -> None:
    """Writes a tree to a JSON file, with its lineage; large arrays go to ``<path>.<digest>.npz`` beside it.

    The tree takes the place of an older one as a whole: whatever happens meanwhile, a reader sees one of the
    two. Where `path` is a link, the file that it leads to is replaced.

    Args:
        tree: A symbolic object or a plain container.
        path: A file, also of a cloud storage that etils knows, such as ``gs://…``.
        hide_defaults: Leave out arguments that equal their default.

    Raises:
        TypeError: As `to_json`; then nothing is written.
        OSError: The file cannot be written: no such folder, a full disk, a device; the old tree stays.
    """
    target = writable_file(as_path(path))
    arrays: Arrays = {}
    record = _record(tree, Writer(hide_defaults, arrays))
    replace_file(target, arrays, lambda side: _text(record, side, 2))


def load(path: epath.PathLike, *, modules: Sequence[str] = ()) -> Any:
    """Reads the tree that `save` wrote.

    Args:
        path: The file.
        modules: As in `from_json`.

    Raises:
        FileNotFoundError: There is no such file, or the arrays beside it are gone.
        LoadError: As `from_json`; also arrays that are not those with which the tree was saved.
    """
    source = as_path(path)
    content = source.read_bytes()
    for _ in range(_PATIENCE):
        try:
            return _load(source, content, modules)
        except FileNotFoundError:
            before, content = content, source.read_bytes()
            if content == before:
                raise
    raise LoadError(f"{source} is being written again and again, faster than it can be read")


_PATIENCE = 100  # how often a tree may be replaced, and its arrays cleared away, while it is being read


def _load(source: AnyPath, content: bytes, modules: Sequence[str]) -> Any:
    record = _record_of(content, f"{source}")
    side = record.get("arrays")
    target = resolve(source)
    if side is None:  # no arrays beside, or a file of version 0.1.0
        homes = [path.parent / f"{path.name}.npz" for path in (source, target)]
        home = next((path for path in homes if path.is_file()), None)
        if home is None:
            return _read(record, Reader(modules, beside=homes[0].name))
        with home.open("rb") as file:
            return _read(record, Reader(modules, _arrays(file), beside=home.name))
    if not isinstance(side, dict) or set(side) != {"file", "sha256"}:
        raise LoadError('"arrays" must say the file beside the tree, and its "sha256"')
    try:
        file = open_beside(target, side["file"])
    except ValueError as error:
        raise LoadError(str(error)) from error
    except FileNotFoundError:
        return _read(record, Reader(modules, beside=side["file"]))  # says what is missing
    with file:
        if digest(file) != side["sha256"]:
            raise LoadError(f"the arrays in {side['file']} are not those with which the tree was saved")
        file.seek(0)
        return _read(record, Reader(modules, _arrays(file), beside=side["file"]))


def _arrays(file: BinaryIO) -> ArrayFile:
    try:
        return ArrayFile(file)
    except BadArrayFile as error:
        raise LoadError(str(error)) from error


@functools.cache
def _versions() -> dict[str, str]:
    versions = {"jax": jax.__version__}
    for name, distribution in (("symjax", "symjax-flax"), ("flax", "flax")):
        try:
            versions[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def _record(tree: Any, writer: Writer) -> dict[str, Any]:
    steps = steps_of(tree)
    provenance: dict[str, Any] = {}
    if steps:
        provenance = {
            "lineage": [step.rule for step in steps],
            "places": [[str(place) for place in step.places] for step in steps],
        }
    return {**provenance, "tree": writer.write(tree, ROOT)}


def _text(record: dict[str, Any], side: Side | None, indent: int | None) -> str:
    head = {"format": FORMAT, "versions": _versions(), **({"arrays": side} if side else {})}
    return json.dumps({**head, **record}, indent=indent, allow_nan=False)


def _record_of(text: str | bytes, source: str = "") -> dict[str, Any]:
    """What stands in a text, as far as it holds for every tree; `source` is the file that it is from."""
    try:
        record = json.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except RecursionError:
        raise LoadError("the text is nested too deeply to be a tree") from None
    except ValueError as error:
        what, advice = (source, "") if source else ("the text", "; for a file use sj.load")
        raise LoadError(f"{what} is no JSON, or cut off: {error}{advice}") from None
    if not isinstance(record, dict) or "format" not in record or "tree" not in record:
        raise LoadError('no saved tree: expected an object with "format" and "tree"')
    if record["format"] != FORMAT or isinstance(record["format"], bool):
        raise LoadError(f"format {brief(record['format'])} is not known; this version reads format {FORMAT}")
    if not _is_list_of_texts(record.get("lineage", [])):
        raise LoadError("the lineage must be a list of texts")
    places = record.get("places", [])
    if not isinstance(places, list) or not all(map(_is_list_of_texts, places)):
        raise LoadError("the places of the lineage must be lists of texts")
    return record


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _read(record: dict[str, Any], reader: Reader) -> Any:
    try:
        tree = reader.read(record["tree"], ROOT)
    except RecursionError:
        raise LoadError("the text is nested too deeply to be a tree") from None
    try:
        return with_lineage(tree, steps_from(record.get("lineage", ()), record.get("places", ())))
    except PathError as error:
        raise LoadError(f"among the places of the lineage, {error}") from None
