"""Saved trees on disk: a JSON file, and beside it a file of arrays whose name says what is in it.

Whoever reads sees the old tree or the new one, whole, whenever the writer is killed. The file of arrays is
complete and on the disk under its own name before the JSON file, which names it, takes the place of the old
one by a rename. Files that nothing names any more go afterwards; in a cloud, which has no locks, they stay.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pathlib
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from symjax.text.array_file import write_arrays

try:
    import fcntl
except ImportError:  # on Windows
    LOCKS = False
else:
    LOCKS = True

if TYPE_CHECKING:
    from etils import epath

AnyPath: TypeAlias = "pathlib.Path | epath.Path"
_NO_FILES = frozenset({"", ".", ".."})
_SEPARATORS = frozenset("/\\:\0")

Side = dict[str, str]
"""What a JSON file says of the file beside it: its name, and the SHA-256 of its content."""


def as_path(path: os.PathLike[str] | str) -> AnyPath:
    """A path on this machine, or of a cloud storage that etils knows."""
    if "://" not in os.fspath(path):
        return pathlib.Path(path)
    from etils import epath  # slow to import, and only needed for clouds

    return epath.Path(path)


def resolve(path: AnyPath) -> AnyPath:
    """What a path leads to through links, which need not be there."""
    return pathlib.Path(os.path.realpath(path)) if isinstance(path, pathlib.Path) else path


def writable_file(path: AnyPath) -> AnyPath:
    """The file that takes a tree that is saved at a path; it need not be there yet.

    Raises:
        IsADirectoryError: It is a folder.
        OSError: It is a device, a pipe or a socket; these are never replaced.
    """
    target = resolve(path)
    if not isinstance(target, pathlib.Path):
        return target
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "a tree is saved to a file, and this is a folder", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "a tree is saved to a file, and this is a device or a pipe", str(path))
    return target


def replace_file(
    target: AnyPath, arrays: Mapping[str, bytes], text: Callable[[Side | None], str | bytes]
) -> None:
    """Puts a tree in the place of the one that is saved in a file.

    Args:
        target: The file, as `writable_file` gives it.
        arrays: What lies beside it.
        text: What stands in the file, with what it says of the file beside it.

    Raises:
        OSError: It could not be written; then the old tree is there as before.
    """
    with contextlib.ExitStack() as temporaries:
        renames: list[tuple[BinaryIO, AnyPath, AnyPath]] = []
        side = None
        if arrays:
            file, path = temporaries.enter_context(_temporary(target))
            digest = write_arrays(file, arrays)
            side = {"file": f"{target.name}.{digest[:32]}.npz", "sha256": digest}
            renames.append((file, path, target.parent / side["file"]))
        file, path = temporaries.enter_context(_temporary(target))
        content = text(side)
        file.write(content if isinstance(content, bytes) else content.encode())
        renames.append((file, path, target))
        for file, _, _ in renames:
            _settle(file)
        with _locked(target.parent) as folder:
            for file, path, name in renames:  # the tree last
                file.close()
                path.replace(name)
                if folder is not None:
                    os.fsync(folder)  # the arrays are there before the tree that names them
            if folder is not None:
                _clear(target, side)


def open_beside(target: AnyPath, name: Any) -> BinaryIO:
    """The file of arrays that a JSON file names.

    Raises:
        ValueError: The name leads out of the folder.
        FileNotFoundError: It is gone.
    """
    if not isinstance(name, str) or name in _NO_FILES or set(name) & _SEPARATORS:
        raise ValueError(f"{name!r:.80} is no name of a file in this folder")
    path = target.parent / name
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "the arrays beside the saved file are missing", str(path))
    return path.open("rb")


@contextmanager
def _temporary(target: AnyPath) -> Iterator[tuple[BinaryIO, AnyPath]]:
    """A new file beside `target`, open to be written; gone afterwards, if it was not renamed."""
    path = target.parent / f".{target.name}.{secrets.token_hex(8)}.tmp"
    with contextlib.ExitStack() as stack:
        with _locked(target.parent):  # so that nobody takes it for left over before it is marked as in use
            stack.callback(path.unlink, missing_ok=True)
            file = stack.enter_context(path.open("wb"))
            if LOCKS and isinstance(path, pathlib.Path):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield file, path


def _settle(file: BinaryIO) -> None:
    """Brings what was written onto the disk."""
    file.flush()
    with contextlib.suppress(AttributeError, io.UnsupportedOperation):  # what is written into a cloud
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: AnyPath) -> Iterator[int | None]:
    """Keeps other writers out of a folder; gives its descriptor, or None where there is no such lock."""
    if not LOCKS or not isinstance(folder, pathlib.Path):
        yield None
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)  # ends with the descriptor, and so with a process that is killed
        yield number
    finally:
        os.close(number)


def _clear(target: pathlib.Path, side: Side | None) -> None:
    """Removes files of arrays that `target` does not name, and what killed writers left; under the lock."""
    name = re.escape(target.name)
    stale = re.compile(rf"{name}(\.[0-9a-f]{{32}})?\.npz")
    left = re.compile(rf"\.{name}\.[0-9a-f]{{16}}\.tmp")
    kept = side["file"] if side else None
    for entry in os.listdir(target.parent):
        path = target.parent / entry
        unnamed = stale.fullmatch(entry) and entry != kept and path.is_file()
        if unnamed or (left.fullmatch(entry) and _is_abandoned(path)):
            path.unlink(missing_ok=True)


def _is_abandoned(path: pathlib.Path) -> bool:
    """Whether no writer holds a temporary file open."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
