"""What was proposed before."""

import jax
import jax.numpy as jnp
import pytest

from symjax import search
from symjax.search.algorithms.evolution.memory import Memory
from symjax.search.algorithms.variation.digests import digest

SPACE = search.space([search.oneof(list(range(10)))])
add = jax.jit(Memory.add)


def dnas(*numbers):
    return search.DNA.from_numbers(SPACE.spec, [[number] for number in numbers])


def known(memory, *numbers):
    return memory.known(digest(dnas(*numbers))).tolist()


def test_it_knows_the_last_ones():
    memory = Memory.empty(4)
    assert known(memory, 0, 1) == [False, False]
    memory = add(memory, dnas(0, 1, 2))
    assert known(memory, 0, 1, 2, 3) == [True, True, True, False]
    memory = add(memory, dnas(3, 4))
    assert known(memory, 0, 1, 2, 3, 4) == [False, True, True, True, True]


def test_it_knows_the_batch():
    assert known(Memory.empty(4), 5, 6, 5, 5) == [False, False, True, True]


def test_what_it_knows_takes_no_place():
    memory = add(add(Memory.empty(3), dnas(0, 1, 2)), dnas(2, 2, 1))
    assert known(memory, 0, 1, 2) == [True] * 3
    assert memory.added == 3


def test_of_a_batch_larger_than_itself_it_keeps_the_end():
    memory = add(Memory.empty(2), dnas(0, 1, 2, 3))
    assert known(memory, 0, 1, 2, 3) == [False, False, True, True]


@pytest.mark.parametrize(
    ("attempts", "wanted", "expected"), [(8, True, [6, 4]), (1, True, [4, 4]), (8, False, [3, 4])]
)
def test_what_is_known_is_made_again(attempts, wanted, expected):
    memory = add(Memory.empty(4), dnas(3, 4, 5))
    more = lambda dnas, key: search.DNA(dnas.spec, dnas.choices + 1, dnas.floats)  # noqa: E731
    batch = search.DNA(SPACE.spec, jnp.array([[3], [4]], jnp.int32), jnp.zeros((2, 0), jnp.float32))
    tried = memory.unlike(batch, more, jax.random.key(0), attempts, jnp.array(wanted))
    assert tried.choices[:, 0].tolist() == [
        e + (i == 1 and wanted) * (3 if attempts > 1 else 1) for i, e in enumerate(expected)
    ]
