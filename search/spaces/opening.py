"""`space`: opens a tree, or the arguments of patches, as a search space; and spaces as JSON, opened again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from symjax.core.errors import brief
from symjax.text.files import from_json, to_json
from symjax.verbs.query import with_arity

from .patched import plain_inputs, read_inputs
from .space import Space, reopened

Json = Any


def space(
    tree: Any, where: Callable[..., bool] | None = None, *, patches: Any = (), inputs: Any = None
) -> Space:
    """The search space that the open choices of a tree span, and those in the arguments of patches.

    Args:
        tree: A symbolic object or a plain container with choices in it: `oneof`, `manyof`, `permutate`,
            `floatv`, `intv`.
        where: Opens only the choices for which it holds; the others stay in the decoded trees.
            ``where(v)``, ``where(v, p)`` or ``where(k, v, p)`` of path, choice and parent. A choice
            inside a candidate is asked about by the path that its value will have.
        patches: Ideas: patches (or what `sj.patch` takes for one) that are applied to each decoded tree, one
            after the other. Choices may stand in their arguments, and in their place: None is no patch, so
            ``sj.maybe(patch)`` decides whether it is applied. Decisions go by the names of the patches,
            ``scale_width.factor``, where these tell them apart.
        inputs: Example inputs of the models, as `sj.patch` takes them, for patches that have to know what the
            layers inside of a model are. By default what the tree's method `example_inputs` returns.

    Returns:
        The space.

    Raises:
        TypeError: `tree` is a space already, or `where` no function.
        ValueError: There are no choices, or `where` opens none; or two decisions have one name.
        PatchError: A patch changes nothing, whatever its arguments.
        Exception: What a patch raises whatever is decided.

    Example:
        >>> from symjax import search
        >>> search.space({'layers': search.oneof([1, 2]), 'lr': search.floatv(1e-4, 0.1, 'log')})
        Space of infinitely many trees, 2 decisions
          layers: oneof([1, 2])
          lr: floatv(1e-4, 0.1, 'log')
    """
    if isinstance(tree, Space):
        raise TypeError("this is a space already; search.space(space.tree, …) opens its tree in another way")
    ideas = tuple(patches) if isinstance(patches, list | tuple) else (patches,)
    if where is not None and not callable(where):
        raise TypeError(
            f"where= takes a function of a choice, got {brief(where)}; by path it is "
            "where=lambda k, v, p: str(k) == 'path.of.field'"
        )
    opens = (lambda k, v, p: True) if where is None else with_arity(where, ("v", "vp", "kvp"), "where")
    space = Space(tree, opens, ideas, inputs=inputs)
    if not space.spec.points:
        raise ValueError(_nothing_to_decide(space))
    space.require_effects()
    return space


def _nothing_to_decide(space: Space) -> str:
    """Why a space has no decisions, and what to do."""
    if space.closed:
        paths = ", ".join(map(str, space.closed[:5])) + (", …" if len(space.closed) > 5 else "")
        return f"where= opens none of the choices; there are some at {paths}"
    return (
        f"there is nothing to decide: {brief(space.tree)} holds no choices; put some into it, "
        "tree.rebind({'path.of.field': sj.oneof([…])}), or into the arguments of patches="
    )


def require_space(value: object) -> None:
    """Refuses what is no space, such as the tree of which one was to be made.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, Space):
        raise TypeError(
            f"expected a space, got {brief(value)} of type {type(value).__name__}; "
            "search.space(tree) makes one of a tree"
        )


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
