"""What a search says of trials that raised, and when it gives up."""

import jax
import pytest

from symjax import search

KEY = jax.random.key(0)
SPACE = search.space({"kind": search.oneof(["good", "bad"])})


class Script(search.algorithms.Algorithm):
    """Asks for what is written down."""

    numbers: tuple[int, ...]

    def start(self, space, key, objectives):
        return jax.numpy.zeros((), "int32")

    def propose(self, spec, own, key, n):
        rows = jax.numpy.array(self.numbers, "int32")
        batch = jax.lax.dynamic_slice(rows, (own,), (n,))[:, None]
        return search.DNA(spec, batch, jax.numpy.zeros((n, 0), "float32")), own + n

    def learn(self, spec, own, dnas, rewards):
        return own


def fn(exp, key):
    if exp["kind"] == "bad":
        raise ValueError("what a pity")
    return jax.random.uniform(key)


def test_a_batch_of_which_all_failed_ends_nothing():
    with pytest.warns(RuntimeWarning, match="3 of 6 trials raised; the first, trial 0: .*pity"):
        results = search.run(Script((1, 1, 0, 0, 1, 0)), fn, SPACE, 6, KEY, batch=2)
    assert results.states.tolist() == ["failed", "failed", "ok", "ok", "failed", "ok"]


def test_a_search_of_which_everything_fails_gives_up():
    calls = []
    with pytest.raises(ValueError, match="pity") as caught:
        search.run(
            Script((1,) * 99), fn, SPACE, 99, KEY, batch=8, on_result=lambda results: calls.append(results)
        )
    assert len(caught.value.results) == 24 == sum(map(len, calls))
    assert any("all 24 trials so far raised" in text for text in caught.value.__notes__)
    assert any("in fn" in text for text in caught.value.__notes__)  # where it was raised


def test_a_search_in_small_batches_tries_as_many_before_it_gives_up():
    with pytest.raises(ValueError, match="pity") as caught:
        search.run(Script((1,) * 99), fn, SPACE, 99, KEY, batch=2)
    assert len(caught.value.results) == 16


def test_what_jit_cannot_hold_is_sent_to_a_loop_of_python():
    def python(exp, key):
        return 1.0 if jax.random.uniform(key) > 0.5 else 0.0

    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        search.run(Script((0, 0)), python, SPACE, 2, KEY, batch=2)
    assert any("sj.sample(space, algorithm, n, key=key)" in text for text in caught.value.__notes__)


def test_a_short_search_of_which_everything_fails_gives_up_at_its_end():
    with pytest.raises(ValueError, match="pity") as caught:
        search.run(Script((1, 1, 1)), fn, SPACE, 3, KEY, batch=2)
    assert len(caught.value.results) == 3
