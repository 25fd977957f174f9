"""One process decides, and the others take part; here it is alone, `test_distributed` has two."""

import jax
import pytest

from symjax import search
from symjax.search.engines import Local
from symjax.search.engines.group import Group
from symjax.search.engines.leading import follow, lead

SPACE = search.space({"x": search.floatv(0.0, 1.0)})
DNAS = SPACE.sample(jax.random.key(0), 3)
KEY = jax.random.key(1)


def run(exp, key):
    return exp["x"] + jax.random.uniform(key)


class Recorded:
    """What a leader says, one message after the other, for one that follows."""

    is_lost = False

    def __init__(self):
        self.said = []

    def gather(self, value):
        if value is not None:
            self.said.append(value)
        return [value if value is not None else self.said.pop(0)]

    part = gather


def test_who_follows_evaluates_the_same_and_hears_the_end():
    group, seen = Recorded(), []

    class Watched(type(Local())):
        def evaluate(self, *arguments, **options):
            seen.append(super().evaluate(*arguments, **options))
            return seen[-1]

    def twice(engine):
        parts = [engine.evaluate(run, SPACE, DNAS, KEY, first_id=n, on_result=print) for n in (0, 3)]
        return search.Results.concat(parts)

    results = lead(twice, Local(), group)
    heard = follow(Watched(), group, run, SPACE, ())
    assert heard is results
    assert [part.ids.tolist() for part in seen] == [[0, 1, 2], [3, 4, 5]]
    assert [part.metrics.tolist() for part in seen] == [
        results[:3].metrics.tolist(),
        results[3:].metrics.tolist(),
    ]


def test_what_the_leader_raises_is_raised_by_all():
    group = Recorded()
    with pytest.raises(OSError, match="disk full"):
        lead(lambda engine: (_ for _ in ()).throw(OSError("disk full")), Local(), group)
    with pytest.raises(OSError, match="disk full"):
        follow(Local(), group, run, SPACE, ())


def test_a_group_of_one_leads_itself():
    results = lead(lambda engine: engine.evaluate(run, SPACE, DNAS, KEY), Local(), Group(60))
    assert results.metrics.tolist() == Local().evaluate(run, SPACE, DNAS, KEY).metrics.tolist()
