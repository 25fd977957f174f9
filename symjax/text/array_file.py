"""The file beside a saved tree that holds its large arrays: an npz of bytes, read member by member."""

from __future__ import annotations

import ast
import hashlib
import struct
import zipfile
from collections.abc import Mapping
from typing import IO, BinaryIO

import numpy as np

_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal arrays make equal files, whenever they are saved
_CHUNK = 1 << 20
_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16


class BadArrayFile(ValueError):
    """A file of arrays that is cut off, damaged, or not what the tree beside it says."""


def write_arrays(file: BinaryIO, arrays: Mapping[str, bytes]) -> str:
    """Writes bytes by name, in the format of `numpy.savez`; returns what `digest` gives."""
    hashing = _Hashing(file)
    with zipfile.ZipFile(hashing, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for name, data in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.frombuffer(data, np.uint8), allow_pickle=False)
    return hashing.state.hexdigest()


class _Hashing:
    """A file that is written from its start to its end, and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.state = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.state.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def digest(file: BinaryIO) -> str:
    """The SHA-256 of a file from here to its end, in hexadecimal digits."""
    state = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        state.update(chunk)
    return state.hexdigest()


class ArrayFile:
    """An open file of arrays. A member is read when it is asked for, and no others are.

    Args:
        file: A file that can be sought in; it stays the caller's to close.

    Raises:
        BadArrayFile: The file is no zip archive, or cut off.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except Exception as error:
            raise BadArrayFile(f"the file of arrays is damaged: {error}") from error

    def __contains__(self, name: object) -> bool:
        return f"{name}.npy" in self._archive.NameToInfo

    def read(self, name: str, size: int) -> bytes:
        """The bytes of a member.

        Args:
            name: The name under which it was written.
            size: How many bytes it must have; no more than that is ever read, whatever its header claims.

        Raises:
            BadArrayFile: It has another size, or is damaged.
        """
        try:
            with self._archive.open(f"{name}.npy") as member:
                _check_header(_read_header(member), size)
                data = member.read(size)
                if len(data) != size or member.read(1):
                    raise ValueError(f"{len(data)} bytes, or more than the {size} that it should have")
        except Exception as error:
            raise BadArrayFile(f"the array {name!r} is damaged: {error}") from error
        return data


def _read_header(member: IO[bytes]) -> bytes:
    start = member.read(len(_MAGIC) + 2)
    if start[:-2] != _MAGIC or len(start) != len(_MAGIC) + 2:
        raise ValueError("it is no array of NumPy's")
    width = "<H" if start[-2] == 1 else "<I"
    (length,) = struct.unpack(width, member.read(struct.calcsize(width)))
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header has {length} bytes")
    return member.read(length)


def _check_header(header: bytes, size: int) -> None:
    fields = ast.literal_eval(header.decode("latin-1").strip())
    if np.dtype(fields["descr"]) != np.uint8 or tuple(fields["shape"]) != (size,):
        raise ValueError(f"it holds {fields['shape']} of {fields['descr']}, not {size} bytes")
