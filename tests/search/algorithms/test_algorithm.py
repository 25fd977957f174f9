"""The protocol: what is checked for every algorithm."""

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms import Algorithm, Random

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(-1.0, 1.0), "n": search.oneof([1, 2])})


class Memory(Algorithm):
    """Keeps what it was told."""

    is_traceable = False

    def start(self, space, key, objectives):
        return np.zeros((0, objectives), np.float32)

    def propose(self, spec, own, key, n):
        return SPACE.sample(key, n), own

    def learn(self, spec, own, dnas, rewards):
        return np.concatenate([own, rewards])


class Fronts(Memory):
    has_fronts = True


def test_nan_is_told_as_the_least():
    state = Memory().init(SPACE, KEY)
    state = Memory().tell(state, SPACE.sample(KEY, 3), np.array([1.0, np.nan, -2.0]))
    assert state.own.tolist() == [[1.0], [-np.inf], [-2.0]]


def test_nan_in_one_objective_is_the_least_in_all():
    state = Fronts().init(SPACE, KEY, 2)
    state = Fronts().tell(state, SPACE.sample(KEY, 2), np.array([[1.0, np.nan], [3, 4]]))
    assert state.own.tolist() == [[-np.inf, -np.inf], [3, 4]]


@pytest.mark.parametrize(
    ("objectives", "shape"), [(1, (2,)), (1, (3, 2)), (2, (3,)), (2, (3, 1)), (2, (2, 2))]
)
def test_rewards_of_another_shape_are_refused(objectives, shape):
    algorithm = Fronts()
    with pytest.raises(ValueError, match=r"3 points were told, so rewards must have shape \[3"):
        algorithm.tell(algorithm.init(SPACE, KEY, objectives), SPACE.sample(KEY, 3), np.zeros(shape))


def test_rewards_that_are_no_numbers_are_refused():
    with pytest.raises(TypeError, match="real numbers"):
        Memory().tell(Memory().init(SPACE, KEY), SPACE.sample(KEY, 1), np.array(["good"]))


def test_dnas_of_another_space_are_refused():
    other = search.space({"x": search.floatv(0.0, 1.0)})
    with pytest.raises(ValueError, match="another space"):
        Memory().tell(Memory().init(SPACE, KEY), other.sample(KEY, 1), np.zeros(1))


def test_several_objectives_need_fronts():
    with pytest.raises(ValueError, match="Memory maximizes one number, and there are 2 objectives"):
        Memory().init(SPACE, KEY, 2)


def test_init_takes_a_space():
    with pytest.raises(TypeError, match="expected a space"):
        Random().init({"x": 1}, KEY)


def test_ask_for_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one point, got n=0"):
        Random().ask(Random().init(SPACE, KEY), KEY, 0)


def test_an_algorithm_is_symbolic():
    assert sj.from_json(sj.to_json(Random())) == Random()
