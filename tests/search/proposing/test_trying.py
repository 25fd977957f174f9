import itertools

import symjax as sj
from symjax import search
from symjax.search.proposing.calls import Calls
from symjax.search.proposing.suggestions import Suggestion
from symjax.search.proposing.trying import tried


class Sizes(sj.Object):
    a: int = 2
    b: int = 2
    c: int = 2
    d: int = 2
    e: int = 2


def suggestions(*candidates):
    return [Suggestion(sj.Path([name]), 2, "a size", search.oneof(list(candidates))) for name in "abcde"]


def left(fn, *candidates):
    found = tried(Calls.of(Sizes(), None, fn), suggestions(*candidates))
    return {str(s.path): s.choice and list(s.choice.candidates) for s in found}, found


def test_every_two_extremes_are_tried_together():
    seen = []
    left(lambda sizes: seen.append(tuple(getattr(sizes, name) for name in "abcde")) or 0.0, 1, 2, 4)
    for one, other in itertools.combinations(range(5), 2):
        assert {(row[one], row[other]) for row in seen} >= set(itertools.product((1, 4), repeat=2))
    assert len(seen) <= 1 + 8


def refusing(condition):
    def fn(sizes):
        if condition(sizes):
            raise ValueError("too much of it")
        return 0.0

    return fn


def test_what_all_accept_stays():
    found, _ = left(refusing(lambda sizes: False), 1, 2, 4)
    assert found == {name: [1, 2, 4] for name in "abcde"}


def test_a_candidate_that_fails_alone_goes_and_the_reason_stays():
    found, (first, *_) = left(refusing(lambda sizes: sizes.a == 4), 1, 2, 4)
    assert found == {**{name: [1, 2, 4] for name in "bcde"}, "a": [1, 2]}
    assert first.why == "a size; 4 fails: ValueError: too much of it"


def test_of_two_that_fail_together_the_later_one_goes():
    found, (_, _, _, fourth, _) = left(refusing(lambda sizes: (sizes.b, sizes.d) == (1, 4)), 1, 2, 4)
    assert found == {**{name: [1, 2, 4] for name in "abce"}, "d": [1, 2]}
    assert fourth.why == "a size; 4 fails: ValueError: too much of it (with b=1)"


def test_a_range_of_floats_that_fails_stays_closed():
    rate = Suggestion(sj.Path(["rate"]), 0.1, "a rate", search.floatv(0.0, 0.9))
    (closed,) = tried(Calls.of({"rate": 0.1}, None, refusing(lambda tree: tree["rate"] > 0.5)), [rate])
    assert closed.choice is None
    assert closed.why == "a rate; 0.9 fails: ValueError: too much of it"


def test_where_nothing_remains_the_value_stays():
    found, (first, *_) = left(refusing(lambda sizes: sizes.a != 2), 1, 2, 4)
    assert found["a"] is None
    assert "fails" in first.why


def test_the_ends_of_floats_meet_before_the_checks_of_the_tree():
    class Ordered(sj.Object):
        low: float = 1.0
        high: float = 2.0

        def __check__(self):
            if self.low >= self.high:
                raise ValueError("low lies below high")

    low = Suggestion(sj.Path(["low"]), 1.0, "a bound", search.floatv(0.5, 1.9))
    high = Suggestion(sj.Path(["high"]), 2.0, "a bound", search.floatv(1.1, 5.0))
    assert tried(Calls.of(Ordered(), None, None), [low]) == [low]
    same, closed = tried(Calls.of(Ordered(), None, None), [low, high])
    assert same is low
    assert closed.choice is None
    assert "low lies below high" in closed.why
    assert closed.why.endswith("(with low=1.9)")
