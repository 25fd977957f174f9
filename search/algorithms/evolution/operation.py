"""`Operation`: what makes a population out of a population, and how operations are composed."""

from __future__ import annotations

import abc
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from symjax.core.errors import brief
from symjax.nodes.object import Object

from .composition import call, difference, either, equal, flattened, intersection, symmetric_difference, union
from .population import Population

Step: TypeAlias = int | jax.Array | None
Composable: TypeAlias = "Operation | Callable[..., Population]"


class Operation(Object):
    """Makes a population out of a population: selects, recombines or mutates individuals.

    Operations are pure, run under `jit` and `vmap`, and are composed as in PyGlove::

        x >> y      y of what x gives
        x + y       what x and y give of the same input, one after the other
        x | y       the same, each individual once
        x & y       what both give
        x - y       what x gives and y does not
        x ^ y       what one of the two gives alone
        ~x, -x      the individuals that x leaves out
        x * k       what x gives of the same input k times, with other keys
        x ** k      x >> x >> … >> x
        x[m:n]      some of what x gives
        x.if_true(predicate), x.if_false(predicate)
        x.until_change(), x.with_prob(p), x.for_each(y)

    The other operand may be a function of a population, which may also take `key` and `step` by these
    names. How many places there are in what an operation gives hangs on its settings and on how many there
    are in its input, never on data; see `Population`.

    A subclass defines `call`. Ready-made ones are in `selectors`, `mutators` and `recombinators`.

    Example:
        >>> from symjax import search
        >>> from symjax.search.algorithms.evolution import selectors
        >>> selectors.Random(8) >> selectors.Top(1)
        Pipeline(ops=(Random(n=8), Top(n=1)))
    """

    def __call__(self, population: Population, key: jax.Array, step: Step = None) -> Population:
        """What becomes of a population.

        Args:
            population: The input.
            key: A JAX key.
            step: How many were told so far, int32[]; for what changes as a search goes on.

        Raises:
            TypeError: The input is no population, or a function gave none.
        """
        if not isinstance(population, Population):
            raise TypeError(f"{type(self).__name__} takes a Population, got {brief(population)}")
        output = self.call(population, key, step)
        if not isinstance(output, Population):
            raise TypeError(f"{self!r} must give a Population, and gave {brief(output)}")
        return output

    @abc.abstractmethod
    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What becomes of a population; what a subclass defines."""

    def __rshift__(self, other: Composable) -> Operation:
        return Pipeline((*_parts(self, Pipeline), *_parts(other, Pipeline)))

    def __rrshift__(self, other: Composable) -> Operation:
        return operation(other) >> self

    def __add__(self, other: Composable) -> Operation:
        return Concatenation((*_parts(self, Concatenation), *_parts(other, Concatenation)))

    def __radd__(self, other: Composable) -> Operation:
        return operation(other) + self

    def __or__(self, other: Composable) -> Operation:
        return Union((*_parts(self, Union), *_parts(other, Union)))

    def __ror__(self, other: Composable) -> Operation:
        return operation(other) | self

    def __and__(self, other: Composable) -> Operation:
        return Intersection((*_parts(self, Intersection), *_parts(other, Intersection)))

    def __rand__(self, other: Composable) -> Operation:
        return operation(other) & self

    def __sub__(self, other: Composable) -> Operation:
        return Difference((self, operation(other)))

    def __rsub__(self, other: Composable) -> Operation:
        return operation(other) - self

    def __xor__(self, other: Composable) -> Operation:
        return SymmetricDifference((self, operation(other)))

    def __rxor__(self, other: Composable) -> Operation:
        return operation(other) ^ self

    def __mul__(self, k: int) -> Operation:
        return Repeat(self, k)

    def __pow__(self, k: int) -> Operation:
        return Power(self, k)

    def __invert__(self) -> Operation:
        return Inversion(self)

    def __neg__(self) -> Operation:
        return Inversion(self)

    def __getitem__(self, index: int | slice) -> Operation:
        if isinstance(index, slice):
            return Slice(self, index.start, index.stop, index.step)
        return Slice(self, index, index + 1 or None)

    __iter__ = None  # or Python would count through __getitem__ for ever

    def if_true(self, predicate: Callable[..., Any]) -> Operation:
        """This operation where a predicate of the input holds, else the input.

        Args:
            predicate: Gives a bool, or a traced bool[], of a population; it may also take `key` and `step`.
        """
        return Conditional(predicate, self, Identity())

    def if_false(self, predicate: Callable[..., Any]) -> Operation:
        """This operation where a predicate of the input does not hold, else the input."""
        return Conditional(predicate, Identity(), self)

    def until_change(self, max_attempts: int = 16) -> Operation:
        """This operation again, with other keys, until it gives other genes than those of its input."""
        return UntilChange(self, max_attempts)

    def with_prob(self, probability: float | Callable[[Any], Any]) -> Operation:
        """This operation with a probability, else the input.

        Args:
            probability: Between 0 and 1; or a function of the step.
        """
        return Choice((self,), (probability,))

    def for_each(self, other: Composable) -> Operation:
        """Another operation on each individual that this one gives, by itself; one after the other."""
        return self >> ElementWise(operation(other))


class Identity(Operation):
    """The input itself."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The input."""
        return population


class Lambda(Operation):
    """A function of a population; it may also take `key` and `step`, by these names."""

    fn: Callable[..., Population]

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What the function gives."""
        output: Population = call(self.fn, population, key, step)
        return output


class Pipeline(Operation):
    """Each operation of what the one before gives: ``x >> y``."""

    ops: tuple[Operation, ...]

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What the last gives."""
        for op, own in zip(self.ops, jax.random.split(key, len(self.ops)), strict=True):
            population = op(population, own, step)
        return population


class Power(Operation):
    """An operation k times, each of what the one before gives: ``x ** k``."""

    op: Operation
    k: int

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What the last gives."""
        for own in jax.random.split(key, self.k):
            population = self.op(population, own, step)
        return population


class Repeat(Operation):
    """An operation k times of the same input, one after the other: ``x * k``."""

    op: Operation
    k: int

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """All that it gives."""
        outputs = jax.vmap(lambda own: self.op(population, own, step))(jax.random.split(key, self.k))
        return flattened(outputs)


class ElementWise(Operation):
    """An operation of each individual by itself, one after the other: ``x.for_each(y)``."""

    op: Operation

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """All that it gives."""
        alone = jax.tree.map(lambda each: each[:, None], population)
        keys = jax.random.split(key, population.capacity)
        return flattened(jax.vmap(lambda each, own: self.op(each, own, step))(alone, keys))


class Slice(Operation):
    """Some of what an operation gives, as a slice of a list: ``x[start:stop:step]``."""

    op: Operation
    start: int | None = None
    stop: int | None = None
    stride: int | None = None

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The slice."""
        return self.op(population, key, step)[self.start : self.stop : self.stride]


class _Several(Operation):
    """Operations on the same input."""

    ops: tuple[Operation, ...]

    def outputs(self, population: Population, key: jax.Array, step: Step) -> list[Population]:
        """What each gives."""
        keys = jax.random.split(key, len(self.ops))
        return [op(population, own, step) for op, own in zip(self.ops, keys, strict=True)]


class Concatenation(_Several):
    """What operations give of the same input, one after the other: ``x + y``."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """All of it."""
        return Population.concat(self.outputs(population, key, step))


class Union(_Several):
    """What operations give of the same input, each individual once: ``x | y``."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """In the order of the first coming."""
        return union(self.outputs(population, key, step))


class Intersection(_Several):
    """What the first gives, if all others give it too: ``x & y``."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """In the order of the first."""
        return intersection(self.outputs(population, key, step))


class Difference(_Several):
    """What the first gives, and none of the others: ``x - y``."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """In the order of the first."""
        return difference(self.outputs(population, key, step))


class SymmetricDifference(_Several):
    """What one of the operations gives alone: ``x ^ y``."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What the first gives alone, then the second."""
        return symmetric_difference(self.outputs(population, key, step))


class Inversion(Operation):
    """The individuals of the input that an operation leaves out: ``~x``."""

    op: Operation

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """In the order of the input."""
        return difference([population, self.op(population, key, step)])


class Conditional(Operation):
    """One of two operations, as a predicate of the input says: ``x.if_true(predicate)``.

    What hangs on data has as many places as the larger of the two.
    """

    predicate: Callable[..., Any]
    true_op: Operation
    false_op: Operation = Identity()

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What that one gives."""
        is_true = call(self.predicate, population, key, step)
        if isinstance(is_true, bool):  # known while tracing, as from `capacity`: the other is not traced
            return (self.true_op if is_true else self.false_op)(population, key, step)
        branches = [partial(op, population, key, step) for op in (self.true_op, self.false_op)]
        return either(is_true, *branches)


class Choice(Operation):
    """Operations in a pipeline, each with a probability of its own: ``x.with_prob(p)``.

    Attributes:
        ops: The operations.
        probabilities: Of each: a number between 0 and 1, or a function of the step that gives one.
        limit: How many are applied at most; None for all.
    """

    ops: tuple[Operation, ...]
    probabilities: tuple[Any, ...]
    limit: int | None = None

    def __check__(self) -> None:
        if len(self.ops) != len(self.probabilities):
            raise ValueError(
                f"{len(self.ops)} operations need as many probabilities, got {len(self.probabilities)}"
            )

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """What the pipeline gives."""
        draws, *keys = jax.random.split(key, 1 + len(self.ops))
        shares = jax.random.uniform(draws, (len(self.ops),))
        applied = jnp.zeros((), jnp.int32)
        for op, probability, share, own in zip(self.ops, self.probabilities, shares, keys, strict=True):
            is_chosen = share < (probability(step) if callable(probability) else probability)
            if self.limit is not None:
                is_chosen &= applied < self.limit
            applied += is_chosen
            unchanged = partial(Identity(), population, own, step)
            population = either(is_chosen, partial(op, population, own, step), unchanged)
        return population


class UntilChange(Operation):
    """An operation again, with other keys, until its output has other genes than its input.

    Attributes:
        op: The operation.
        max_attempts: How often at most; what the last attempt gave is the output.
    """

    op: Operation
    max_attempts: int = 16

    def __check__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts is at least 1, got {self.max_attempts}")

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The first output that differs."""

        def attempt(number: int | jax.Array) -> Population:
            return self.op(population, jax.random.fold_in(key, number), step)

        def goes_on(loop: tuple[jax.Array, Population]) -> jax.Array:
            return (loop[0] < self.max_attempts) & equal(loop[1], population)

        first = (jnp.ones((), jnp.int32), attempt(0))
        return jax.lax.while_loop(goes_on, lambda loop: (loop[0] + 1, attempt(loop[0])), first)[1]


def operation(composable: Composable) -> Operation:
    """An operation, of one or of a function.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(composable, Operation):
        return composable
    if isinstance(composable, type):
        name = composable.__name__
        raise TypeError(f"operations are composed of objects, and {name} is a class: write {name}(…)")
    if callable(composable):
        return Lambda(composable)
    raise TypeError(
        f"an operation is composed with operations and functions of a population, got {brief(composable)}"
    )


def _parts(composable: Composable, kind: type[Any]) -> tuple[Operation, ...]:
    """The operations of one of a kind; so ``x >> y >> z`` is one pipeline."""
    op = operation(composable)
    return op.ops if isinstance(op, kind) else (op,)
