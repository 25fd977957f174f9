"""Which algorithm a search takes if nobody names one."""

import jax
import pytest

from symjax import search
from symjax.search.algorithms import default_algorithm

KEY = jax.random.key(0)
SPACES = [
    search.space({"x": search.floatv(-1.0, 1.0)}),
    search.space({"order": search.permutate([1.0, 2.0, 3.0]), "kind": search.oneof(["a", "b"])}),
]


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("objectives", [1, 2])
def test_the_default_knows_all_spaces_and_any_number_of_objectives(space, objectives):
    algorithm = default_algorithm(space, objectives)

    @jax.jit
    def turn(state):
        dnas, state = algorithm.ask(state, KEY, 3)
        return dnas, algorithm.tell(state, dnas, jax.numpy.ones((3, objectives)))

    dnas, _ = turn(algorithm.init(space, KEY, objectives))
    space.spec.check(dnas.choices, dnas.floats)
    assert len(dnas) == 3


def test_a_search_without_an_algorithm_takes_it():
    def fn(exp, key):
        return exp["x"] ** 2

    mine = search.run(None, fn, SPACES[0], 3, KEY)
    theirs = search.run(default_algorithm(SPACES[0]), fn, SPACES[0], 3, KEY)
    assert mine.dnas == theirs.dnas
