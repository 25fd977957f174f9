"""Going on with a search that was interrupted: it is told again what it found."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np

from symjax.core.errors import brief

from ..evaluation.requests import signature_text
from ..results.joining import same_space
from ..results.results import Results
from ..spaces.dna import DNA
from .rounds import Round, Search
from .watching import Watch

_CLOSE = 1e-5  # relative: a compiled search might round floats that it draws otherwise than the host


def replay(search: Search, results: object, batch: int, watch: Watch) -> Iterator[Round]:
    """The rounds that made results, without what ran; what is pending in them runs.

    Args:
        search: The same search.
        results: What it came to before.
        batch: How many the algorithm proposes at a time.
        watch: Follows it.

    Yields:
        Each batch with the state after it.

    Raises:
        TypeError: `results` are none.
        ValueError: They are of another search; the message says in what it differs.
    """
    before = _checked(search, results)
    state, first = search.init(), 0
    while first < len(before):
        part = before[first : first + batch]
        dnas, state = search.ask(state, first, len(part))
        if not _alike(dnas, part.dnas):
            raise _another(
                f"trial {part.ids[0]} was another one; give the same algorithm, key and batch, and all trials"
            )
        if part.pending.any():
            part = search.evaluate(part.dnas, first, resume=part, **watch.options())
            state = search.finish(state, part, watch)
        else:
            state = search.tell(state, part)
            watch.saw(part, resumed=True)
        first += len(part)
        yield Round(part, state)


def _checked(search: Search, results: object) -> Results:
    """The results, if they may be those of the search."""
    if not isinstance(results, Results):
        raise TypeError(
            "resume takes the results of an interrupted search, as they stand in `error.results` or as "
            f"search.load_results reads them; got {brief(results)}"
        )
    if not same_space(results.space, search.space):
        raise _another("the space differs; give the space with which it began, `results.space`")
    if not np.array_equal(results.ids, np.arange(len(results))):
        raise _another("the trials are not those from 0 on, in their order")
    if len(results) and (results.keys.data != np.asarray(jax.random.key_data(search.keys.trials))).any():
        raise _another("the key differs; give the same one")
    repeats = search.options.get("repeats", 1)
    if results.repeats != repeats:
        raise _another(f"the number of repeats differs; give repeats={results.repeats}")
    function = signature_text(search.fn)
    if results.plan.function not in ("", function):
        raise _another(f"they are of {results.plan.function}, this is {function}: give that one")
    said = [search.options.get(name) for name in ("objective", "mode", "constraints")]
    return results.with_objective(*said)


def _alike(mine: DNA, theirs: DNA) -> bool:
    return (
        mine.shape == theirs.shape
        and bool((mine.choices == theirs.choices).all())
        and np.allclose(mine.floats, theirs.floats, rtol=_CLOSE)
    )


def _another(what: str) -> ValueError:
    return ValueError(f"these results are of another search: {what}, or search anew without resume=")
