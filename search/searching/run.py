"""`run`: a search, from its first trial to its last."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import jax

from symjax.core.errors import brief

from ..algorithms.algorithm import Algorithm
from ..algorithms.default import default_algorithm
from ..engines.engine import Engine, check_engine
from ..engines.local import Local
from ..evaluation.interrupts import Interrupted, attach, finished
from ..evaluation.jobs import OnResult
from ..evaluation.progress import Report
from ..evaluation.requests import check_repeats
from ..planning.inputs import check_function, check_space, key_aval
from ..results.objective import Bound, Modes
from ..results.results import Results
from ..spaces.space import Space
from .giving_up import speak_of_failures
from .replay import replay
from .rounds import Keys, Search, check_number, count, none_of
from .watching import Watch


def run(
    algorithm: Algorithm | None,
    fn: Callable[..., Any],
    space: Space,
    trials: int,
    key: jax.Array,
    *broadcast: Any,
    batch: int | None = None,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    repeats: int = 1,
    constraints: Mapping[str, Bound] | None = None,
    engine: Engine | None = None,
    compiled: bool | None = None,
    resume: Results | None = None,
    progress: bool | Report = False,
    on_result: OnResult | None = None,
) -> Results:
    """Searches: the algorithm proposes, what it proposes is evaluated, and it learns from that.

    What comes out is a function of the arguments: trial i has the key ``fold_in(root, i)`` with a root out
    of `key`, wherever it runs. A trial that fails, or gives NaN, is the worst there is, and ends nothing.

    Where a trial is cheap and all decisions land on leaves that the function can trace, the rounds of asking,
    evaluating and telling are compiled into one program, and run on one device; else the host alternates
    them, and trials run on all devices. Which it is hangs on the function, the space, the algorithm and
    `batch`, on no clock. It does not change what comes out: where all decisions are choices not in a bit;
    floats that are drawn might differ in the last one, though none was seen to.

    Ctrl-C loses nothing that is finished: it raises `Interrupted` with the results so far. An exception out
    of `on_result` or `progress` has them too, as its attribute `results`.

    Args:
        algorithm: What proposes; None for the default, see `search.algorithms.default_algorithm`.
        fn: ``fn(experiment, key, *broadcast)``; see `evaluate`.
        space: The space. What a constrained one does not allow is never run: the algorithm is asked again.
        trials: How many configurations, at least one; fewer where the algorithm has no more.
        key: The key of all that is drawn.
        *broadcast: Arguments that all configurations share.
        batch: How many configurations the algorithm proposes at a time; by default what suits it.
        objective: The name of the metric that counts, or several.
        mode: ``'max'`` if more is better, ``'min'`` if less is.
        repeats: How many seeds each configuration runs with.
        constraints: Bounds of metrics.
        engine: Where to run; by default on all devices of this process.
        compiled: True to compile the rounds whatever a trial costs, False to have the host alternate them.
        resume: Results of the same search that was interrupted, or is to have more trials: the algorithm is
            told them again, and to the last bit the search goes on as if it had not stopped.
        progress: True for a bar over the whole search, with the best so far; or a function of a `Progress`,
            or of ``(done, total)``.
        on_result: Called with the results of each chunk of trials as it is finished.

    Returns:
        The results, in the order of the trials.

    Raises:
        Interrupted: Ctrl-C; the results so far are on it.
        TypeError: `algorithm` is none, or as `evaluate`.
        ValueError: `trials` or `batch` is less than one; the search cannot be compiled but must be, and the
            message says why; the results to resume are of another search; it is not said which of several
            metrics counts; the algorithm does not know such a space, or so many objectives; or as `evaluate`.
        Exception: Everything raised from the start: what the first trial did.

    Warns:
        RuntimeWarning: Some trials raised; `Results.errors` holds what. Or the algorithm proposed nothing.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0)})
        >>> results = search.run(
        ...     search.algorithms.Random(), lambda exp, key: -exp['x'] ** 2, space, 64, jax.random.key(0))
        >>> abs(results.best().experiment['x']) < 0.1
        True
    """
    if algorithm is not None and not isinstance(algorithm, Algorithm):
        raise TypeError(
            f"run takes an algorithm first, such as search.algorithms.Random(), or None for the default; got "
            f"{brief(algorithm)}"
        )
    check_space(space)
    check_function(fn, len(broadcast))
    check_number("trials", trials)
    if batch is not None:
        check_number("batch", batch)
    check_engine(engine)
    key_aval(key)
    if algorithm is None:
        algorithm = default_algorithm(space, count(objective))
    options = {
        "objective": objective,
        "mode": mode,
        "repeats": check_repeats(repeats),
        "constraints": constraints,
    }
    search = Search(algorithm, fn, space, Keys.of(key), engine or Local(), broadcast, options, compiled)
    watch = Watch(trials, progress, on_result, repeats)
    with closing(watch):
        results = _collect(search, trials, batch or algorithm.batch or trials, watch, resume)
    speak_of_failures(results)
    if not len(results):
        nothing = f"{type(algorithm).__name__} had nothing to propose: the search has no trials"
        warnings.warn(nothing, RuntimeWarning, stacklevel=2)
    return results


def _collect(search: Search, trials: int, batch: int, watch: Watch, resume: Results | None) -> Results:
    """The results of all rounds; of an exception, what is finished is put on it."""
    parts: list[Results] = []
    try:
        state, first = search.init(), 0
        if resume is not None:
            for each in replay(search, resume, batch, watch):
                parts.append(each.results)
                state, first = each.state, first + len(each.results)
        for each in search.rounds(state, first, trials - first, batch, watch):
            parts.append(each.results)  # noqa: PERF401 - what comes before an exception counts
    except KeyboardInterrupt as interrupt:
        advice = f"{trials} were asked for. To go on: search.run(…, resume=results), with the same arguments"
        raise Interrupted(_together(search, parts, interrupt, resume), advice=advice) from (
            interrupt.__cause__ or interrupt
        )
    except Exception as error:
        results = _together(search, parts, error, resume)
        if len(results):
            text = f"{finished(results)} so far, and stand in the attribute `results` of this exception"
            attach(error, results, text)
        raise
    return _together(search, parts)


def _together(
    search: Search,
    parts: Sequence[Results],
    error: BaseException | None = None,
    resume: Results | None = None,
) -> Results:
    """The results of some batches, of the one that an exception ended, and of those that came before."""
    last = getattr(error, "results", None)
    parts = [*parts, last] if isinstance(last, Results) else list(parts)
    told = sum(map(len, parts))
    if isinstance(resume, Results) and len(resume) > told:  # it was not told all of them again
        parts.append(resume[told:])
    return Results.concat(parts) if parts else none_of(search)
