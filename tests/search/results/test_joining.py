"""Results of several batches as one."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search import Results
from symjax.search.results.objective import Objective
from symjax.search.results.plan_summary import PlanSummary

SPACE = search.space({"x": search.floatv(0, 1), "n": search.oneof([1, 2])})
KEY = jax.random.key(0)
DRAWS = SPACE.sample(KEY, 6)
LOSS = np.array([0.5, 0.1, 0.2, 0.4, 0.3, float("nan")], np.float32)


def part(rows, key=KEY, space=SPACE, ids=None, metrics=True, **more):
    rows = np.array(rows)
    columns = {"loss": LOSS[rows], "n": rows} if metrics else None
    return Results(space, DRAWS[rows], rows if ids is None else ids, key, columns, **more)


def same(one, other):
    return (one.dnas, one.ids.tolist(), one.states.tolist()) == (
        other.dnas,
        other.ids.tolist(),
        other.states.tolist(),
    ) and all(
        np.asarray(a).tobytes() == np.asarray(b).tobytes()
        for a, b in zip(jax.tree.leaves(one.metrics), jax.tree.leaves(other.metrics), strict=True)
    )


def test_batches_stand_one_after_the_other():
    error = ValueError("no")
    plan = PlanSummary("one", (2,), (8, 8), ("x",))
    first = part([0, 1, 2], errors={1: error}, programs=np.array([0, -1, 1]), compiled=2, plan=plan)
    second = part([3, 4, 5], errors={2: error}, programs=np.array([0, 0, -1]), reused=1, seconds=np.ones(3))
    both = first + second
    assert same(both, part(range(6), errors={1: error, 5: error}))
    assert both.programs.tolist() == [0, -1, 1, 2, 2, -1]
    assert both.seconds.tolist() == pytest.approx([float("nan")] * 3 + [1] * 3, nan_ok=True)
    assert (both.compiled, both.reused, str(both.plan), both.plan.widths) == (2, 1, "one", (8, 8))
    assert repr(both.errors[5]) == "ValueError('no')"
    assert same(Results.concat([both[4:], both[:4]])[[2, 3, 4, 5, 0, 1]], both)


def test_a_part_may_have_no_metrics():
    nothing = part([0, 1], metrics=False, errors=dict.fromkeys(range(2), ValueError("no")))
    both = nothing + part([2, 3])
    assert both.states.tolist() == ["failed", "failed", "ok", "ok"]
    assert both["n"].tolist() == [None, None, 2, 3]


def test_the_pending_give_way():
    waiting = part(range(4), pending=np.array([False, True, False, True]))
    rest = part([1, 3])
    assert same(waiting + rest, part(range(4)))
    assert same(rest + waiting, part([1, 3, 0, 2]))
    assert same(waiting + part(range(4)), part(range(4)))


def test_what_is_there_twice_counts_once():
    assert same(part([0, 1, 5]) + part([5, 1, 2]), part([0, 1, 5, 2]))


def test_root_keys_may_differ():
    other = jax.random.key(7)
    both = part([0, 1]) + part([2, 3], key=other)
    for trial, key in zip(both, [KEY, KEY, other, other], strict=True):
        expected = jax.random.fold_in(key, trial.id)
        assert jax.random.key_data(trial.key).tolist() == jax.random.key_data(expected).tolist()


def test_one_objective_is_enough():
    goal = Objective.of("loss", "min")
    assert (part([0]) + part([1], objective=goal)).objective == goal
    with pytest.raises(
        ValueError, match=r"different objectives cannot be joined: min loss and max n; .*with_objective"
    ):
        part([0], objective=goal) + part([1], objective=Objective.of("n"))


OTHER = search.space({"x": search.floatv(0, 2), "n": search.oneof([1, 2])})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (list, "at least one"),
        (lambda: [part([0]), part([1], ids=[0])], "the trial id 0.*first_id"),
        (lambda: [part([0]), part([0], key=jax.random.key(1))], "the trial id 0"),
        (lambda: [part([0]), part([0], errors={0: ValueError("x")})], "trial 0 is there twice"),
        (lambda: [part([0]), part([1], repeats=1), PAIRS], "of 1 and of 2 repeats"),
        (lambda: [part([0]), Results(OTHER, OTHER.sample(KEY, 1), [1], KEY, None)], "different spaces"),
        (
            lambda: [part([0]), Results(SPACE, DRAWS[1:2], [1], KEY, {"los": LOSS[:1]})],
            r"\['loss', 'n'\] and \['los'\]",
        ),
        (lambda: [part([0]), part([1], key=jax.random.PRNGKey(0))], "root keys of different kinds"),
    ],
)
def test_what_does_not_belong_together(parts, message):
    with pytest.raises(ValueError, match=message):
        Results.concat(parts())


PAIRS = Results(SPACE, DRAWS[:1], [5], KEY, {"loss": np.ones((1, 2)), "n": np.ones((1, 2))}, repeats=2)


def test_only_results_can_be_joined():
    with pytest.raises(TypeError, match="concat takes Results, got 3"):
        Results.concat([part([0]), 3])
    with pytest.raises(TypeError, match="unsupported operand"):
        part([0]) + 3


def test_constraints_of_the_space_do_not_matter():
    constrained = SPACE.constrain(lambda tree: True)
    assert len(part([0]) + part([1], space=constrained)) == 2
