"""Rounds of a search."""

import jax
import numpy as np

from symjax import search
from symjax.search.engines import Local
from symjax.search.searching.rounds import Keys, Search

SPACE = search.space({"x": search.floatv(-1.0, 1.0)})


def height(exp, key):
    return {"y": exp["x"] + 0.1 * jax.random.normal(key)}


def test_rounds_from_a_state_are_those_of_the_whole():
    options = {"objective": "y", "mode": "max"}
    loop = Search(
        search.algorithms.Random(), height, SPACE, Keys.of(jax.random.key(0)), Local(), (), options, False
    )
    whole = list(loop.rounds(loop.init(), 0, 6, 2))
    rest = list(loop.rounds(whole[0].state, 2, 4, 2))
    assert [list(each.results.ids) for each in rest] == [[2, 3], [4, 5]]
    for mine, theirs in zip(rest, whole[1:], strict=True):
        assert mine.results.dnas == theirs.results.dnas
        np.testing.assert_array_equal(mine.results["y"], theirs.results["y"])


def test_a_compiled_round_is_several_batches():
    options = {"objective": "y", "mode": "max"}
    parts = (Keys.of(jax.random.key(0)), Local(), (), options)
    host, compiled = (
        Search(search.algorithms.Random(), height, SPACE, *parts, flag) for flag in (False, True)
    )
    rounds = list(compiled.rounds(compiled.init(), 0, 7, 2))
    assert np.concatenate([each.results.ids for each in rounds]).tolist() == list(range(7))
    assert {len(each.results) % 2 for each in rounds[:-1]} == {0}
    whole = list(host.rounds(host.init(), 0, 7, 2))
    again = list(host.rounds(rounds[0].state, 2, 5, 2))  # the host goes on from a state of the program
    theirs = search.DNA.concat([each.results.dnas for each in whole])
    np.testing.assert_allclose(
        search.DNA.concat([each.results.dnas for each in rounds]).floats, theirs.floats, rtol=1e-6
    )
    assert search.DNA.concat([each.results.dnas for each in again]) == theirs[2:]


def test_each_batch_is_asked_with_a_key_of_its_own():
    loop = Search(search.algorithms.HillClimbing(), height, SPACE, Keys.of(jax.random.key(3)), Local())
    state = loop.init()
    first, later, again = (loop.ask(state, number, 2)[0] for number in (0, 2, 2))
    assert not np.isin(first.floats, later.floats).any()
    assert later == again
