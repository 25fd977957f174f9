"""What splits a batch, in words."""

import numpy as np

from symjax import search
from symjax.search.planning.splits import described, splits

SPACE = search.space(
    {
        "act": search.oneof({"one": 1, "two": {"rate": search.floatv(0.0, 1.0)}}),
        "pair": search.manyof(2, ["a", "b", "c"]),
        "n": search.intv(0, 100, step=10),
    }
)


def dnas(*rows):
    return search.DNA.from_numbers(SPACE.spec, rows)


def test_counts_the_values_that_matter():
    batch = dnas((0, 0.5, 0, 1, 0), (0, 0.25, 0, 1, 20), (1, 0.125, 1, 0, 20))
    assert splits(SPACE, batch, range(len(SPACE.spec))) == {
        0: (2, ("one", "two")),
        2: (2, ("[a, b]", "[b, a]")),
        3: (2, ("0", "20")),
    }
    assert splits(SPACE, batch, []) == {}
    many = splits(SPACE, dnas(*((0, 0.5, 0, 1, 10 * n) for n in range(11))), [3])
    assert many == {3: (11, ("0", "10", "20", "30"))}


def test_describes_a_structure():
    batch = dnas((0, 0.5, 0, 1, 0), (1, 0.001, 2, 1, 20))
    assert described(SPACE, batch[0], range(4)) == "with act=one, pair=[a, b], n=0"
    assert described(SPACE, batch[1], {1, 3}) == f"with {SPACE.spec.names[1]}=1e-3, n=20"
    assert described(SPACE, batch[0], [1]) == ""
    assert np.array_equal(batch.choices[0, :1], [0])
