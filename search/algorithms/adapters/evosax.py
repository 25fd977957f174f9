"""`Evosax`: the evolution strategies of evosax, on numbers."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from annotated_types import Ge

from symjax.core.errors import known, nearest

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ...spaces.space import Space
from ..algorithm import Algorithm, Rewards
from .unit_box import require_numbers, to_genes, to_points

Strategy: TypeAlias = Any
"""An ``evosax.algorithms.base.EvolutionaryAlgorithm``."""

_STEP: Final = 0.3  # the first standard deviation, in shares of the box


class _Generation(NamedTuple):
    """The points that are tried at a time, p of them.

    Attributes:
        points: As the strategy drew them, in the box or around it, float32[p, d].
        choices: Their genes, int32[p, C].
        floats: float32[p, F].
        losses: What came of them, less being better, float32[p]; infinite where it failed.
        asked: Which were asked for, bool[p].
        told: Of which it is known what came, bool[p].
    """

    points: jax.Array
    choices: jax.Array
    floats: jax.Array
    losses: jax.Array
    asked: jax.Array
    told: jax.Array


class _Own(NamedTuple):
    """What the algorithm keeps: evosax's state, a generation, its number, and the key of all generations."""

    strategy: Any
    generation: _Generation
    number: jax.Array
    key: jax.Array


class Evosax(Algorithm):
    """The evolution strategies of evosax: CMA-ES, and about thirty others.

    They move points of a box: floats on their scales, and whole numbers, which are relaxed. What is outside
    of the box stands for its mirror image within. A space with other decisions is refused.

    A strategy learns when a whole generation is told. Until then rewards are kept, in whatever order they
    come; a point that nobody asked for (one that was repaired, since the space is constrained) takes the
    place of one that waits. What is asked for beyond a generation is drawn from the same distribution. So it
    learns soonest where a search's ``batch=`` is the size of a generation, which it is by default.

    What failed has a loss above all others of its generation; a generation that failed as a whole teaches
    nothing.

    Attributes:
        strategy: Its name in ``evosax.algorithms``: ``'CMA_ES'``, ``'Sep_CMA_ES'``, ``'xNES'``,
            ``'Open_ES'``, ``'PSO'``, ``'DifferentialEvolution'``, …
        population: How many points a generation has.
        params: Parameters of the strategy by name, in the place of its defaults. ``std_init`` is 0.3 unless
            it is said here: the box has sides of length 1.

    Raises:
        ImportError: evosax is not installed; when a search begins.
        ValueError: There is no such strategy or parameter, or the space has other decisions; likewise.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0), 'y': search.floatv(0.01, 1.0, 'log')})
        >>> cma, key = search.algorithms.Evosax('CMA_ES', population=8), jax.random.key(0)
        >>> results = search.run(cma, lambda exp, key: -exp['x'] ** 2 - exp['y'], space, 80, key)
        >>> results.best().experiment['y'] < 0.02
        True
    """

    is_traceable: ClassVar[bool] = True

    strategy: str = "CMA_ES"
    population: Annotated[int, Ge(2)] = 16
    params: Mapping[str, float] | None = None

    @property
    def batch(self) -> int:  # type: ignore[override]
        """A generation."""
        return self.population

    def start(self, space: Space, key: jax.Array, objectives: int) -> _Own:
        """The first generation: around the middle of the box, or all over it, as the strategy begins."""
        spec = space.spec
        require_numbers(spec, f"evosax's {self.strategy}")
        strategy = self._strategy(spec)
        params = self._params(strategy)
        init_key, draw_key, key = jax.random.split(key, 3)
        if _moves_a_population(strategy):
            points = jax.random.uniform(draw_key, (self.population, len(spec)))
            unknown = jnp.full(self.population, jnp.inf)
            state = strategy.init(init_key, points, unknown, params)
        else:
            state = strategy.init(init_key, jnp.full(len(spec), 0.5), params)
            points, state = strategy.ask(draw_key, state, params)
        return _Own(_strong(state), _generation(spec, points), jnp.zeros((), jnp.int32), key)

    def propose(self, spec: Spec, own: _Own, key: jax.Array, n: int) -> tuple[DNA, _Own]:
        """Those of the generation that nobody asked for yet, then others of the same distribution."""
        generation = own.generation
        waits = ~generation.asked & ~generation.told
        order = jnp.argsort(~waits, stable=True)
        members = order[jnp.arange(n) % self.population]
        is_member = jnp.arange(n) < waits.sum()
        others = jax.lax.cond(
            is_member.all(),
            lambda: (jnp.zeros((n, spec.choices), jnp.int32), jnp.zeros((n, spec.floats), jnp.float32)),
            lambda: to_genes(spec, self._drawn(spec, own, key, n)),
        )
        mine = (generation.choices[members], generation.floats[members])
        choices, floats = (
            jnp.where(is_member[:, None], genes, more) for genes, more in zip(mine, others, strict=True)
        )
        asked = generation.asked | (waits & (jnp.argsort(order) < n))
        return DNA(spec, choices, floats), own._replace(generation=generation._replace(asked=asked))

    def learn(self, spec: Spec, own: _Own, dnas: DNA, rewards: Rewards) -> _Own:
        """Puts each into the generation; when that is full, the strategy learns, and draws the next one."""

        def step(own: _Own, told: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[_Own, None]:
            own = own._replace(generation=_told(spec, own.generation, *told))
            is_full = own.generation.told.all()
            return jax.lax.cond(is_full, functools.partial(self._next, spec), lambda same: same, own), None

        losses = -jnp.asarray(rewards)[:, 0]
        told = (jnp.asarray(dnas.choices), jnp.asarray(dnas.floats), losses)
        return jax.lax.scan(step, own, told)[0]

    def _next(self, spec: Spec, own: _Own) -> _Own:
        """What the strategy knows after a generation, and the next one."""
        strategy = self._strategy(spec)
        params = self._params(strategy)
        learn_key, draw_key = jax.random.split(jax.random.fold_in(own.key, own.number))
        points, losses = own.generation.points, _finite(own.generation.losses)

        def tell() -> Any:
            return _strong(strategy.tell(learn_key, points, losses, own.strategy, params)[0])

        def begin() -> Any:
            return _strong(strategy.init(learn_key, points, losses, params))

        if _moves_a_population(strategy):
            learnt = jax.lax.cond(own.number == 0, begin, tell)
        else:
            learnt = tell()
        is_any = jnp.isfinite(own.generation.losses).any()
        state = jax.tree.map(lambda new, old: jnp.where(is_any, new, old), learnt, own.strategy)
        points, state = strategy.ask(draw_key, state, params)
        return _Own(_strong(state), _generation(spec, points), own.number + 1, own.key)

    def _drawn(self, spec: Spec, own: _Own, key: jax.Array, n: int) -> jax.Array:
        """Points of the same distribution as the generation, float32[n, d]."""
        strategy = self._strategy(spec)
        params = self._params(strategy)
        keys = jax.random.split(key, -(-n // self.population))
        points: jax.Array = jax.vmap(lambda each: strategy.ask(each, own.strategy, params)[0])(keys)
        return points.reshape(-1, len(spec))[:n]

    def _strategy(self, spec: Spec) -> Strategy:
        return _strategy(self.strategy, self.population, len(spec))

    def _params(self, strategy: Strategy) -> Any:
        params = strategy.default_params
        names = set(params.__dataclass_fields__)
        said = dict(self.params or {})
        for name in said:
            if name not in names:
                parts = [f"evosax's {self.strategy} has no parameter {name!r};", nearest(name, names)]
                raise ValueError(" ".join(filter(None, [*parts, known(sorted(names), "parameters")])))
        step = {"std_init": _STEP} if "std_init" in names else {}
        return params.replace(**{**step, **said})


# One object for each, for evosax compiles its methods anew for another.
@functools.lru_cache(maxsize=64)
def _strategy(name: str, population: int, dimensions: int) -> Strategy:
    try:
        algorithms = importlib.import_module("evosax.algorithms")
    except ImportError as error:
        raise ImportError("search.algorithms.Evosax needs evosax: pip install symjax-flax[search]") from error
    usable = {key: kind for key, kind in algorithms.algorithms.items() if _is_usable(kind)}
    if name not in usable:
        parts = [f"evosax has no strategy {name!r} for this;", nearest(name, usable)]
        raise ValueError(" ".join(filter(None, [*parts, known(usable, "strategies", limit=40)])))
    with jax.ensure_compile_time_eval():  # it computes something, which must not be part of a trace
        return usable[name](population_size=population, solution=jnp.zeros(dimensions))


def _is_usable(kind: type) -> bool:
    """Whether a strategy needs nothing but a population's size and a point."""
    parameters = inspect.signature(kind).parameters.values()
    needed = {each.name for each in parameters if each.default is each.empty}
    return needed == {"population_size", "solution"}


def _moves_a_population(strategy: Strategy) -> bool:
    """Whether a strategy begins with points of which it knows what they are worth, and not with a mean."""
    return "population" in inspect.signature(type(strategy).init).parameters


def _generation(spec: Spec, points: jax.Array) -> _Generation:
    points = points.astype(jnp.float32)
    no = jnp.zeros(len(points), bool)
    return _Generation(points, *to_genes(spec, points), jnp.full(len(points), jnp.inf), no, no)


def _told(
    spec: Spec, generation: _Generation, choices: jax.Array, floats: jax.Array, loss: jax.Array
) -> _Generation:
    """The generation after it is known what came of one point, int32[C] and float32[F]."""
    same = (generation.choices == choices).all(axis=1) & (generation.floats == floats).all(axis=1)
    waits = ~generation.told
    # One of the same genes; or else one that nobody asked for, or else any that waits.
    place = jnp.argmax(waits * (1 + ~generation.asked + 2 * same))
    is_member = same[place] & waits[place]
    (point,) = to_points(spec, choices[None], floats[None])
    points = generation.points.at[place].set(jnp.where(is_member, generation.points[place], point))
    return generation._replace(
        points=points,
        choices=generation.choices.at[place].set(choices),
        floats=generation.floats.at[place].set(floats),
        losses=generation.losses.at[place].set(loss),
        asked=generation.asked.at[place].set(True),
        told=generation.told.at[place].set(True),
    )


def _finite(losses: jax.Array) -> jax.Array:
    """Losses float32[p] in which those of what failed are above all others, and finite."""
    is_known = jnp.isfinite(losses)
    worst = jnp.max(losses, where=is_known, initial=-jnp.inf)
    best = jnp.min(losses, where=is_known, initial=jnp.inf)
    beyond = worst + jnp.maximum(worst - best, 1e-3 * jnp.maximum(jnp.abs(worst), 1e-3))
    return jnp.nan_to_num(jnp.where(is_known, losses, beyond))


def _strong(state: Any) -> Any:
    """A state of which all numbers are strongly typed, as a loop of JAX's needs them to stay."""
    return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, jnp.asarray(leaf).dtype), state)
