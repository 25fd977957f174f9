"""`space`: the search space that the open choices of a tree span."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, final

import jax
import numpy as np

from symjax.core.containers import freeze
from symjax.core.errors import at, brief
from symjax.core.paths import ROOT, Path
from symjax.text.formatting import format as format_tree
from symjax.verbs.diff import diff
from symjax.verbs.equality import eq
from symjax.verbs.query import with_arity
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import value_at

from .choices import Choice
from .discovery import Discovery, Template, Where
from .dna import DNA
from .points import ChoicePoint, FloatPoint, Genes, Number, Spec
from .sampling import sample_genes


@final
class Space:
    """The trees that an open tree stands for. Made by `space`; immutable.

    Attributes:
        tree: The open tree.
        spec: Its decisions, in depth-first declaration order; what a `DNA` carries along.
        choices: The choice that stands at each decision.
        branches: The candidates of each decision, as templates; none for a float.
        closed: Where choices stand that `where` left closed: the decoded trees hold them.
    """

    __slots__ = ("__weakref__", "branches", "choices", "closed", "root", "spec", "tree")

    tree: Any
    spec: Spec
    root: Template
    choices: tuple[Choice, ...]
    branches: tuple[tuple[Template, ...], ...]
    closed: tuple[Path, ...]

    def __init__(self, tree: Any, where: Where) -> None:
        discovery = Discovery(where)
        self.tree = tree
        self.root = discovery.template(tree)
        self.spec = Spec(tuple(discovery.points))
        self.choices = tuple(discovery.choices)
        self.branches = tuple(discovery.branches)
        self.closed = tuple(discovery.closed)

    @property
    def size(self) -> int | float:
        """The number of different trees; infinite when a float is open.

        Example:
            >>> from symjax import search
            >>> search.space([search.oneof([1, search.oneof([2, 3])]), search.oneof([4, 5])]).size
            6
        """
        return self._size(self.root)

    def sample(self, key: jax.Array, n: int | None = None) -> DNA:
        """Draws points of the space: uniform over candidates, and over a float's interval on its scale.

        Decisions that do not matter are drawn too. Runs under `jit` and `vmap`.

        Args:
            key: A JAX key.
            n: How many; None for a single DNA without a batch axis.

        Returns:
            A batch of `n`. The i-th depends on the key and on i alone: a larger sample begins with a
            smaller one.

        Raises:
            ValueError: `n` is negative.
        """
        if n is not None and n < 0:
            raise ValueError(f"n must be at least 0, got {n}")
        # For speed in powers of two only: few programs are compiled, of whatever sizes samples are.
        size = 1 << max(0, (n or 1) - 1).bit_length()
        batch = DNA(self.spec, *sample_genes(self.spec, key, size))
        return batch[0] if n is None else batch[:n]

    def decode(self, dna: DNA, like: DNA | None = None) -> Any:
        """The tree that a DNA stands for.

        Args:
            dna: A single DNA. Under `jit` its floats may be traced.
            like: A concrete DNA that decides the structure, when the choices of `dna` are traced too:
                from `dna` then come the floats only.

        Returns:
            The tree with every decision made: a Python float where a float stood; a traced float
            behaves like one (it is weakly typed).

        Raises:
            TypeError: A batch, or traced choices without `like`.
            ValueError: A DNA of another space, or one out of range.

        Example:
            >>> from symjax import search
            >>> space = search.space({'width': search.oneof([8, 16]), 'lr': search.floatv(0.0, 1.0)})
            >>> space.decode(search.DNA.from_numbers(space.spec, [1, 0.5]))
            {'width': 16, 'lr': 0.5}
        """
        self._check_single(dna)
        if like is not None:
            self._check_single(like)
        choices = dna.choices if like is None else like.choices
        if isinstance(choices, jax.core.Tracer) and self.spec.choices:
            raise TypeError(
                "the choices of this DNA are traced, but they decide the structure of the tree, which a "
                "compiled function must know: pass `like=` a concrete DNA of the same structure"
            )
        # In NumPy's arrays where they can be: single genes of JAX's are read far slower.
        genes: dict[str, Genes] = {"choices": np.zeros(0), "floats": dna.floats}
        if self.spec.choices:
            genes["choices"] = np.asarray(choices)
        if not isinstance(dna.floats, jax.core.Tracer):
            genes["floats"] = np.asarray(dna.floats)
        for point, column in zip(self.spec.points, self.spec.columns, strict=True):
            array = genes[point.array]
            if isinstance(array, np.ndarray):
                point.check(array[column : column + 1])
        return self._decode(self.root, genes)

    def encode(self, tree: Any) -> DNA:
        """The DNA of a tree: ``space.decode(space.encode(tree))`` equals the tree.

        Floats are rounded to float32. Decisions that do not matter get their first candidate or their
        lower bound; where several candidates fit, the first one is taken.

        Args:
            tree: A concrete tree of the space.

        Raises:
            ValueError: The tree is not in the space; ends in the path of the value at fault.
        """
        numbers: list[Number] = [point.least for point in self.spec.points]
        self._fit(self.root, tree, ROOT, numbers)
        return DNA.from_numbers(self.spec, numbers)

    def decisions(self, dna: DNA) -> list[tuple[Any] | None]:
        """What a single DNA decides at each point, in a tuple of one; None where it does not matter."""
        host = dna.host()
        genes: dict[str, Genes] = {"choices": host.choices, "floats": host.floats}
        return [
            (self._decide(index, genes),) if matters else None
            for index, matters in enumerate(self.spec.active(host.choices))
        ]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return self.spec == other.spec and eq(self.tree, other.tree)

    def __hash__(self) -> int:
        return hash(self.spec)

    def __len__(self) -> int:
        return len(self.spec)

    def __repr__(self) -> str:
        size = f"{self.size:,}" if self.size != math.inf else "infinitely many"
        lines = [
            f"  {point.name}: {_line(choice)}"
            for point, choice in zip(self.spec.points, self.choices, strict=True)
        ]
        return "\n".join([f"Space of {size} trees, {len(self.spec)} decisions", *lines])

    def _size(self, template: Template) -> int | float:
        sizes = [sum(map(self._size, self.branches[index])) for _, index in template.slots]
        floats = any(isinstance(self.spec.points[index], FloatPoint) for _, index in template.slots)
        return math.inf if floats else math.prod(sizes)

    def _check_single(self, dna: DNA) -> None:
        dna.check_spec(self.spec)
        if dna.shape:
            raise TypeError(
                f"decode takes a single DNA, this is a batch of {list(dna.shape)}: index it, or use jax.vmap"
            )

    def _decode(self, template: Template, genes: dict[str, Genes]) -> Any:
        """A template with its decisions made by genes, int32[C] and float32[F]."""
        values: dict[str | Path, Any] = {path: self._decide(index, genes) for path, index in template.slots}
        return rebind(template.value, values)

    def _decide(self, index: int, genes: dict[str, Genes]) -> Any:
        """The value at a decision."""
        point, branches = self.spec.points[index], self.branches[index]
        gene = genes[point.array][self.spec.columns[index]]
        return point.decide(gene, lambda branch: self._decode(branches[branch], genes))

    def _fit(self, template: Template, value: Any, path: Path, numbers: list[Number]) -> None:
        """Writes to `numbers` the decisions that make `value` out of a template; raises if none do."""
        decided: dict[str | Path, Any] = {}
        for slot, index in template.slots:
            decided[slot] = _get(value, slot, path)
            self._fit_point(index, decided[slot], path / slot, numbers)
        closest = rebind(template.value, decided)
        if not _same(closest, value):
            where = next(iter(diff(closest, value).updates()), ROOT)
            raise Misfit(
                f"the tree is not in the space: it differs from every tree of the space {at(path / where)}"
            )

    def _fit_point(self, index: int, value: Any, path: Path, numbers: list[Number]) -> None:
        point = self.spec.points[index]
        if not isinstance(point, ChoicePoint):
            try:
                numbers[index] = point.number(point.gene(value))
            except (TypeError, ValueError) as error:
                raise Misfit(f"the tree is not in the space: {error} {at(path)}") from error
            return
        for branch, template in enumerate(self.branches[index]):
            inner = list(numbers)
            try:
                self._fit(template, value, path, inner)
            except Misfit:
                continue
            numbers[:] = inner
            numbers[index] = branch
            return
        raise Misfit(
            f"the tree is not in the space: {brief(value)} is no candidate of "
            f"{_line(self.choices[index])} {at(path)}"
        )


class Misfit(ValueError):
    """A value that is not among those that a space holds."""


def space(tree: Any, where: Callable[..., bool] | None = None) -> Space:
    """The search space that the open choices of a tree span.

    Args:
        tree: A symbolic object or a plain container with choices in it: `oneof`, `floatv`.
        where: Opens only the choices for which it holds; the others stay in the decoded trees.
            ``where(v)``, ``where(v, p)`` or ``where(k, v, p)`` of path, choice and parent. A choice
            inside a candidate is asked about by the path that its value will have.

    Returns:
        The space. A tree without choices gives a space of one tree.

    Example:
        >>> from symjax import search
        >>> search.space({'layers': search.oneof([1, 2]), 'lr': search.floatv(1e-4, 0.1, 'log')})
        Space of infinitely many trees, 2 decisions
          layers: oneof([1, 2])
          lr: floatv(1e-4, 0.1, 'log')
    """
    if where is None:
        return Space(tree, lambda k, v, p: True)
    return Space(tree, with_arity(where, ("v", "vp", "kvp"), "where"))


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


def _line(choice: Choice, limit: int = 70) -> str:
    text = format_tree(choice, width=10**6)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _get(value: Any, slot: Path, path: Path) -> Any:
    try:
        return value_at(value, slot, path)
    except KeyError as error:
        raise Misfit(f"the tree is not in the space: {error.args[0]}") from error


def _same(candidate: Any, value: Any) -> bool:
    """Equality, for which a dict equals the map, and an int the float, that a field makes of it."""
    if type(candidate) is int and type(value) is float:
        return candidate == value
    if type(candidate) is tuple and type(value) is tuple and len(candidate) == len(value):
        return all(map(_same, candidate, value))
    return eq(freeze(candidate), freeze(value))
