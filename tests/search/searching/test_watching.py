"""`Watch`: follows a search from batch to batch."""

import io

import jax
import numpy as np

from symjax import search
from symjax.search.evaluation.progress import Bar, line
from symjax.search.searching.watching import Watch

KEY = jax.random.key(0)
SPACE = search.space({"x": search.oneof([1.0, float("nan"), 3.0, 9.0])})


def results(*numbers, **options):
    dnas = search.DNA.from_numbers(SPACE.spec, [[number] for number in numbers])
    return search.evaluate(
        lambda exp, key: {"y": exp["x"], "half": exp["x"] / 2}, SPACE, dnas, KEY, **options
    )


def watched(*batches, **how):
    seen = []
    watch = Watch(8, seen.append, **how)
    for batch in batches:
        watch.saw(batch)
    return seen


def test_the_best_so_far_is_of_all_batches_in_the_direction_that_counts():
    up = watched(*(results(*numbers, objective="y", mode="max") for numbers in ([2], [0, 1], [3])))
    assert [each.best for each in up] == [3.0, 3.0, 9.0]
    down = watched(*(results(*numbers, objective="y", mode="min") for numbers in ([2], [0, 1], [3])))
    assert [each.best for each in down] == [3.0, 1.0, 1.0]
    assert [each.done for each in down] == [1, 3, 4]


def test_what_is_out_of_bounds_is_not_the_best():
    [progress] = watched(results(0, 3, objective="y", mode="max", constraints={"half": 2.0}))
    assert progress.best == 1.0


def test_several_metrics_have_no_best_one():
    assert [each.best for each in watched(results(0))] == [None]
    assert [each.best for each in watched(results(0, objective=["y", "half"], mode="max"))] == [None]


def test_the_time_left_is_that_of_fresh_trials():
    now = [0.0]
    seen = []
    watch = Watch(8, seen.append, clock=lambda: now[0])
    watch.saw(results(0, 1), resumed=True)
    now[0] = 4.0
    watch.saw(results(2, 3))
    assert [each.left for each in seen] == [None, 8.0]


def test_the_bar_names_the_best():
    [progress] = watched(results(2, objective="y", mode="max"))
    assert "best 3" in line(progress)
    out = io.StringIO()
    Bar(out=out)(progress)
    assert "best 3" in out.getvalue()
    assert np.isnan(results(1)["y"][0])
