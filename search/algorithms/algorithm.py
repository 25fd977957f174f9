"""`Algorithm`: what proposes points of a space, and learns from what came of them."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, final

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief
from symjax.nodes.object import Object

from ..spaces.dna import DNA
from ..spaces.opening import require_space
from ..spaces.points import Spec
from ..spaces.space import Space
from .checking import check_own, check_proposal, refuse_overrides, require_hooks

Rewards: TypeAlias = jax.Array | npt.NDArray[Any]
Own: TypeAlias = Any
"""What an algorithm keeps between calls: a pytree of arrays."""


class Exhausted(Exception):
    """An algorithm has proposed all that it ever will, as `Sweep` after its last point."""


@final
@dataclass(frozen=True)
class State:
    """What an algorithm has learnt so far: a pytree, from which a search goes on as if it had never stopped.

    Attributes:
        own: What the algorithm keeps, a pytree of arrays.
        spec: The decisions of the space.
        objectives: Of how many numbers a reward consists.
    """

    own: Own
    spec: Spec
    objectives: int


jtu.register_dataclass(State, ["own"], ["spec", "objectives"])


class Algorithm(Object):
    """What proposes points of a space, and learns from the rewards that these earned.

    An algorithm is a symbolic object of its settings, and has no state: `init` gives one, `ask` and `tell`
    return the next. All three are pure. Those of a traceable algorithm run under `jit`, `scan` and `vmap`,
    with floats among its settings traced.

    Rewards are maximized. One that is NaN, as of a configuration that failed, is the least there is.
    What is told need not be what was asked for, nor come in that order, unless an algorithm says otherwise:
    so several processes may share a state.

    A subclass defines `start`, `propose` and `learn`, which need not check what they are given; there is one
    in docs/which_algorithm_which_engine.md, "An algorithm of one's own".

    Attributes:
        is_traceable: Of the class: whether `propose` and `learn` run under `jit`, and keep shapes; else they
            are plain Python.
        learns: Of the class: whether what it proposes hangs on rewards.
        has_fronts: Of the class: whether a reward may consist of several numbers.
        batch: Of the class: how many configurations a search asks for at a time if nobody says; None for all.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0)})
        >>> algorithm = search.algorithms.Random()
        >>> state = algorithm.init(space, jax.random.key(0))
        >>> dnas, state = algorithm.ask(state, jax.random.key(1), 8)
        >>> state = algorithm.tell(state, dnas, -dnas.floats[:, 0] ** 2)
    """

    is_traceable: ClassVar[bool] = True
    """Whether `ask` and `tell` run under `jit`."""
    learns: ClassVar[bool] = True
    """Whether what it proposes hangs on rewards; if not, a search need not say what counts."""
    has_fronts: ClassVar[bool] = False
    """Whether a reward may consist of several numbers."""
    batch: ClassVar[int | None] = 16
    """How many configurations a search asks for at a time, if nobody says; None for all."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        refuse_overrides(cls)

    # What a search calls.

    @final
    def init(self, space: Space, key: jax.Array, objectives: int = 1) -> State:
        """The state before anything is known.

        Args:
            space: The space.
            key: A JAX key, for what is drawn once.
            objectives: Of how many numbers a reward will consist, at least one.

        Raises:
            TypeError: `space` is no space, or the algorithm lacks one of its methods.
            ValueError: The algorithm knows no fronts, and there are several objectives; or it does not know
                decisions such as those of the space.
        """
        require_space(space)
        require_hooks(self)
        if objectives < 1:
            raise ValueError(f"a reward consists of at least one number, got objectives={objectives}")
        if objectives > 1 and self.learns and not self.has_fronts:
            raise ValueError(
                f"{type(self).__name__} maximizes one number, and there are {objectives} objectives; take "
                "search.algorithms.NSGA2, or say which one counts"
            )
        return State(self.start(space, key, objectives), space.spec, objectives)

    @final
    def ask(self, state: State, key: jax.Array, n: int) -> tuple[DNA, State]:
        """Points to try next.

        Args:
            state: The state.
            key: A JAX key, another one each time.
            n: How many, at least one; not traced.

        Returns:
            A batch of `n`, or of fewer where the algorithm comes to its end, and the next state.

        Raises:
            TypeError: `propose` gave something else.
            ValueError: `n` is less than one; or `propose` gave points of another space, or of another number.
            Exhausted: The algorithm has no more to propose; never of a traceable one.
        """
        if n < 1:
            raise ValueError(f"an algorithm proposes at least one point, got n={n}")
        name, is_traceable = type(self).__name__, self.is_traceable
        output = self.propose(state.spec, state.own, key, n)
        dnas, own = check_proposal(name, output, state.spec, n, is_traceable)
        check_own(f"{name}.propose", own, state.own, is_traceable)
        return dnas, State(own, state.spec, state.objectives)

    @final
    def tell(self, state: State, dnas: DNA, rewards: Rewards) -> State:
        """The state after it is known what points earned.

        Args:
            state: The state.
            dnas: A batch of n.
            rewards: More is better: float[n], or float[n, m] for m objectives. NaN for what failed.

        Raises:
            TypeError: The rewards are no numbers; or `learn` gave something else than what it was given.
            ValueError: As many rewards as there are no DNAs, rewards of another width, or DNAs of another
                space.
        """
        dnas.check_spec(state.spec)
        rewards = rewards if isinstance(rewards, jax.Array) else np.asarray(rewards)
        wanted = (len(dnas), state.objectives)
        if rewards.shape != wanted and (rewards.shape != wanted[:1] or state.objectives > 1):
            shape = list(wanted if state.objectives > 1 else wanted[:1])
            raise ValueError(
                f"{len(dnas)} points were told, so rewards must have shape {shape}; got {list(rewards.shape)}"
            )
        if rewards.dtype.kind not in "fiu" and not jnp.issubdtype(rewards.dtype, jnp.floating):
            raise TypeError(f"rewards must be real numbers, got {brief(rewards)}")
        own = self.learn(state.spec, state.own, dnas, _comparable(rewards.reshape(wanted)))
        check_own(f"{type(self).__name__}.learn", own, state.own, self.is_traceable)
        return State(own, state.spec, state.objectives)

    # What an algorithm defines.

    @abc.abstractmethod
    def start(self, space: Space, key: jax.Array, objectives: int) -> Own:
        """What the algorithm keeps at first: a pytree of arrays; runs outside of `jit`."""

    @abc.abstractmethod
    def propose(self, spec: Spec, own: Own, key: jax.Array, n: int) -> tuple[DNA, Own]:
        """A batch of `n` points, and what the algorithm keeps then; see `ask` for the end."""

    @abc.abstractmethod
    def learn(self, spec: Spec, own: Own, dnas: DNA, rewards: Rewards) -> Own:
        """What the algorithm keeps after rewards.

        Args:
            spec: The decisions.
            own: What it keeps.
            dnas: A batch of n.
            rewards: float32[n, objectives], without NaN; negative infinity for what failed.
        """


def _comparable(rewards: Rewards) -> Rewards:
    """Rewards float32[n, m], in which those of what failed are the least in all objectives."""
    xp = jnp if isinstance(rewards, jax.Array) else np
    rewards = rewards.astype(xp.float32)
    comparable: Rewards = xp.where(xp.isnan(rewards).any(axis=1, keepdims=True), -xp.inf, rewards)
    return comparable.astype(xp.float32)
