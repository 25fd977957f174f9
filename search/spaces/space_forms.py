"""Spaces as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from symjax.text.files import from_json, to_json

from .patched import plain_inputs, read_inputs
from .space import Space, reopened

Json = Any


def write_space(space: Space) -> dict[str, Json]:
    """A space as what JSON knows, without what `Space.constrain` demands, which is code.

    Raises:
        TypeError: The space holds what cannot be saved, such as a lambda.
    """
    return {
        "tree": tree_record(space.tree),
        "patches": tree_record(space.patches),
        "opened": list(space.opened),
        "inputs": tree_record(plain_inputs(space.inputs)),
    }


def read_space(record: Json, modules: Sequence[str] = ()) -> Space:
    """The inverse of `write_space`.

    Args:
        record: What it gave.
        modules: Names of modules of which it may name functions; see `symjax.from_json`.

    Raises:
        LoadError: It names classes that are not imported.
        KeyError: A part is missing.
        ValueError: Parts do not fit together.
    """
    return reopened(
        read_tree(record["tree"], modules),
        tuple(read_tree(record["patches"], modules)),
        record["opened"],
        inputs=read_inputs(read_tree(record["inputs"], modules)),
    )


def tree_record(tree: Any) -> Json:
    """What `symjax.to_json` writes of a tree, as what JSON knows."""
    return json.loads(to_json(tree))


def read_tree(record: Json, modules: Sequence[str] = ()) -> Any:
    """The inverse of `tree_record`; see `symjax.from_json`."""
    return from_json(json.dumps(record), modules=modules)
