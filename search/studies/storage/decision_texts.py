"""What trials decided, as JSON texts: a column at a time, for speed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ...results.columns import Array, shortest
from ...results.failures import is_plain
from ...results.frames import plain
from ...spaces.dna import DNA
from ...spaces.kinds.floatv import FloatV
from ...spaces.points import Spec
from ...spaces.space import Space


@final
class DecisionTexts:
    """Writes what DNAs of a space decide: ``{"width": 16, "lr": 0.003}``, as `Space.values` names it.

    Args:
        space: The space.

    Example:
        >>> from symjax import search
        >>> space = search.space({'width': search.oneof([8, 16]), 'lr': search.floatv(0.0, 1.0)})
        >>> DecisionTexts(space).of(search.DNA.from_numbers(space.spec, [[1, 0.1], [0, 0.5]]))
        ['{"width": 16, "lr": 0.1}', '{"width": 8, "lr": 0.5}']
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._within = _descendants(space)
        self._names: dict[bytes, list[str]] = {}  # of what matters, by what matters
        self._texts: dict[tuple[int, bytes], str] = {}  # of a decision, by its genes and those within it

    def of(self, dnas: DNA) -> list[str]:
        """The texts of a batch."""
        dnas = dnas.host()
        texts = [""] * len(dnas)
        matters = np.asarray(dnas.active)
        patterns, which = np.unique(matters, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(which.reshape(-1) == number)
            some = dnas[rows]
            names = self._names_of(some[0], pattern)
            quoted = map(json.dumps, names)
            columns = [
                [f"{name}: {text}" for text in self._column(index, some)]
                for name, index in zip(quoted, np.flatnonzero(pattern).tolist(), strict=True)
            ]
            lines = [", ".join(row) for row in zip(*columns, strict=True)] if columns else [""] * len(rows)
            for row, line in zip(rows.tolist(), lines, strict=True):
                texts[row] = f"{{{line}}}"
        return texts

    def _names_of(self, dna: DNA, pattern: npt.NDArray[np.bool_]) -> list[str]:
        known = pattern.tobytes()
        if known not in self._names:
            self._names[known] = list(self._space.values(dna))
        return self._names[known]

    def _column(self, index: int, dnas: DNA) -> list[str]:
        """What a decision that matters in all of a batch is there."""
        choice = self._space.choices[index]
        if type(choice) is FloatV:
            column = shortest(np.asarray(dnas.floats)[:, self._space.spec.columns[index].start])
            return [repr(number) for number in np.clip(column, choice.lo, choice.hi).tolist()]
        keys = _genes_of(dnas, *self._within[index])
        return [self._text(index, key, row, dnas) for row, key in enumerate(keys)]

    def _text(self, index: int, key: bytes, row: int, dnas: DNA) -> str:
        text = self._texts.get((index, key))
        if text is None:
            text = json.dumps(json_value(self._space.decided(dnas[row])[index]))
            if len(self._texts) < _MOST:
                self._texts[index, key] = text
        return text


_MOST = 100_000  # texts that are kept


def digests(dnas: DNA) -> list[str]:
    """Digests of experiments: the same for DNAs of a space that decide the same wherever it matters.

    Args:
        dnas: A batch of n.

    Returns:
        n texts of 32 hexadecimal digits.

    Example:
        >>> from symjax import search
        >>> space = search.space(search.oneof([1, search.floatv(0.0, 1.0)]))
        >>> one, other, third = digests(search.DNA.from_numbers(space.spec, [[0, 0.1], [0, 0.2], [1, 0.2]]))
        >>> one == other, one == third
        (True, False)
    """
    dnas = dnas.host()
    arrays = {"choices": np.array(dnas.choices), "floats": np.array(dnas.floats)}
    for point, where, matters in zip(dnas.spec.points, dnas.spec.columns, dnas.active.T, strict=True):
        if point.parent >= 0:
            arrays[point.array][~np.asarray(matters), where] = np.array(point.choice.least())
    arrays["floats"] += 0.0  # of the two zeros one
    return [hashlib.blake2b(row, digest_size=16).hexdigest() for row in _genes_of(DNA(dnas.spec, **arrays))]


def write_genes(dnas: DNA) -> list[bytes]:
    """The genes of a batch, as bytes for each: int32 choices, then float32 floats."""
    return _genes_of(dnas.host())


def read_genes(spec: Spec, rows: list[bytes]) -> DNA:
    """The inverse of `write_genes`.

    Args:
        spec: The decisions of the space.
        rows: The bytes of each DNA.

    Raises:
        ValueError: They are of another space.
    """
    width = 4 * (spec.choices + spec.floats)
    whole = b"".join(rows)
    if len(whole) != width * len(rows):
        raise ValueError(f"genes of {width} bytes were expected")
    words = np.frombuffer(whole, np.int32).reshape(len(rows), spec.choices + spec.floats)
    choices, floats = np.array(words[:, : spec.choices]), np.array(words[:, spec.choices :])
    return DNA(spec, choices, floats.view(np.float32))


def _genes_of(dnas: DNA, choices: Any = slice(None), floats: Any = slice(None)) -> list[bytes]:
    parts: list[Array] = [
        np.ascontiguousarray(dnas.choices[:, choices]),
        np.ascontiguousarray(dnas.floats[:, floats]).view(np.int32),
    ]
    words = np.concatenate(parts, axis=1)
    width, whole = 4 * words.shape[1], words.tobytes()
    return (
        [whole[start : start + width] for start in range(0, len(whole), width)]
        if width
        else [b""] * len(words)
    )


def _descendants(space: Space) -> list[tuple[list[int], list[int]]]:
    """For each decision the columns of its genes and of those within its candidates."""
    columns: list[tuple[list[int], list[int]]] = [([], []) for _ in space.spec.points]
    for index, (point, where) in enumerate(zip(space.spec.points, space.spec.columns, strict=True)):
        own = list(range(where.start, where.stop))
        ancestor = index
        while ancestor >= 0:
            columns[ancestor][point.array == "floats"].extend(own)
            ancestor = space.spec.points[ancestor].parent
    return columns


def json_value(value: Any) -> Any:
    """A value as what JSON knows: lists and dicts of it, and texts for what it does not know.

    Example:
        >>> json_value({'rate': 0.5, 'best': float('inf'), 'path': (1, None)})
        {'rate': 0.5, 'best': 'inf', 'path': [1, None]}
    """
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    cell = plain(value)
    return cell if is_plain(cell) else str(cell)
