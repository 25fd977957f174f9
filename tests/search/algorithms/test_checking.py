"""Algorithms that are wrong, and what they are told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms import Algorithm, Exhausted

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(-1.0, 1.0), "n": search.oneof([1, 2, 3], name="n")})


class Mine(Algorithm):
    """Right; the others differ from it in one thing."""

    is_traceable = False
    batch = 4

    def start(self, space, key, objectives):
        return {"best": np.zeros(1)}

    def propose(self, spec, own, key, n):
        return SPACE.sample(key, n), own

    def learn(self, spec, own, dnas, rewards):
        return own


class Listed(Mine):
    def propose(self, spec, own, key, n):
        return [1, 2], own


class Forgetful(Mine):
    def propose(self, spec, own, key, n):
        return SPACE.sample(key, n)


class Single(Mine):
    def propose(self, spec, own, key, n):
        return SPACE.sample(key), own


class Foreign(Mine):
    def propose(self, spec, own, key, n):
        return search.space(search.oneof([1, 2])).sample(key, n), own


class Greedy(Mine):
    def propose(self, spec, own, key, n):
        return SPACE.sample(key, n + 1), own


class Idle(Mine):
    def propose(self, spec, own, key, n):
        return SPACE.sample(key, n)[:0], own


class Changing(Mine):
    def propose(self, spec, own, key, n):
        return SPACE.sample(key, n), own["best"]


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        (Listed, TypeError, r"Listed.propose must return \(dnas, own\).*DNA\(spec.*\[1, 2\] of type list"),
        (Forgetful, TypeError, r"Forgetful.propose must return a pair, \(dnas, own\).*DNA\[4\].*of type DNA"),
        (Single, ValueError, r"a batch of 4 points, choices int32\[4, 1\] and floats float32\[4, 1\]"),
        (Foreign, ValueError, "Foreign.propose must return points of the space"),
        (Greedy, ValueError, "asked for 4 points, and returned 5"),
        (Idle, ValueError, "asked for 4 points, and returned 0; .*raises search.algorithms.Exhausted"),
        (Changing, TypeError, r"Changing.propose must return what the algorithm keeps.*'best'"),
    ],
)
def test_what_is_proposed_is_checked(kind, error, said):
    with pytest.raises(error, match=said):
        kind().ask(kind().init(SPACE, KEY), KEY, 4)


def test_the_last_points_may_be_fewer():
    class Ending(Mine):
        def propose(self, spec, own, key, n):
            return SPACE.sample(key, 1), own

    assert len(Ending().ask(Ending().init(SPACE, KEY), KEY, 4)[0]) == 1


def test_a_traceable_algorithm_gives_as_many_as_it_is_asked_for():
    class Stingy(Mine):
        is_traceable = True

        def propose(self, spec, own, key, n):
            return SPACE.sample(key, 1), own

    with pytest.raises(ValueError, match=r"asked for 4 points, and returned 1$"):
        Stingy().ask(Stingy().init(SPACE, KEY), KEY, 4)


def test_a_forgotten_return_is_an_error():
    class Silent(Mine):
        def learn(self, spec, own, dnas, rewards):
            pass

    state = Silent().init(SPACE, KEY)
    with pytest.raises(TypeError, match=r"Silent.learn must return.*\['best'\]|Silent.learn.*returned None"):
        Silent().tell(state, SPACE.sample(KEY, 2), np.zeros(2))


def test_what_grows_is_not_traceable():
    class Growing(Mine):
        def learn(self, spec, own, dnas, rewards):
            return {"best": np.concatenate([own["best"], rewards[:, 0]])}

    class Traced(Growing):
        is_traceable = True

    dnas = SPACE.sample(KEY, 2)
    assert Growing().tell(Growing().init(SPACE, KEY), dnas, np.zeros(2)).own["best"].shape == (3,)
    with pytest.raises(
        TypeError, match=r"own\['best'\] had shape \[1\], and has \[3\]; .*is_traceable = False"
    ):
        Traced().tell(Traced().init(SPACE, KEY), dnas, np.zeros(2))


@pytest.mark.parametrize("compiled", [True, False])
def test_points_that_no_space_has_are_refused(compiled):
    class Far(Mine):
        is_traceable = True

        def propose(self, spec, own, key, n):
            return search.DNA(spec, jnp.zeros((n, 0), jnp.int32), jnp.full((n, 1), 7.0)), own

    space = search.space({"x": search.floatv(-1.0, 1.0)})
    with pytest.raises(ValueError, match=r"Far.propose returned what is no point of the space: .*x.*7"):
        search.run(Far(), lambda exp, key: exp["x"], space, 4, KEY, compiled=compiled)


@pytest.mark.parametrize(("name", "instead"), [("init", "start"), ("ask", "propose"), ("tell", "learn")])
def test_what_a_search_calls_is_not_defined_anew(name, instead):
    with pytest.raises(TypeError, match=f"Own defines {name}.*define {instead} in its place"):
        type("Own", (Algorithm,), {name: lambda self: None})


def test_a_missing_method_is_named():
    class Half(Algorithm):
        def start(self, space, key, objectives):
            return ()

    with pytest.raises(TypeError, match="defines start, propose, learn; Half does not define propose, learn"):
        Half().init(SPACE, KEY)


def test_a_search_without_a_trial_warns():
    class Ended(Mine):
        def propose(self, spec, own, key, n):
            raise Exhausted

    with pytest.warns(RuntimeWarning, match="Ended had nothing to propose"):
        assert len(search.run(Ended(), lambda exp, key: exp["x"], SPACE, 4, KEY)) == 0
