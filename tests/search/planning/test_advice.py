"""What is worth a warning, and what to do."""

import jax
import pytest

import symjax as sj
from symjax import search
from symjax.search.planning.advice import programs_advice

KEY = jax.random.key(0)
SPACE = search.space({"rate": search.floatv(0, 1), "n": search.intv(1, 99), "act": search.oneof(["a", "b"])})


@pytest.mark.parametrize(
    ("split", "demoted", "parts"),
    [
        ({0: 9}, (), ["rate takes 9 values, and is a float that is structure", "Make such a float a leaf"]),
        ({0: 9}, (0,), ["rate takes 9 values, and code needs them in Python", "jnp in the place of"]),
        ({1: 9}, (), ["n takes 9 values, and is a whole number", "by oneof or by a step"]),
        ({1: 5, 2: 2}, (), ["n takes 5 values", "; act takes 2 values. Open a whole"]),
        ({2: 2}, (), ["act takes 2 values. Open fewer candidates"]),
    ],
)
def test_names_what_splits_and_the_remedy(split, demoted, parts):
    [said] = programs_advice(10, 9, split, SPACE, demoted)
    assert said.startswith("10 configurations need 9 programs")
    assert all(part in said for part in parts), said


@pytest.mark.parametrize(("configurations", "programs"), [(7, 7), (100, 20), (0, 0)])
def test_is_silent_where_programs_are_few_or_shared(configurations, programs):
    assert programs_advice(configurations, programs, {0: 9}, SPACE, ()) == []


def test_a_demotion_names_the_line_and_the_class():
    class Net(sj.Object):
        rate: float
        on: bool = True

        def run(self, key):
            return self.rate * (1.0 if self.rate > 0.5 else 2.0)

    space = search.space([Net(search.floatv(0.0, 1.0)), 0.5])
    message = (
        r"^\[0\].rate cannot be a lane: code needs its value in Python, at .*test_advice.py:\d+: `self.rate > 0.5`. "
        r".* a constant of 3 programs, .* jnp.where .* sj.field\(static=True\) in Net. .* sj.sample.$"
    )
    with pytest.warns(search.PlanWarning, match=message):
        search.plan(lambda exp, key: exp[0].run(key), space, space.sample(KEY, 3), KEY)
