"""`DNA`: points of a search space, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, final

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np

from symjax.core.errors import brief

from . import dna_forms
from .choice import Genes
from .dna_text import parse_json, parse_numbers, reading, write_json, write_numbers
from .points import Spec
from .sampling import sample_genes

Index: TypeAlias = int | np.integer[Any] | slice | Genes


@final
@jtu.register_pytree_with_keys_class
class DNA:
    """One point of a space, or a batch of them: a pytree of two arrays with a static spec.

    Genes of decisions that do not matter (those in a candidate that is not taken) are there too, so
    that all DNAs of a space have the same shape. A float gene is the final value: on a log scale too.

    Args:
        spec: The decisions of the space, `space.spec`.
        choices: The index of the candidate for each choice, int32[..., C].
        floats: The value of each float, float32[..., F].

    Raises:
        TypeError: An array of another dtype.
        ValueError: An array of a wrong width, or batch shapes that differ.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import search
        >>> space = search.space({'width': search.oneof([8, 16]), 'lr': search.floatv(1e-4, 0.1, 'log')})
        >>> dna = search.DNA.from_dict(space.spec, {'width': 1, 'lr': 0.003})
        >>> dna
        DNA(width=1, lr=0.003)
        >>> space.sample(jax.random.key(0), 256)[:10]
        DNA[10] of width, lr
    """

    __slots__ = ("choices", "floats", "spec")

    spec: Spec
    choices: Genes
    floats: Genes

    def __init__(self, spec: Spec, choices: Genes, floats: Genes) -> None:
        for name, genes, dtype, columns in (
            ("choices", choices, "int32", spec.choices),
            ("floats", floats, "float32", spec.floats),
        ):
            if getattr(genes, "dtype", None) != dtype:
                raise TypeError(f"{name} must be an array of {dtype}, got {_kind(genes)}")
            if genes.shape[-1:] != (columns,):
                raise ValueError(f"{name} must have shape [..., {columns}], got {list(genes.shape)}")
        if choices.shape[:-1] != floats.shape[:-1]:
            raise ValueError(
                f"choices and floats must have one batch shape, got {list(choices.shape[:-1])} and "
                f"{list(floats.shape[:-1])}"
            )
        _fill(self, spec, choices, floats)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a DNA is immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return DNA.tree_unflatten, (self.spec, (self.choices, self.floats))

    # As a pytree: children may be anything that JAX puts in the place of an array.

    def tree_flatten_with_keys(self) -> tuple[tuple[tuple[jtu.GetAttrKey, Genes], ...], Spec]:
        """For JAX: the two arrays with their names, and the spec."""
        names = (jtu.GetAttrKey("choices"), jtu.GetAttrKey("floats"))
        return tuple(zip(names, (self.choices, self.floats), strict=True)), self.spec

    @classmethod
    def tree_unflatten(cls, spec: Spec, children: tuple[Genes, Genes]) -> DNA:
        """For JAX: the inverse; checks nothing."""
        return _fill(object.__new__(cls), spec, *children)

    # As a batch.

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the batch; ``()`` for a single DNA."""
        shape: tuple[int, ...] = self.choices.shape[:-1]
        return shape

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a single DNA has no length; space.sample(key, n) gives a batch of n")
        return self.shape[0]

    def __getitem__(self, index: Index) -> DNA:
        if not self.shape:
            raise TypeError("a single DNA cannot be indexed; space.sample(key, n) gives a batch of n")
        if isinstance(index, int | np.integer) and not -len(self) <= index < len(self):
            raise IndexError(f"there is no DNA {index} in a batch of {len(self)}")
        choices, floats = self.choices[index], self.floats[index]
        if choices.shape[-1:] != self.choices.shape[-1:] or floats.ndim != choices.ndim:
            raise IndexError(f"an index may only reach into the batch, of shape {list(self.shape)}")
        # Without the constructor's checks, for speed: batches are indexed once for each configuration.
        return _fill(object.__new__(DNA), self.spec, choices, floats)

    def __iter__(self) -> Iterator[DNA]:
        host = self.host()
        return (host[index] for index in range(len(host)))

    @classmethod
    def sample(cls, spec: Spec, key: jax.Array, n: int) -> DNA:
        """Draws points by the law of each decision: `Space.sample` where there is no space, but its spec.

        So an algorithm draws in `propose`; what `Space.constrain` demands it does not know. Runs under `jit`.

        Args:
            spec: The decisions of the space.
            key: A JAX key.
            n: How many, at least 0; not traced.

        Example:
            >>> import jax
            >>> from symjax import search
            >>> space = search.space({'width': search.oneof([8, 16]), 'rate': search.floatv(0.0, 1.0)})
            >>> search.DNA.sample(space.spec, jax.random.key(0), 4)
            DNA[4] of width, rate
        """
        return cls(spec, *sample_genes(spec, key, n))

    @classmethod
    def concat(cls, dnas: Iterable[DNA]) -> DNA:
        """One batch out of several batches and single DNAs, in their order.

        Raises:
            ValueError: There are none, or they come from different spaces.
        """
        parts = [dna if dna.shape else jax.tree.map(lambda genes: genes[None], dna) for dna in dnas]
        if not parts:
            raise ValueError("concat needs at least one DNA")
        for part in parts:
            part.check_spec(parts[0].spec)
        xp = np if all(part.is_host for part in parts) else jnp
        join: Any = xp.concatenate
        return cls(
            parts[0].spec, join([part.choices for part in parts]), join([part.floats for part in parts])
        )

    def check_spec(self, spec: Spec) -> None:
        """Refuses a DNA of another space.

        Raises:
            ValueError: It is one.
        """
        spec.require(self.spec)

    @property
    def is_host(self) -> bool:
        """Whether the genes are NumPy arrays."""
        return isinstance(self.choices, np.ndarray) and isinstance(self.floats, np.ndarray)

    def host(self) -> DNA:
        """The same with NumPy arrays, of which single genes are read fast.

        Raises:
            jax.errors.TracerArrayConversionError: Under `jit`.
        """
        if self.is_host:
            return self
        return DNA(self.spec, np.asarray(self.choices), np.asarray(self.floats))

    # As a value.

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DNA):
            return NotImplemented
        if self.spec != other.spec or self.shape != other.shape:
            return False
        mine, theirs = self.host(), other.host()
        return mine._bytes() == theirs._bytes()

    def __hash__(self) -> int:
        return hash((self.shape, self.host()._bytes()))

    def _bytes(self) -> tuple[bytes, bytes]:
        return bytes(self.choices.tobytes()), bytes(self.floats.tobytes())

    def __repr__(self) -> str:
        arrays = (self.choices, self.floats)
        if not all(isinstance(genes, np.ndarray | jax.Array) for genes in arrays):
            return f"DNA({self.choices!r}, {self.floats!r})"
        names = self.spec.names
        if self.shape or any(isinstance(genes, jax.core.Tracer) for genes in arrays):
            return f"DNA{list(self.shape)} of {', '.join(names) or 'no decisions'}"
        pairs = zip(names, dna_forms.by_point(self), strict=True)
        return f"DNA({', '.join(f'{name}={number}' for name, number in pairs)})"

    @property
    def active(self) -> Genes:
        """Which decisions matter: all candidates that they stand in are taken; bool[..., decisions]."""
        xp = np if isinstance(self.choices, np.ndarray) else jnp
        columns = self.spec.active(self.choices)
        active: Genes = xp.stack(columns, -1) if columns else xp.zeros((*self.shape, 0), bool)
        return active

    # As plain data.

    def __str__(self) -> str:
        """The numbers of a single DNA, joined by commas; `from_string` reads it."""
        return repr(self) if self.shape else write_numbers(self.numbers())

    def numbers(self) -> list[Any]:
        """What is decided, in declaration order: indices of candidates, and values of numbers.

        A decision that takes several candidates gives a number for each. Decisions that do not matter are
        there, too.

        Returns:
            A list of numbers, or for a batch a list of such lists.
        """
        if self.shape:
            return [dna.numbers() for dna in self]
        return dna_forms.flat(dna_forms.by_point(self))

    @classmethod
    def from_numbers(cls, spec: Spec, numbers: Sequence[Any] | np.ndarray[Any, Any]) -> DNA:
        """The inverse of `numbers`; also of an array of numbers, [n] or [batch, n].

        Raises:
            TypeError: A number of a wrong type.
            ValueError: Too many or too few numbers; one out of range or not finite; candidates that are not
                distinct or not sorted where they must be. The message names the decision.
        """
        if isinstance(numbers, str):
            raise TypeError(
                f"from_numbers takes a list of numbers, got {brief(numbers)}; from_string reads a text"
            )
        rows = _rows(numbers) if isinstance(numbers, np.ndarray | jax.Array) else numbers
        is_batch = getattr(numbers, "ndim", 1) > 1 or (
            len(rows) and all(isinstance(row, Sequence) and not isinstance(row, str) for row in rows)
        )
        if is_batch:
            return cls._batch(spec, [cls.from_numbers(spec, row) for row in rows])
        return cls._of(spec, dna_forms.split(spec, rows))

    def nested(self) -> list[Any]:
        """What matters of a single DNA, in the form of the space.

        Returns:
            A list of the decisions at the top. A decision is a number; ``(index, decisions…)`` where the
            candidate that is taken holds decisions itself; a list of these where it takes several.

        Raises:
            TypeError: This is a batch.

        Example:
            >>> from symjax import search
            >>> space = search.space([search.oneof([1, search.floatv(0.0, 1.0)]), search.oneof([3, 4])])
            >>> search.DNA.from_numbers(space.spec, [1, 0.5, 0]).nested()
            [(1, 0.5), 0]
        """
        self._require_single("nested")
        return dna_forms.nested(self)

    @classmethod
    def from_nested(cls, spec: Spec, decisions: Sequence[Any]) -> DNA:
        """The inverse of `nested`: decisions that do not matter get their least number.

        Raises:
            TypeError: A number of a wrong type.
            ValueError: Too many or too few decisions; and as `from_numbers`.
        """
        return cls._of(spec, dna_forms.from_nested(spec, decisions))

    def to_dict(
        self, by: Literal["id", "path"] = "id", as_: Literal["number", "label"] = "number"
    ) -> dict[str, Any]:
        """What a single DNA decides, by decision.

        Args:
            by: ``'id'`` for all decisions by their ids; ``'path'`` for those that matter, by the paths
                of their values in the decoded tree. (A choice that is itself a candidate shares its
                path with the choice around it, and goes by its id.)
            as_: ``'number'`` for indices of candidates, ``'label'`` for their labels or texts.
                (`Space.values` gives the values themselves.)

        Returns:
            A number or a label each; a list of them where several candidates are taken.

        Raises:
            TypeError: This is a batch.
            ValueError: `by` or `as_` is something else.
        """
        self._require_single("to_dict")
        if by not in ("id", "path"):
            raise ValueError(f"by must be 'id' or 'path', got {by!r}")
        if as_ not in ("number", "label"):
            raise ValueError(f"as_ must be 'number' or 'label', got {as_!r}")
        return dna_forms.to_dict(self, by == "path", as_ == "label")

    @classmethod
    def from_dict(cls, spec: Spec, genes: Mapping[str, Any]) -> DNA:
        """A DNA out of numbers or labels by decision: by id, by name or, for decisions that matter, by path.

        Decisions that do not matter may be left out.

        Raises:
            KeyError: A name that is no decision of the space, or does not matter here.
            TypeError: A number of a wrong type.
            ValueError: A number out of range, no label of a candidate, or a decision that is missing.
        """
        return cls._of(spec, dna_forms.from_dict(spec, genes))

    def to_json(self) -> str:
        """JSON text, of a single DNA or of a batch; `from_json` reads it, exactly."""
        return write_json([dna.to_dict() for dna in self] if self.shape else self.to_dict())

    @classmethod
    def from_json(cls, spec: Spec, text: str) -> DNA:
        """The inverse of `to_json`.

        Raises:
            LoadError: No JSON, or of something else; a decision that is missing, or that the space does
                not have; a gene that is no number, or out of range. The message names the decision.
        """
        genes = parse_json(text)
        if isinstance(genes, dict):
            with reading():
                return cls.from_dict(spec, genes)
        rows = []
        for place, row in enumerate(genes):
            with reading(f"DNA {place}: "):
                rows.append(cls.from_dict(spec, row))
        return cls._batch(spec, rows)

    @classmethod
    def from_string(cls, spec: Spec, text: str) -> DNA:
        """The inverse of ``str``, for a single DNA.

        Raises:
            LoadError: A word that is no number; too many or too few, or one out of range.
        """
        numbers = parse_numbers(text)
        with reading():
            return cls.from_numbers(spec, numbers)

    @classmethod
    def _of(cls, spec: Spec, numbers: Sequence[Sequence[object]]) -> DNA:
        """A single DNA out of the numbers of each decision."""
        genes: dict[str, list[Any]] = {"choices": [], "floats": []}
        for point, own in zip(spec.points, numbers, strict=True):
            genes[point.array] += point.choice.genes(own, point.name)
        return cls(spec, np.array(genes["choices"], np.int32), np.array(genes["floats"], np.float32))

    @classmethod
    def _batch(cls, spec: Spec, dnas: Sequence[DNA]) -> DNA:
        """A batch of single DNAs, also of none."""
        empty = cls(spec, np.zeros((0, spec.choices), np.int32), np.zeros((0, spec.floats), np.float32))
        return cls.concat([empty, *dnas])

    def _require_single(self, what: str) -> None:
        if self.shape:
            raise TypeError(f"{what} takes a single DNA, this is a batch of {list(self.shape)}")


def _fill(dna: DNA, spec: Spec, choices: Genes, floats: Genes) -> DNA:
    object.__setattr__(dna, "spec", spec)
    object.__setattr__(dna, "choices", choices)
    object.__setattr__(dna, "floats", floats)
    return dna


def _kind(value: object) -> str:
    dtype = getattr(value, "dtype", None)
    return f"an array of {dtype}" if dtype is not None else brief(value)


def _rows(numbers: Genes) -> list[Any]:
    """An array as lists; whole numbers of a float array are ints: an array of indices and values is one."""
    listed: list[Any] = np.asarray(numbers).tolist()
    return _whole(listed) if np.asarray(numbers).dtype.kind == "f" else listed


def _whole(number: Any) -> Any:
    if isinstance(number, list):
        return [_whole(each) for each in number]
    return int(number) if float(number).is_integer() else number
