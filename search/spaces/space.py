"""`space`: the search space that the open choices of a tree span."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import jax
import numpy as np

from symjax.core.errors import brief, note
from symjax.core.paths import ROOT, Path
from symjax.nodes.pickling import named, unnamed
from symjax.verbs.equality import eq
from symjax.verbs.refs import holds_references, is_node, resolve_within

from . import constraints, space_text
from .choice import Choice, Gene, Genes, Misfit, Size
from .dna import DNA
from .parameter import Suggests
from .patched import Ideas, plain_inputs, read_inputs
from .points import Spec
from .sampling import sample_genes
from .suggesting import suggested
from .templates.discovery import Discovery, Template, Where
from .templates.encoding import Encoder
from .templates.enumeration import Enumeration, Rows, size_of, steps_of, whole
from .templates.filling import Fillings
from .templates.sameness import same
from .values import Values, candidate_names


@final
class Space:
    """The trees that an open tree stands for. Made by `space`; immutable.

    Attributes:
        tree: The open tree.
        patches: The patches that are applied to each decoded tree, in which choices may stand, too.
        spec: Its decisions, in depth-first declaration order; what a `DNA` carries along.
        choices: The choice that stands at each decision.
        branches: The candidates of each decision, as templates, for each that is taken; none for a number.
        closed: Where choices stand that `where` left closed: the decoded trees hold them.
        opened: For each choice in the order of discovery, whether it is open; what `reopened` takes.
        predicates: What `constrain` demands.
    """

    __slots__ = (
        "__weakref__",
        "_decisions",
        "_fillings",
        "_follows",
        "_ideas",
        "_names",
        "branches",
        "choices",
        "closed",
        "opened",
        "predicates",
        "root",
        "spec",
        "tree",
    )

    tree: Any
    spec: Spec
    root: Template
    choices: tuple[Choice, ...]
    branches: tuple[tuple[tuple[Template, ...], ...], ...]
    closed: tuple[Path, ...]
    opened: tuple[bool, ...]
    predicates: tuple[Callable[[Any], bool], ...]

    def __init__(
        self,
        tree: Any,
        where: Where,
        patches: tuple[Any, ...] = (),
        predicates: tuple[Callable[[Any], bool], ...] = (),
        inputs: Any = None,
    ) -> None:
        discovery = Discovery(where)
        self.tree = tree
        self.root = discovery.template(tree)
        self._ideas = Ideas(patches, discovery, inputs) if patches else None
        self.spec = Spec(tuple(discovery.points))
        self.choices = tuple(discovery.choices)
        self.branches = tuple(discovery.branches)
        self.closed = tuple(discovery.closed)
        self.opened = tuple(discovery.opened)
        self.predicates = predicates
        self._prepare()

    def _prepare(self) -> None:
        fillings = Fillings(self.spec, self.choices, self.branches)
        self._fillings = tuple(map(fillings.of, self.templates))
        self._decisions = fillings.decisions
        self._names = tuple(map(candidate_names, self.choices, self.branches))
        # A node resolves its references when it is read; those of a plain container nobody else would.
        self._follows = not is_node(self.tree) and holds_references(self.tree)
        if self._follows and not isinstance(self.tree, Choice):
            resolve_within(self.tree)  # raises where a reference leads nowhere

    @property
    def patches(self) -> tuple[Any, ...]:
        """The patches that are applied to each decoded tree."""
        return self._ideas.patches if self._ideas else ()

    @property
    def inputs(self) -> Any:
        """The example inputs that the patches get."""
        return self._ideas.inputs if self._ideas else None

    @property
    def templates(self) -> tuple[Template, ...]:
        """What decisions stand in at the top: the tree, and the patches if there are any."""
        return (self.root, *self._ideas.items) if self._ideas else (self.root,)

    @property
    def size(self) -> Size:
        """The number of points: exact, or infinite when a float is open.

        Under `constrain` it is counted, which decodes each of them.

        Example:
            >>> from symjax import search
            >>> search.space([search.oneof([1, search.oneof([2, 3])]), search.oneof([4, 5])]).size
            6
        """
        if self.predicates and self.free_size != math.inf:
            return sum(1 for _ in self.enumerate())
        return self.free_size

    @property
    def free_size(self) -> Size:
        """The number of points, whatever `constrain` demands."""
        return math.prod(size_of(template, self.choices, self.branches) for template in self.templates)

    def sample(self, key: jax.Array, n: int | None = None) -> DNA:
        """Draws points of the space, independent of each other, by the law of each decision.

        Decisions that do not matter are drawn too. Runs under `jit` and `vmap`, unless `constrain` demands
        something.

        Args:
            key: A JAX key.
            n: How many; None for a single DNA without a batch axis.

        Returns:
            A batch of `n`. The i-th depends on the key and on i alone: a larger sample begins with a
            smaller one.

        Raises:
            TypeError: `key` is no key, or `n` no whole number.
            ValueError: `n` is negative; or hardly any point is as `constrain` demands.
            Exception: What a constraint raises; a note names the constraint.
        """
        if not isinstance(key, jax.Array | np.ndarray):
            raise TypeError(
                f"sample takes a JAX key first, got {brief(key)}; write space.sample(jax.random.key(0), n)"
            )
        count = 1 if n is None else whole("n", n)
        if count < 0:
            raise ValueError(f"n must be at least 0, got {n}")
        batch = self._draw(key, count)
        if self.predicates:
            batch = constraints.redrawn(
                batch,
                self.allows,
                lambda turn: self._draw(jax.random.fold_in(key, turn), count),
                self.decode,
            )
        return batch[0] if n is None else batch

    def _draw(self, key: jax.Array, n: int) -> DNA:
        # For speed in powers of two only: few programs are compiled, of whatever sizes samples are.
        genes = sample_genes(self.spec, key, 1 << max(0, n - 1).bit_length())
        if not any(isinstance(array, jax.core.Tracer) for array in genes):
            genes = tuple(np.asarray(array) for array in genes)  # for speed: JAX slices far slower
        choices, floats = genes
        return DNA(self.spec, choices[:n], floats[:n])

    def enumerate(self) -> Iterator[DNA]:
        """All points of a finite space: the last decision turns fastest, and what does not matter is skipped.

        That is PyGlove's order.

        Raises:
            ValueError: A float is open; the message names it.

        Example:
            >>> from symjax import search
            >>> space = search.space([search.oneof([1, 2]), search.oneof('ab'.split() + ['c'])])
            >>> [space.decode(dna) for dna in space.enumerate()]
            [[1, 'ab'], [1, 'c'], [2, 'ab'], [2, 'c']]
        """
        for point in self.spec.points:
            if point.array == "floats":
                raise ValueError(
                    f"the space is infinite: {point.name} is a float; space.grid(steps) takes some of "
                    "its values"
                )
        return self._points(lambda index: None)

    def grid(self, steps: int | Mapping[str, int]) -> DNA:
        """All points of the space, of a float only some.

        Args:
            steps: How many values of a float are taken, evenly on its scale, its bounds among them (of one,
                the middle); or a number each, by the name of the decision.

        Returns:
            A batch, in the order of `enumerate`.

        Raises:
            KeyError: There is no such decision on a float.
            TypeError: A number is no whole one.
            ValueError: A number is missing, or less than one.

        Example:
            >>> from symjax import search
            >>> tree = {'width': search.oneof([8, 16]), 'rate': search.floatv(1e-3, 1e-1, 'log')}
            >>> space = search.space(tree)
            >>> [space.values(dna)['rate'] for dna in space.grid(3)[:3]]
            [0.001, 0.01, 0.1]
        """
        points = list(self._points(steps_of(self.spec, steps).get))
        if not points:
            raise ValueError("no point of the grid is as `constrain` demands")
        return DNA.concat(points)

    def _points(self, steps: Callable[[int], int | None]) -> Iterator[DNA]:
        least = [choice.least() for choice in self.choices]
        enumeration = Enumeration(self.choices, self.branches, steps)
        for rows in enumeration.of(
            Template(None, tuple(slot for part in self.templates for slot in part.slots))
        ):
            dna = self.of([rows.get(index, genes) for index, genes in enumerate(least)])
            if not self.predicates or self.allows(dna):
                yield dna

    def of(self, rows: Sequence[Sequence[Gene]]) -> DNA:
        """A DNA out of the genes of each decision, which are taken for valid."""
        genes: dict[str, list[Any]] = {"choices": [], "floats": []}
        for point, own in zip(self.spec.points, rows, strict=True):
            genes[point.array] += own
        return DNA(self.spec, np.array(genes["choices"], np.int32), np.array(genes["floats"], np.float32))

    def constrain(self, predicate: Callable[[Any], bool]) -> Space:
        """The space of those trees only for which a predicate holds.

        Args:
            predicate: A function of a decoded tree; it sees Python values, and runs outside of `jit`. For a
                tree that cannot be made, because its constructor raises, it counts as not holding.

        Returns:
            A space of the same decisions. Its samples are drawn anew until the predicate holds; `enumerate`
            and `grid` leave out the others, `encode` refuses them, and so does `decode`.

        Example:
            >>> from symjax import search
            >>> space = search.space({'heads': search.oneof([2, 4]), 'width': search.oneof([6, 8])})
            >>> space.constrain(lambda tree: tree['width'] % tree['heads'] == 0).size
            3
        """
        if not callable(predicate):
            raise TypeError(f"constrain takes a function of a decoded tree, got {brief(predicate)}")
        return self._with((*self.predicates, predicate))

    def unconstrained(self) -> Space:
        """The space without what `constrain` demands."""
        return self._with(()) if self.predicates else self

    def _with(self, predicates: tuple[Callable[[Any], bool], ...]) -> Space:
        space = object.__new__(Space)
        for name in Space.__slots__[1:]:
            setattr(space, name, getattr(self, name))
        space.predicates = predicates
        return space

    def decode(self, dna: DNA, like: DNA | None = None) -> Any:
        """The tree that a DNA stands for; of a batch a list of trees.

        Args:
            dna: A single DNA, or a batch. Under `jit` its floats may be traced.
            like: A concrete DNA that decides the structure, when the choices of `dna` are traced too:
                from `dna` then come the floats only.

        Returns:
            The tree with every decision made: a Python float where a float stood; a traced float
            behaves like one (it is weakly typed).

        Raises:
            TypeError: Traced choices without `like`.
            ValueError: A DNA of another space, one out of range, or one that is not as `constrain` demands.
            Exception: What a constructor of the tree raises; of a batch, a note says for which DNA.

        Example:
            >>> from symjax import search
            >>> space = search.space({'width': search.oneof([8, 16]), 'lr': search.floatv(0.0, 1.0)})
            >>> space.decode(search.DNA.from_numbers(space.spec, [1, 0.5]))
            {'width': 16, 'lr': 0.5}
        """
        self._require(dna)
        if like is not None:
            self._require(like)
        if not dna.shape:
            choices = dna.choices if like is None else like.choices
            return self._decided(dna, self._genes(choices, dna.floats))
        if len(dna.shape) > 1 or like is not None:
            return [self.decode(each, like) for each in dna]
        dna = dna.host()
        genes = self._genes(dna.choices, dna.floats)
        rows = zip(genes["choices"], genes["floats"], strict=True)
        return [
            self._member(dna, index, {"choices": choices, "floats": floats})
            for index, (choices, floats) in enumerate(rows)
        ]

    def _member(self, dna: DNA, index: int, genes: dict[str, Any]) -> Any:
        """The tree of one of a batch."""
        try:
            return self._decided(dna[index], genes)
        except Exception as error:
            note(error, f"raised for number {index} of the batch, {dna[index]!r}")
            raise

    def _genes(self, choices: Genes, floats: Genes) -> dict[str, Any]:
        """Checked genes as lists, where they are not traced: single genes of arrays are read far slower."""
        if isinstance(choices, jax.core.Tracer) and self.spec.choices:
            raise TypeError(
                "the choices of this DNA are traced, but they decide the structure of the tree, which a "
                "compiled function must know: pass `like=` a concrete DNA of the same structure"
            )
        if isinstance(choices, jax.core.Tracer):
            choices = np.zeros(0, np.int32)
        traced = isinstance(floats, jax.core.Tracer)
        self.spec.check(choices, None if traced else floats)
        return {
            "choices": np.asarray(choices).tolist(),
            "floats": floats if traced else np.asarray(floats).tolist(),
        }

    def _decided(self, dna: DNA, genes: dict[str, Any]) -> Any:
        """The tree of a single DNA, whose genes these are."""
        tree = self._tree(genes)
        if self.predicates and not isinstance(genes["floats"], jax.core.Tracer):
            constraints.require(self.predicates, tree, repr(dna))
        return tree

    def _tree(self, genes: dict[str, Any]) -> Any:
        tree, *patches = [filling.fill(genes)[0] for filling in self._fillings]
        if self._follows and not is_node(tree):
            tree = resolve_within(tree)
        if self._ideas is None:
            return tree
        if isinstance(genes["floats"], jax.core.Tracer):
            return self._ideas.applied(tree, patches)
        return self._ideas.kept((*genes["choices"], *genes["floats"]), tree, patches)

    def encode(self, tree: Any) -> DNA:
        """The DNA of a tree: ``space.decode(space.encode(tree))`` equals the tree.

        Floats are rounded to float32. Decisions that do not matter get their first candidates or their
        lower bound; where several candidates fit, the first one is taken.

        Args:
            tree: A concrete tree of the space.

        Raises:
            ValueError: The tree is not in the space; ends in the path of the value at fault.
        """
        encoder = Encoder(self.spec, self.choices, self.branches, tree if self._follows else None)
        if self._ideas is None:
            if self._follows or not encoder.reads(self._fillings[0], tree):
                encoder.fit(self.root, tree, ROOT)
            dna = self.of(encoder.rows())
        else:
            dna = self._encoded(self._ideas, encoder, tree)
        if self.predicates:
            constraints.require(self.predicates, tree, brief(tree))
        return dna

    def _encoded(self, ideas: Ideas, encoder: Encoder, tree: Any) -> DNA:
        """The DNA of a patched tree: its patches are read off its lineage, the rest off its values.

        A patch may have changed what a decision is about (a width that was decided, then scaled): then the
        first points of the open tree that lead to this one are looked for.

        Raises:
            Misfit: It has another lineage; or no decisions were found.
        """
        ideas.read(encoder, tree)
        patches = encoder.rows()
        for rows in encoder.candidates(self.root, tree):
            dna = self.of([rows.get(index, genes) for index, genes in enumerate(patches)])
            if same(self.decode(dna), tree):
                return dna
        raise Misfit(
            "the tree cannot be encoded: no decisions were found that become this tree by the patches of its "
            "lineage; keep the DNA"
        )

    def values(self, dna: DNA) -> dict[str, Any]:
        """What a single DNA decides, by name, as values: for decisions that matter.

        A candidate with a label goes by that; one that holds decisions of its own, which stand beside it, by
        its class. A decision goes by its name, or else by the path of its value in the decoded tree.

        Raises:
            TypeError: This is a batch.

        Example:
            >>> from symjax import search
            >>> widths = search.oneof({'small': 8, 'big': 16})
            >>> space = search.space({'width': widths, 'lr': search.floatv(0.0, 1.0)})
            >>> space.values(search.DNA.from_numbers(space.spec, [1, 0.5]))
            {'width': 'big', 'lr': 0.5}
        """
        values = Values()
        for index, value in self.decided(dna).items():
            values[self._name(index, values)] = value
        return values

    def decided(self, dna: DNA) -> dict[int, Any]:
        """As `values`, by the decisions' indices in the spec."""
        host = self._require(dna).host()
        if host.shape:
            raise TypeError(
                f"values takes a single DNA, this is a batch of {list(host.shape)}; "
                "[space.values(dna) for dna in batch] gives those of each"
            )
        genes = {"choices": host.choices.tolist(), "floats": host.floats.tolist()}
        return {index: self._value(index, genes) for index, matters in enumerate(host.active) if matters}

    def _name(self, index: int, taken: Mapping[str, Any]) -> str:
        point = self.spec.points[index]
        name = point.choice.name or point.label or str(point.path) or point.name
        return point.id if name in taken else name

    def _value(self, index: int, genes: dict[str, Any]) -> Any:
        """What is decided at a point, with labels for the candidates that have some."""
        choice = self.choices[index]
        names = self._names[index]
        if not names and getattr(choice, "labels", None) is None:
            return self._decisions[index].fill(genes)[0]
        own = choice.numbers(genes[choice.array][self.spec.columns[index]])
        if not names:
            labels = [choice.label(number) for number in own]
            return labels[0] if choice.is_single else labels
        if choice.is_single and own[0] in names:
            return names[int(own[0])]
        value = self._decisions[index].fill(genes)[0]
        if choice.is_single:
            return value
        return [names.get(int(number), item) for number, item in zip(own, value, strict=True)]

    def from_values(self, values: Mapping[str, Any]) -> DNA:
        """The inverse of `values`.

        Args:
            values: By name, id or path: the value that is decided, or what `values` calls a candidate. What
                is decided in a candidate may be left out where the candidate is given as a decided value.

        Raises:
            KeyError: A name that is no decision of the space, or does not matter here.
            ValueError: A value that the decision cannot have, or a decision that is missing.

        Example:
            >>> from symjax import search
            >>> space = search.space({'width': search.oneof([8, 16]), 'lr': search.floatv(0.0, 1.0)})
            >>> space.from_values({'width': 16, 'lr': 0.5})
            DNA(width=1, lr=0.5)
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"from_values takes decided values by name, got {brief(values)}")
        encoder = Encoder(self.spec, self.choices, self.branches)
        encoder.read(values, self._names)
        return self.of(encoder.rows())

    def suggest(self, trial: Suggests) -> Any:
        """The tree that a trial of Optuna's suggests: for an objective of one's own.

        Parameters are called as the decisions are, ``space.spec.names``, and take the values that `values`
        tells; only those are suggested that matter. Of `manyof` and `permutate` there is a parameter for each
        place, ``name[0]``: of distinct candidates the index among those that are left. A float on a reverse
        log scale is suggested by its mirror image, ``1.1 - name``.

        Args:
            trial: An ``optuna.Trial``; also an ``optuna.trial.FixedTrial``, or one that was enqueued.

        Raises:
            TypeError: `trial` is something else.
            optuna.TrialPruned: The tree is not as `constrain` demands.
            Exception: What a constructor of the tree raises.

        Example:
            >>> import optuna
            >>> from symjax import search
            >>> space = search.space({'width': search.oneof([8, 16]), 'lr': search.floatv(1e-4, 0.1, 'log')})
            >>> space.suggest(optuna.trial.FixedTrial({'width': 16, 'lr': 0.003}))
            {'width': 16, 'lr': 0.003}
        """
        if not hasattr(trial, "suggest_categorical"):
            raise TypeError(f"suggest takes a trial of Optuna's, got {brief(trial)}")
        dna = suggested(self.spec, self.choices, self._names, lambda each: each.suggested(trial))
        if self.predicates and not self.allows(dna):
            import optuna

            raise optuna.TrialPruned(f"{dna!r} is not in the space: its constraints refuse it")
        return self._tree(self._genes(dna.choices, dna.floats))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return (
            self.spec == other.spec
            and eq(self.tree, other.tree)
            and eq(self.patches, other.patches)
            and self.predicates == other.predicates
        )

    def __hash__(self) -> int:
        return hash(self.spec)

    def __reduce__(self) -> tuple[Callable[..., Space], tuple[Any, ...]]:
        return _restored, (
            named(self.tree),
            named(self.patches),
            self.opened,
            self.predicates,
            plain_inputs(self.inputs),
        )

    def __len__(self) -> int:
        return len(self.spec)

    def __repr__(self) -> str:
        return space_text.summary(self)

    def __str__(self) -> str:
        """All decisions with their candidates, a line each."""
        return space_text.outline(self)

    def _repr_html_(self) -> str:
        """For notebooks: a table of the decisions."""
        return space_text.page(self)

    def require_effects(self) -> None:
        """Refuses a space one of whose patches changes nothing, see `Ideas.require_effects`."""
        if self._ideas is not None:
            least = [choice.least() for choice in self.choices]
            self._ideas.require_effects(self.root, lambda rows: self._filled(rows, least))

    def _filled(self, rows: Rows, least: Sequence[list[Gene]]) -> list[Any]:
        """The decided tree and the decided items of `patches`, by the genes of what matters."""
        dna = self.of([rows.get(index, genes) for index, genes in enumerate(least)])
        genes = self._genes(dna.choices, dna.floats)
        return [filling.fill(genes)[0] for filling in self._fillings]

    def allows(self, dna: DNA) -> bool:
        """Whether a single DNA is as `constrain` demands, and its tree can be made.

        Raises:
            TypeError: A batch.
            Exception: What a constraint raises; a note names the constraint.

        Example:
            >>> from symjax import search
            >>> space = search.space([search.oneof([1, 2])]).constrain(lambda tree: tree[0] > 1)
            >>> [space.allows(search.DNA.from_numbers(space.spec, [number])) for number in (0, 1)]
            [False, True]
        """
        if self._require(dna).shape:
            raise TypeError(
                f"allows takes a single DNA, this is a batch of {list(dna.shape)}; "
                "[space.allows(dna) for dna in batch] says it of each"
            )
        return constraints.allows(self.predicates, lambda: self._tree(self._genes(dna.choices, dna.floats)))

    def _require(self, dna: DNA) -> DNA:
        if not isinstance(dna, DNA):
            raise TypeError(
                f"expected a DNA, got {brief(dna)} of type {type(dna).__name__}; "
                "DNA.from_numbers(space.spec, …) and space.from_values(…) make one, space.encode(tree) does"
            )
        dna.check_spec(self.spec)
        return dna


def reopened(
    tree: Any,
    patches: tuple[Any, ...],
    opened: Sequence[bool],
    predicates: tuple[Callable[[Any], bool], ...] = (),
    inputs: Any = None,
) -> Space:
    """A space made again of what it consists of.

    Args:
        tree: The open tree.
        patches: The patches.
        opened: For each choice in the order of discovery, whether it is open.
        predicates: What `Space.constrain` was given.
        inputs: The example inputs that the patches get.

    Raises:
        ValueError: There are more or fewer choices.
    """
    answers = iter(opened)
    space = Space(tree, lambda k, v, p: next(answers, False), patches, predicates, inputs)
    if len(space.opened) != len(opened):
        raise ValueError(f"the tree of the space has {len(space.opened)} choices, and not {len(opened)}")
    return space


def _restored(tree: Any, patches: Any, opened: Any, predicates: Any, inputs: Any) -> Space:
    return reopened(unnamed(tree), unnamed(patches), opened, predicates, read_inputs(inputs))
