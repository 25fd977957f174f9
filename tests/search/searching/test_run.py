"""`run`: a search, from its first trial to its last."""

import jax

from symjax import search

SPACE = search.space({"x": search.floatv(-1.0, 1.0)})


def test_the_last_batch_may_be_smaller():
    results = search.run(
        search.algorithms.Random(), lambda exp, key: exp["x"], SPACE, 5, jax.random.key(0), batch=2
    )
    assert results.ids.tolist() == [0, 1, 2, 3, 4]
