"""The algebra of operations, against the same on lists."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax.search.algorithms import Evolution
from symjax.search.algorithms.evolution import (
    Choice,
    Conditional,
    Identity,
    Lambda,
    Operation,
    Population,
    UntilChange,
    mutators,
    selectors,
)

KEY = jax.random.key(0)
SEEDS = range(6)
compiled = jax.jit(lambda op, people: op(people, KEY))
TOP, LAST, FIRST = selectors.Top(4), selectors.Last(0.5), selectors.First(3)


def top(rows):
    return sorted(rows, key=lambda row: -row[1])[:4]


def last(rows):
    return rows[len(rows) - -(-len(rows) // 2) :]


def first(rows):
    return rows[:3]


def once(rows):
    return list(dict.fromkeys(rows))


def keep_even(population):
    return population.where(population.ages % 2 == 0)


def is_crowd(population, step):
    return population.count > 4


CASES = {
    "pipeline": (TOP >> FIRST >> LAST, lambda rows: last(first(top(rows)))),
    "concatenation": (TOP + LAST + FIRST, lambda rows: top(rows) + last(rows) + first(rows)),
    "union": (TOP | LAST, lambda rows: once(top(rows) + last(rows))),
    "union of repeated ones": (
        (TOP + TOP) | FIRST,
        lambda rows: once(top(rows) + first(rows)),
    ),
    "intersection": (
        TOP & LAST & FIRST,
        lambda rows: [r for r in top(rows) if r in last(rows) and r in first(rows)],
    ),
    "difference": (TOP - LAST, lambda rows: [r for r in top(rows) if r not in last(rows)]),
    "symmetric difference": (
        (TOP + FIRST) ^ LAST,
        lambda rows: (
            [r for r in top(rows) + first(rows) if r not in last(rows)]
            + [r for r in last(rows) if r not in top(rows) + first(rows)]
        ),
    ),
    "inversion": (~TOP, lambda rows: [r for r in rows if r not in top(rows)]),
    "negation": (-TOP, lambda rows: [r for r in rows if r not in top(rows)]),
    "repetition": (TOP * 3, lambda rows: top(rows) * 3),
    "power": (LAST**3, lambda rows: last(last(last(rows)))),
    "slice": (TOP[1:], lambda rows: top(rows)[1:]),
    "slice backwards": (LAST[::-1], lambda rows: last(rows)[::-1]),
    "index": (TOP[1], lambda rows: top(rows)[1:2]),
    "last index": (TOP[-1], lambda rows: top(rows)[-1:]),
    "function": (keep_even >> TOP, lambda rows: top([r for r in rows if r[0] % 2 == 0])),
    "function of the output": (TOP >> (lambda people: people[:2]), lambda rows: top(rows)[:2]),
    "condition": (TOP.if_true(is_crowd), lambda rows: top(rows) if len(rows) > 4 else rows),
    "negated condition": (TOP.if_false(is_crowd), lambda rows: rows if len(rows) > 4 else top(rows)),
    "static condition": (TOP.if_true(lambda people: people.capacity > 8), lambda rows: rows),
    "for each": (LAST.for_each(Identity() * 2), lambda rows: [r for r in last(rows) for _ in range(2)]),
    "never": (TOP.with_prob(0.0), lambda rows: rows),
    "always": (TOP.with_prob(lambda step: step / 7), lambda rows: top(rows)),
    "at most one": (Choice((FIRST, TOP), (1.0, 1.0), limit=1), first),
    "some": (
        (selectors.Random(3) | TOP)[:0] + (Lambda(keep_even) & LAST),
        lambda rows: [r for r in rows if r[0] % 2 == 0 and r in last(rows)],
    ),
}


@pytest.fixture(scope="module")
def outputs(population):
    """What all cases give of populations: one program, for each takes a second to compile."""
    run = jax.jit(lambda people: {case: op(people, KEY, 7) for case, (op, _) in CASES.items()})
    return [run(population(seed)) for seed in SEEDS]


@pytest.mark.parametrize("case", CASES)
def test_it_is_as_on_lists(case, outputs, population, ages, rewards):
    for seed in SEEDS:
        people = population(seed)
        rows = list(zip(ages(people), [reward for (reward,) in rewards(people)], strict=True))
        assert ages(outputs[seed][case]) == [age for age, _ in CASES[case][1](rows)]


@pytest.mark.parametrize("case", ["union", "condition"])
def test_it_is_the_same_without_jit(case, outputs, population, ages):
    assert ages(CASES[case][0](population(3), KEY, 7)) == ages(outputs[3][case])


def test_other_operands_are_functions_from_the_left_too(population, ages):
    people = population(3)
    for composed in (keep_even + TOP, keep_even | TOP, keep_even - TOP, keep_even & TOP, keep_even ^ TOP):
        assert isinstance(composed, Operation)
        assert ages(compiled(composed, people))


@pytest.mark.parametrize("other", [3, "x", None])
def test_what_is_no_function_is_refused(other):
    with pytest.raises(TypeError, match="functions of a population"):
        TOP >> other


def test_chains_are_one_pipeline():
    assert repr(TOP >> FIRST >> LAST) == "Pipeline(ops=(Top(n=4), First(n=3), Last(n=0.5)))"


def test_a_function_may_take_key_and_step(population):
    seen = []

    def note(people, step, key):
        seen.append((step, key))
        return people

    (TOP >> note)(population(0), KEY, 7)
    assert seen[0][0] == 7
    assert jax.dtypes.issubdtype(seen[0][1].dtype, jax.dtypes.prng_key)


def test_input_and_output_are_populations(population):
    with pytest.raises(TypeError, match="Top takes a Population"):
        TOP([1, 2], KEY)
    with pytest.raises(TypeError, match=r"Lambda.* must give a Population, and gave \[\]"):
        Lambda(lambda people: [])(population(0), KEY)


def test_repeated_operations_have_other_keys(population, ages):
    people = population(3)
    thrice = ages(compiled(selectors.Random(8) * 3, people))
    third = len(thrice) // 3
    assert len({tuple(thrice[i : i + third]) for i in (0, third, 2 * third)}) == 3


def test_a_probability_is_how_often(population):
    people = population(3)
    op = selectors.First(1).with_prob(0.25)
    counts = jax.jit(jax.vmap(lambda key: op(people, key).count))(jax.random.split(KEY, 1000))
    assert abs(int((counts == 1).sum()) - 250) < 70


def test_it_goes_on_until_something_changes(population, space):
    people = population(3, 4).where(jnp.arange(4) < 1)
    rarely = mutators.Uniform().with_prob(0.2)

    @jax.jit
    @jax.vmap
    def changed(key):
        outputs = rarely(people, key), rarely.until_change(64)(people, key)
        return jnp.stack([output.ages[0] == -1 for output in outputs])

    once, until = changed(jax.random.split(KEY, 100)).sum(axis=0).tolist()
    assert 5 < once < 40
    assert until == 100
    same = UntilChange(Identity(), 3)(people, KEY)
    assert same.ages.tolist() == people.ages.tolist()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: UntilChange(TOP, 0), "max_attempts is at least 1"),
        (lambda: Choice((TOP,), ()), "1 operations need as many probabilities, got 0"),
    ],
)
def test_settings_are_checked(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_an_expression_is_saved_and_changed():
    op = (selectors.Random(8) >> TOP.with_prob(0.5) >> mutators.Uniform()) | LAST[1:]
    assert sj.from_json(sj.to_json(op)) == op
    other = op.rebind({"ops[0].ops[1].probabilities[0]": 0.25})
    assert jax.tree.leaves(op) == [0.5]
    assert jax.tree.leaves(other) == [0.25]


def test_a_new_probability_is_no_new_program(population):
    people = population(3)

    @jax.jit
    def run(op, people):
        nonlocal traces
        traces += 1
        return op(people, KEY).count

    traces = 0
    counts = [int(run(selectors.First(1).with_prob(p), people)) for p in (0.0, 1.0)]
    assert counts == [int(people.count), 1]
    assert traces == 1


class Oldest(Operation):
    """An operation of somebody else."""

    number: int

    def call(self, population, key, step):
        """Those of the least ages."""
        ages = jnp.where(population.valid, population.ages, 2**31 - 1)
        return population.take(jnp.argsort(ages)[: self.number])


def test_an_operation_of_somebody_else(population, ages):
    people = population(3)
    assert ages(compiled(Oldest(3) >> FIRST[:2], people)) == sorted(ages(people))[:2]


def test_conditions_may_have_two_sides(population, ages):
    op = Conditional(is_crowd, TOP, LAST)
    for seed in SEEDS:
        people = population(seed)
        side = TOP if int(people.count) > 4 else LAST
        assert ages(compiled(op, people)) == ages(compiled(side, people))


def test_children_are_told_from_their_parents(population):
    people = population(3)
    both = jax.jit((Identity() | mutators.Uniform()).__call__)(people, KEY)
    assert int(both.count) == int(people.count) + len(
        {
            (tuple(choices), tuple(floats))
            for choices, floats, age, there in zip(
                both.dnas.choices.tolist(), both.dnas.floats.tolist(), both.ages, both.valid, strict=True
            )
            if there and age < 0
        }
    )
    assert isinstance(both, Population)
    assert np.isneginf(both.rewards[both.ages < 0]).all()


def test_a_class_is_no_operation():
    with pytest.raises(TypeError, match=r"Uniform is a class: write Uniform\(…\)"):
        TOP >> mutators.Uniform
    with pytest.raises(TypeError, match=r"write Top\(…\)"):
        Evolution(mutators.Uniform(), population_update=selectors.Top)
