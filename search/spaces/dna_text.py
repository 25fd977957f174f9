"""The two text forms of a DNA, JSON and numbers joined by commas: from text to plain data and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from symjax.core.errors import brief
from symjax.text.json_reader import LoadError

from .choice import Number

FORMAT = 1  # of the JSON text


def write_json(genes: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """JSON of genes by decision, of one DNA or of several."""
    return json.dumps({"format": FORMAT, "dna": genes})


def parse_json(text: str) -> dict[str, Any] | list[dict[str, Any]]:
    """The inverse of `write_json`; the genes themselves are not looked at.

    Raises:
        LoadError: No JSON, or of something else.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError: no JSON, or a number of too many digits
        raise LoadError(f"{brief(text)} is no JSON of a DNA: {error}") from None
    genes = data.get("dna") if isinstance(data, dict) and data.get("format") == FORMAT else None
    if isinstance(genes, dict) or (isinstance(genes, list) and all(isinstance(row, dict) for row in genes)):
        return genes
    raise LoadError(f"expected the JSON of a DNA, of format {FORMAT}, got {brief(text)}")


def write_numbers(numbers: Sequence[Number]) -> str:
    """Numbers joined by commas."""
    return ",".join(map(repr, numbers))


def parse_numbers(text: str) -> list[Number]:
    """The inverse of `write_numbers`.

    Raises:
        LoadError: A word is no number.
    """
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    try:
        return [float(word) if set(word) & set(".en") else int(word) for word in words]
    except ValueError as error:  # names the word; shortened, for a word may be very long
        raise LoadError(f"{brief(text)} is no DNA: {str(error)[:100]}") from None


@contextmanager
def reading(where: str = "") -> Iterator[None]:
    """Within it, genes that come from a text are refused as a bad text: by a `LoadError`.

    Args:
        where: What is being read, for the message.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise LoadError(f"{where}{error}") from error
