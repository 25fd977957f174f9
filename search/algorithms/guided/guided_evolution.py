"""`GuidedEvolution`: of many children, the one that promises most is evaluated."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.stats import norm

from ...spaces.dna import DNA
from ...spaces.kinds.drawing import below_each
from ...spaces.points import Spec
from ...spaces.sampling import genes_of, random_words, words
from ...spaces.space import Space
from ..algorithm import Algorithm, Rewards
from ..evolution.population import Population
from ..evolution.selectors import Last, Top
from ..variation.digests import hashed
from ..variation.mutation import mutated, mutation_words
from .distances import Places, distances, places
from .gaussian_process import Model, fitted, predicted, refitted

_CONTESTANTS = 8  # in the tournaments for parents
# Proposals of a batch that count as evaluated, the last ones. Not more: from 256 rows on, twice the points,
# LAPACK factors matrices on all cores, and its threads wait for each other.
_SPARE = 24
# It begins anew when the later half of its trials, of so many at least, has brought less than this share of
# what was gained: on Hartmann's function of six floats, four searches of ten end in the second best optimum.
_PATIENCE = 200
_GAIN = 1e-3
_OTHERS = 4  # one in so many children descends from any point that is known
_STRAYS = 8  # one in so many candidates is drawn by the law of the space


class Guided(NamedTuple):
    """What a guided evolution keeps.

    Attributes:
        latest: Those that were told last, in the order of their ages.
        best: The best ones.
        spread: Some of all that were told, each as likely to be among them.
        told: How many were told since it began, or began anew, int32[].
        record: The best reward when it last grew by more than next to nothing, float32[].
        recorded: How many were told by then, int32[].
    """

    latest: Population
    best: Population
    spread: Population
    told: jax.Array
    record: jax.Array
    recorded: jax.Array

    @property
    def known(self) -> Population:
        """All of them, each once."""
        best = self.best.where(~_among(self.best, self.latest))
        spread = self.spread.where(~_among(self.spread, self.latest) & ~_among(self.spread, self.best))
        return Population.concat([self.latest, best, spread])


class GuidedEvolution(Algorithm):
    """Ageing evolution with many children of which a model picks one: for evaluations that take a while.

    First some points are drawn by the law of the space. Then, for each proposal, winners of tournaments among
    the latest points have children, some with one decision changed, some with several; a few strays are drawn
    by the law. A Gaussian process over the best and the latest points, of Matérn's covariance 5/2, with the
    likeliest of some length scales, says what each child promises. The one of the greatest expected
    improvement is proposed (Jones, Schonlau & Welch 1998, "Efficient Global Optimization of Expensive
    Black-Box Functions", equation 15). Within a batch a proposal counts as evaluated at what was expected of
    it (the kriging believer of Ginsbourger et al. 2010), so that the others look elsewhere. A point that the
    model knows is not proposed again.

    Where the later half of its points, of 200 at least, has brought next to nothing, it begins anew: it may
    sit in a local optimum.

    Proposing takes some milliseconds. Where an evaluation takes less than that, `RegularizedEvolution` gets
    further in the same time.

    Attributes:
        initial: How many points are drawn before there are children.
        parents: How many of the latest points can have children, at least 8.
        best: How many of the best points the model knows besides.
        spread: How many of all points it knows besides, each as likely.
        candidates: How many children there are for each proposal, at least 8.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0), 'y': search.floatv(-1.0, 1.0)})
        >>> algorithm = search.algorithms.GuidedEvolution(parents=16, best=16, candidates=32)
        >>> def height(exp, key):
        ...     return -(exp['x'] - 0.3) ** 2 - (exp['y'] + 0.6) ** 2
        >>> results = search.run(algorithm, height, space, 40, jax.random.key(0), batch=4, mode='max')
        >>> bool(results.best().metrics > -0.01)
        True
    """

    initial: int = 10
    parents: int = 40
    best: int = 28
    spread: int = 28
    candidates: int = 256

    def __check__(self) -> None:
        for name, least in (("initial", 1), ("parents", 8), ("best", 1), ("spread", 1), ("candidates", 8)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is at least {least}, got {getattr(self, name)}")

    def start(self, space: Space, key: jax.Array, objectives: int) -> Guided:
        """Nobody."""
        sizes = self.parents, self.best, self.spread
        latest, best, spread = (Population.empty(space.spec, size) for size in sizes)
        nothing = jnp.zeros((), jnp.int32)
        return Guided(latest, best, spread, nothing, jnp.array(-jnp.inf, jnp.float32), nothing)

    def propose(self, spec: Spec, own: Guided, key: jax.Array, n: int) -> tuple[DNA, Guided]:
        """The most promising of many children, n times."""
        known = own.known
        spare = min(n, _SPARE)
        failed = jnp.isneginf(own.latest.rewards[:, 0])
        is_ready = (own.told >= self.initial) & (own.latest.valid & ~failed).any()
        seen = _Seen.of(known, spare, is_ready)
        keys = jax.random.split(key, n)
        if n == 1:
            _, picked = seen.pick(self._candidates(spec, own, keys[0], is_ready))
            picked = jax.tree.map(lambda genes: genes[None], picked)
        else:

            def one(seen: _Seen, step: tuple[jax.Array, jax.Array]) -> tuple[_Seen, DNA]:
                index, key = step
                expected, picked = seen.pick(self._candidates(spec, own, key, is_ready))
                return seen.believing(picked, expected, known.capacity + index % spare), picked

            _, picked = jax.lax.scan(one, seen, (jnp.arange(n), keys))
        return picked, own

    def learn(self, spec: Spec, own: Guided, dnas: DNA, rewards: Rewards) -> Guided:
        """The latest and the best."""
        told = Population.told(dnas, rewards, own.told)
        key = jax.random.key(0)  # these selectors draw nothing
        now = own.told + len(dnas)
        latest = Last(self.parents)(Population.concat([own.latest, told]), key).resize(self.parents)
        best = Top(self.best)(Population.concat([own.best, told]), key).resize(self.best)
        spread = _luckiest(Population.concat([own.spread, told]), self.spread)
        top = jnp.max(best.rewards[:, 0], where=best.valid, initial=-jnp.inf)
        gains = top > own.record + _GAIN * jnp.maximum(own.record - _mean(spread), 0)
        record, recorded = jnp.where(gains, top, own.record), jnp.where(gains, now, own.recorded)
        goes_on = (now < _PATIENCE) | (2 * recorded > now)
        return Guided(
            latest.where(goes_on),
            best.where(goes_on),
            spread.where(goes_on),
            now * goes_on,
            jnp.where(goes_on, record, -jnp.inf),
            recorded * goes_on,
        )

    def _candidates(self, spec: Spec, own: Guided, key: jax.Array, is_ready: jax.Array) -> DNA:
        """Children, and a few points by the law of the space; before it is ready, only these."""
        n, strays = self.candidates, self.candidates // _STRAYS
        rows = random_words(key, (n, _CONTESTANTS + 1 + mutation_words(spec, 0.5) + words(spec)))
        fight, rate, change, law = jnp.split(
            rows, [_CONTESTANTS, _CONTESTANTS + 1, rows.shape[1] - words(spec)], axis=1
        )
        latest = own.latest
        contestants = below_each(fight, latest.count.astype(jnp.uint32))
        earned = jnp.where(latest.valid, latest.rewards[:, 0], -jnp.inf)[contestants]
        winners = latest.dnas[contestants[jnp.arange(n), jnp.argmax(earned, axis=1)]]
        # Some descend from others: of the best of all, and of what the latest have left behind.
        known = own.known
        anyone = known.dnas[
            jnp.argsort(~known.valid)[below_each(fight[:, 0], known.count.astype(jnp.uint32))]
        ]
        is_other = (jnp.arange(n) % _OTHERS == 0)[:, None]
        parents = jax.tree.map(lambda one, other: jnp.where(is_other, one, other), anyone, winners)
        # How many decisions change: mostly one; else a few, or half of them.
        several = jnp.array([0.0, 0.0, 1 / len(spec), 2 / len(spec), 0.5])
        children = mutated(parents, change, several[below_each(rate, jnp.uint32(5))])
        is_stray = ((jnp.arange(n) < strays) | ~is_ready)[:, None]
        drawn = DNA(spec, *genes_of(spec, law))
        candidates: DNA = jax.tree.map(lambda child, draw: jnp.where(is_stray, draw, child), children, drawn)
        return candidates


class _Seen(NamedTuple):
    """What the model knows, with places for what is proposed within a batch.

    Attributes:
        there: Where the points lie, m of them.
        targets: What they earned, or are expected to, float32[m].
        valid: Which places are taken, bool[m].
        model: The model of these.
        is_ready: Whether they are enough to be guided by.
    """

    there: Places
    targets: jax.Array
    valid: jax.Array
    model: Model
    is_ready: jax.Array

    @classmethod
    def of(cls, known: Population, spare: int, is_ready: jax.Array) -> _Seen:
        """What is known of a population, and places to spare."""
        spec = known.spec

        def padded(each: jax.Array) -> jax.Array:
            return jnp.pad(each, [(0, spare)] + [(0, 0)] * (each.ndim - 1))

        there, targets, valid = jax.tree.map(padded, (places(known.dnas), _standardized(known), known.valid))
        apart = distances(spec, there, there)
        model = fitted(apart, targets, valid, math.sqrt(max(1, len(spec))))
        return cls(there, targets, valid, model, is_ready)

    def promises(self, candidates: DNA) -> tuple[jax.Array, jax.Array]:
        """What is expected of candidates, and the logarithm of how they will improve; float32[n] each."""
        apart = distances(candidates.spec, places(candidates), self.there)
        mean, deviation = predicted(self.model, apart)
        is_known = ((apart < 1e-10) & self.valid).any(axis=1)
        best = jnp.max(self.targets, where=self.valid, initial=-jnp.inf)
        promise = jnp.where(self.is_ready, log_improvement(mean, deviation, best), 0.0)
        return mean, jnp.where(is_known, -jnp.inf, promise)

    def pick(self, candidates: DNA) -> tuple[jax.Array, DNA]:
        """The candidate that promises most, and what is expected of it."""
        mean, promise = self.promises(candidates)
        index = jnp.argmax(promise)
        return mean[index], candidates[index]

    def believing(self, dna: DNA, expected: jax.Array, slot: jax.Array) -> _Seen:
        """With a point more, which is taken to have earned what is expected of it."""
        there = jax.tree.map(lambda each, own: each.at[slot].set(own), self.there, places(dna))
        targets, valid = self.targets.at[slot].set(expected), self.valid.at[slot].set(True)
        apart = distances(dna.spec, there, there)
        model = refitted(self.model, apart, targets, valid)
        return _Seen(there, targets, valid, model, self.is_ready)


def log_improvement(mean: jax.Array, deviation: jax.Array, best: jax.Array) -> jax.Array:
    """The logarithm of the improvement that is expected over the best so far, float32[n].

    Where it is too small for float32, it is continued by how many deviations the mean lies below the best.
    """
    above = (mean - best) / deviation
    expected = above * norm.cdf(above) + norm.pdf(above)
    return jnp.log(deviation) + jnp.where(
        above > -5, jnp.log(jnp.maximum(expected, 1e-12)), -27.0 + 5.5 * (above + 5)
    )


def _among(some: Population, others: Population) -> jax.Array:
    """Which individuals are among others, too, bool[n]."""
    same = (some.ages[:, None] == others.ages[None]) & others.valid[None]
    return same.any(axis=1) & some.valid


def _mean(spread: Population) -> jax.Array:
    """What those that did not fail have earned in the mean, float32[]."""
    earned = spread.rewards[:, 0]
    return jnp.mean(earned, where=spread.valid & jnp.isfinite(earned))


def _luckiest(population: Population, size: int) -> Population:
    """A sample of all that were told so far, each as likely, out of the last one and what came since."""
    luck = hashed(population.ages.astype(jnp.uint32))
    order = jnp.argsort(jnp.where(population.valid, luck, jnp.uint32(0xFFFFFFFF)))
    return population.take(order[:size]).resize(size)


def _standardized(known: Population) -> jax.Array:
    """What points earned, of mean 0 and variance 1; failed ones count as twice as bad as the worst.

    What is far below the middle is cut off: how bad it is says nothing of where the best lies.
    """
    rewards = known.rewards[:, 0]
    counts = known.valid & jnp.isfinite(rewards)
    middle = jnp.nanmedian(jnp.where(counts, rewards, jnp.nan))
    best = jnp.max(rewards, where=counts, initial=-jnp.inf)
    least = jnp.maximum(
        jnp.min(rewards, where=counts, initial=jnp.inf), middle - 4 * jnp.maximum(best - middle, 1e-30)
    )
    cut = jnp.where(counts, jnp.maximum(rewards, least), least - (best - least))
    mean = jnp.mean(cut, where=known.valid)
    spread = jnp.sqrt(jnp.mean(jnp.square(cut - mean), where=known.valid))
    targets = (cut - mean) / jnp.maximum(spread, 1e-12)
    return jnp.where(known.valid & jnp.isfinite(targets), targets, 0.0)
