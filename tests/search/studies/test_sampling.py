"""A study as a loop of Python."""

import jax
import pytest

import symjax as sj
from symjax import search

from . import lives

KEY = jax.random.key(7)


def loop_over(study, n, stop_after=None):
    """Runs a loop, which ends by an exception after so many trials."""
    loop = sj.sample(lives.SPACE, study, n, key=KEY)
    for count, (exp, feedback) in enumerate(loop):
        if count == stop_after:
            raise KeyboardInterrupt
        feedback.add_measurement(exp["x"], step=1, metrics={"seconds": 0.5})
        feedback.add_measurement(exp["x"] ** 2, step=5)
        feedback.done({"host": "here", "shape": (1, 2)})
    return loop


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


def test_a_loop_is_the_one_in_memory_and_all_of_it_is_in_the_file(path):
    memory = loop_over(lives.Drift(), 6)
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        loop = loop_over(study, 6)
        assert loop.results.dnas == memory.results.dnas
        assert study.results["reward"].tolist() == memory.results["reward"].tolist()
        first = study.measurements(0)
        assert [each.step for each in first] == [1, 5]
        assert [dict(each.metrics) for each in first] == [
            dict(each.metrics) for each in memory.trials[0].measurements
        ]


def test_a_loop_that_was_stopped_goes_on(path):
    memory = loop_over(lives.Drift(), 6)
    study = search.Study(path, lives.SPACE, lives.Drift())
    with pytest.raises(KeyboardInterrupt):
        loop_over(study, 6, stop_after=3)
    assert study.counts == {"ok": 3, "nan": 0, "failed": 0, "reserved": 1}
    study.close()
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        loop_over(study, 6)
        assert study.results.dnas == memory.results.dnas
        assert study.counts["reserved"] == 0
        assert list(sj.sample(lives.SPACE, study, 6, key=KEY)) == []


def test_what_a_run_has_left_a_loop_takes_over(path):
    def stop(results):
        raise KeyboardInterrupt

    with pytest.raises(search.Interrupted):
        lives.live(path, 8, stop)
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        done = len(study)
        seen = []
        for _, feedback in sj.sample(lives.SPACE, study, 8, key=KEY):
            seen.append(feedback.id)
            feedback.skip("is not measured here")
        assert sorted({*seen, *study.results.ids.tolist()}) == list(range(8))
        assert len(seen) == 8 - done
        assert study.counts["failed"] == len(seen)


def test_another_space_objective_or_algorithm_is_refused(path):
    with search.Study(path, lives.SPACE, lives.Drift(), **lives.OPTIONS) as study:
        with pytest.raises(search.StudyError, match="another space"):
            sj.sample(lives.FLAT, study, 4, key=KEY)
        with pytest.raises(search.StudyError, match="begun with the objective max y"):
            sj.sample(lives.SPACE, study, 4, key=KEY, objective="z", mode="max")
    with pytest.raises(TypeError, match="sample takes an algorithm"):
        sj.sample(lives.SPACE, "random", 4, key=KEY)


def test_metadata_stands_in_the_file(path):
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        loop_over(study, 1)
        assert study.records()[0]["metadata"] == {"host": "here", "shape": [1, 2]}
