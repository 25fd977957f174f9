"""A search in a file, as users see it."""

import json
import sqlite3

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.searching.rounds import Keys, Search

from . import lives

KEY = jax.random.key(7)


class Net(sj.Object):
    """An experiment of somebody's own."""

    width: int
    rate: float


def train(net, key):
    """Raises for one width, and has metrics of all kinds."""
    if net.width == 3:
        raise ValueError("three is too wide")
    noise = jax.random.normal(key)
    return {
        "loss": net.rate + noise,
        "steps": jnp.int32(net.width),
        "curve": noise * jnp.arange(net.width, dtype=jnp.bfloat16),
        "inf": jnp.float32(jnp.inf) * noise,
    }


SPACE = search.space(Net(search.oneof([1, 2, 3]), search.floatv(0.0, 1.0)))
GOAL = {"objective": "loss", "mode": "min"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The file of a study of which some trials failed."""
    path = tmp_path_factory.mktemp("trained") / "nets.db"
    with (
        search.Study(path, SPACE, search.algorithms.Random(), **GOAL) as study,
        pytest.warns(RuntimeWarning, match="raised; the first, trial .*three is too wide"),
    ):
        study.run(train, 24, KEY, batch=8)
    return path


def test_results_are_those_of_the_search(trained):
    with pytest.warns(RuntimeWarning, match="three is too wide"):
        results = search.run(search.algorithms.Random(), train, SPACE, 24, KEY, batch=8, **GOAL)
    with search.Study(trained) as study:
        own = study.results
        assert own.dnas == results.dnas
        assert own.states.tolist() == results.states.tolist()
        assert own.objective == results.objective
        assert own.best().id == results.best().id
        assert jax.random.key_data(own[3].key).tolist() == jax.random.key_data(results[3].key).tolist()
        assert {row: str(error) for row, error in own.errors.items()} == {
            row: str(error) for row, error in results.errors.items()
        }
        for name in results.names:
            one, other = own[name], results[name]
            assert one.dtype == other.dtype
            for a, b in zip(one, other, strict=True):
                assert (a is None and b is None) or np.asarray(a).tobytes() == np.asarray(b).tobytes()


def test_a_file_alone_says_what_it_searched(trained):
    with search.Study(trained) as study:
        assert study.name == "nets"
        assert study.space == SPACE
        assert study.algorithm == search.algorithms.Random()
        assert str(study.objective) == "min loss"
        assert len(study) == sum(study.counts.values()) == 24
        assert study.counts["failed"] == len(study.results.errors) > 0
        assert f"{study.counts['ok']} ok, {study.counts['failed']} failed" in repr(study)
        assert "loss" in str(study)
        began, ended = study.times
        assert (began <= ended).all()
        assert len(began) == 24


def test_a_trial_by_its_id(trained):
    with search.Study(trained) as study:
        failed = next(iter(study.results.failed))
        trial = study.trial(failed.id)
        assert (trial.id, trial.state, trial.values) == (failed.id, "failed", failed.values)
        assert str(trial.error) == "three is too wide"
        assert "raise ValueError" in trial.traceback
        with pytest.raises(KeyError, match="no trial with the id 99 is finished"):
            study.trial(99)


def test_a_file_can_be_read_by_anything_that_reads_sqlite(trained):
    database = sqlite3.connect(trained)
    query = "SELECT json_extract(decisions, '$.width'), json_extract(metrics, '$.steps') FROM trials"
    rows = database.execute(f"{query} WHERE state = 'ok'").fetchall()
    assert all(width == steps for width, steps in rows)
    assert len(rows) > 0
    (error,) = database.execute("SELECT type, message, traceback FROM errors").fetchall()
    assert error[:2] == ("ValueError", "three is too wide")
    ((space, outline, versions),) = database.execute("SELECT space, outline, versions FROM study")
    assert json.loads(space)["tree"]["tree"]["$type"].endswith("Net")
    assert "'width': oneof" in outline
    assert json.loads(versions)["jax"] == jax.__version__
    database.close()


def test_where_a_class_is_gone_trials_can_be_read_still(trained, path):
    path.write_bytes(trained.read_bytes())
    database = sqlite3.connect(path)
    database.execute("UPDATE study SET space = replace(space, 'Net', 'Forgotten')")
    database.commit()
    database.close()
    with search.Study(path) as study:
        assert len(study) == 24
        records = study.records()
        with pytest.raises(search.StudyError, match=r"Forgotten.*Or give the space: .*study\.records\(\)"):
            study.results
        assert "Forgotten" in str(study)
    with search.Study(trained) as study:
        theirs = study.results.records()
        for mine, other in zip(records, theirs, strict=True):
            assert (mine["id"], mine["state"], mine["width"]) == (other["id"], other["state"], other["width"])
            assert mine.get("loss") == other["loss"]


def test_the_same_lines_leave_a_finished_study_as_it_is(path):
    one = lives.live(path, 8)
    with search.Study(path) as study:
        moment = study.times[1].tolist()
        results = study.run(lives.height, 8, KEY)
        assert study.times[1].tolist() == moment
        assert results.dnas == one.dnas
        assert len(study.run(lives.height, 12, KEY)) == 12


def test_repeats_constraints_and_costs_come_back(path):
    said = {
        "objective": "y",
        "mode": "max",
        "constraints": {"cost.flops": 1e9, "y": (-1.0, None)},
        "repeats": 2,
    }
    with search.Study(path, lives.SPACE, lives.Drift(), **said) as study:
        results = study.run(lives.height, 8, KEY)
    whole = search.run(lives.Drift(), lives.height, lives.SPACE, 8, KEY, **said)
    np.testing.assert_array_equal(results["y"], whole["y"])
    np.testing.assert_array_equal(results.samples["path"], whole.samples["path"])
    np.testing.assert_array_equal(results["cost.flops"], whole["cost.flops"])
    assert results.feasible.tolist() == whole.feasible.tolist()
    with search.Study(path, **said) as study:
        assert study.best().id == whole.best().id


def test_several_objectives_have_a_front(path):
    with search.Study(
        path, lives.SPACE, search.algorithms.Random(), objective=["y", "z"], mode="max"
    ) as study:
        study.run(lambda exp, key: {"y": exp["x"], "z": -exp["x"]}, 4, KEY)
        assert len(study.pareto()) == 4


# What does not fit.


def test_another_space_is_refused(path):
    search.Study(path, lives.SPACE, lives.Drift()).close()
    with pytest.raises(
        search.StudyError, match=r"a study of another space: x is .* there, and width .* here\. Give the same"
    ):
        search.Study(path, SPACE)
    wider = search.space({**lives.SPACE.tree, "x": search.floatv(-1.0, 2.0)})
    with pytest.raises(search.StudyError, match=r"another space: x is floatv.*2\.0"):
        search.Study(path, wider)
    other = search.space({**lives.SPACE.tree, "constant": 3})
    with pytest.raises(search.StudyError, match=r"another space: .*constant"):
        search.Study(path, other)
    search.Study(path, search.space(dict(lives.SPACE.tree))).close()


def test_another_algorithm_is_refused_unless_one_switches(path):
    lives.live(path, 8)
    with pytest.raises(
        search.StudyError, match=r"another algorithm: Drift\(\) there, Random\(\) here.*switch"
    ):
        search.Study(path, lives.SPACE, search.algorithms.Random())
    with search.Study(path) as study:
        study.switch(search.algorithms.Random())
        results = study.run(lives.height, 16, KEY)
    with search.Study(path, lives.SPACE, search.algorithms.Random()) as study:
        assert study.results.dnas == results.dnas
        assert len(study) == 16


def test_a_new_algorithm_is_told_all_that_is_known(path):
    results = lives.live(path, 8)
    with search.Study(path) as study:
        study.switch(lives.Drift())
        study.run(lives.height, 12, KEY)
        own = study.results[8:]
    loop = Search(
        lives.Drift(), lives.height, lives.SPACE, Keys.of(KEY), search.engines.Local(), (), lives.OPTIONS
    )
    dnas, _ = loop.ask(loop.tell(loop.init(), results), 8, 4)
    assert own.dnas == dnas


def test_another_objective_or_number_of_repeats_is_refused(path):
    with search.Study(path, lives.SPACE, lives.Drift(), **lives.OPTIONS, repeats=2) as study:
        study.run(lives.height, 1, KEY)
    search.Study(path, objective="y", mode="max", repeats=2).close()
    with pytest.raises(search.StudyError, match="begun with the objective max y, and not min y"):
        search.Study(path, objective="y", mode="min")
    with pytest.raises(search.StudyError, match="begun with 2 repeats, and not 3"):
        search.Study(path, repeats=3)


def test_an_objective_that_was_misspelt_is_corrected_before_a_trial_is_finished(path):
    with search.Study(path, lives.SPACE, lives.Drift(), objective="hight", mode="min") as study:
        with pytest.raises(KeyError, match="hight"):
            study.run(lives.height, 4, KEY)
        with pytest.raises(search.StudyError, match="begun with the objective min hight"):
            search.Study(path, objective=["y", "z"], mode="max")
    with search.Study(path, lives.SPACE, lives.Drift(), **lives.OPTIONS) as study:
        assert len(study.run(lives.height, 4, KEY)) == 4
    with search.Study(path) as study:
        assert str(study.objective) == "max y"


def test_another_key_is_refused(path):
    lives.live(path, 4)
    with search.Study(path) as study, pytest.raises(search.StudyError, match="begun with another key"):
        study.run(lives.height, 8, jax.random.key(8))


def test_other_metrics_are_refused_before_they_are_mixed(path):
    lives.live(path, 4)
    with search.Study(path) as study:
        with pytest.raises(search.StudyError, match=r"returned the metrics \['y'\], and \['path'\], \['y'\]"):
            study.run(lambda exp, key: {"y": exp["x"]}, 8, KEY)
        assert len(study.results) == 4
        assert len(study.run(lives.height, 8, KEY)) == 8


def test_a_constrained_space_has_to_be_given(path):
    constrained = lives.SPACE.constrain(is_right)
    with search.Study(path, constrained, search.algorithms.Random(), objective="y", mode="max") as study:
        results = study.run(lives.height, 8, KEY)
        assert (results.dnas.floats[:, 0] > 0).all()
    with search.Study(path) as study:
        assert len(study.results) == 8
        with pytest.raises(search.StudyError, match="constrained by is_right, which is code"):
            study.run(lives.height, 16, KEY)
    with pytest.raises(search.StudyError, match="constrained by is_right, and this one is by nothing"):
        search.Study(path, lives.SPACE)


def is_right(tree):
    return tree["x"] > 0


def test_a_lambda_cannot_be_searched_in_a_file(path):
    with pytest.raises(TypeError, match="lambda") as caught:
        search.Study(path, search.space({"f": search.oneof([lambda x: x, jnp.sin])}), lives.Drift())
    assert "top of a module" in caught.value.__notes__[0]
    assert not path.exists()


def test_places_where_no_study_is(path, tmp_path):
    with pytest.raises(search.StudyError, match="is a folder; a study is a file"):
        search.Study(tmp_path)
    with pytest.raises(
        search.StudyError, match=r"there is no study at .* without a space none can be created"
    ):
        search.Study(path)
    with pytest.raises(TypeError, match=r"takes an algorithm, such as search\.algorithms\.Random"):
        search.Study(path, lives.SPACE, search.algorithms.Random)
    assert not path.exists()


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"trials": 4, "batch": 0}])
def test_numbers_are_checked(path, wrong):
    with (
        search.Study(path, lives.SPACE, lives.Drift(), **lives.OPTIONS) as study,
        pytest.raises(ValueError, match="0"),
    ):
        study.run(lives.height, key=KEY, **wrong)


def test_a_backup_takes_the_place_of_a_study_only(path, tmp_path):
    lives.live(path, 4)
    (tmp_path / "notes.txt").write_text("mine")
    with search.Study(path) as study:
        study.backup(tmp_path / "copy.db")
        study.backup(tmp_path / "copy.db")
        for target, why in (
            (path, "the study itself"),
            (tmp_path, "a folder"),
            (tmp_path / "notes.txt", "no study"),
        ):
            with pytest.raises(search.StudyError, match=why):
                study.backup(target)
    with search.Study(tmp_path / "copy.db") as study:
        assert len(study) == 4


# What raises.


def test_where_everything_raises_the_search_gives_up_and_all_is_in_the_file(path):
    def broken(exp, key):
        raise ValueError("nothing works")

    with search.Study(path, lives.SPACE, lives.Drift(), **lives.OPTIONS) as study:
        with pytest.raises(ValueError, match="nothing works"):
            study.run(broken, 64, KEY)
        assert 0 < study.counts["failed"] < 64
        assert study.counts["reserved"] == 0 or study.counts["failed"] % 4 == 0


def test_what_a_users_function_raises_loses_nothing(path):
    def stop(results):
        if results.ids.max() > 5:
            raise OSError("no network")

    with pytest.raises(OSError, match="no network"):
        lives.live(path, 12, stop)
    with search.Study(path) as study:
        assert {4, 5, 6, 7} & set(study.results.ids.tolist())
    assert lives.live(path, 12).ids.tolist() == list(range(12))


class Three(search.algorithms.Algorithm):
    """Proposes three points, two at a time."""

    is_traceable = False
    batch = 2

    def start(self, space, key, objectives):
        return np.zeros((), np.int32)

    def propose(self, spec, own, key, n):
        left = np.arange(int(own), min(int(own) + n, 3), dtype=np.int32)
        if not len(left):
            raise search.algorithms.Exhausted("three are all")
        return search.DNA(spec, left[:, None], np.zeros((len(left), 0), np.float32)), own + np.int32(
            len(left)
        )

    def learn(self, spec, own, dnas, rewards):
        return own


def test_an_algorithm_that_has_no_more_ends_a_study(path):
    space = search.space({"x": search.oneof([1.0, 2.0, 3.0])})
    with search.Study(path, space, Three()) as study:
        results = study.run(double, 10, KEY)
        assert results["y"].tolist() == [2.0, 4.0, 6.0]
        assert len(study.run(double, 10, KEY)) == 3


def double(exp, key):
    return {"y": exp["x"] * 2}


def test_progress_counts_the_whole_study(path):
    seen = []
    lives.live(path, 4)
    with search.Study(path) as study:
        study.run(lives.height, 12, KEY, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (4, 12)
    assert seen[-1] == (12, 12)


def test_an_engine_of_several_processes_is_led_by_one_of_them(path):
    class Shared(search.engines.Local):
        is_shared = True

    with search.Study(path, SPACE, search.algorithms.Random(), **GOAL) as study:
        with pytest.raises(search.StudyError, match=r"call engine\.lead\(run, fn, space\)"):
            study.run(train, 4, KEY, engine=Shared())
        assert len(study) == 0


@pytest.mark.parametrize(
    "algorithm",
    [None, search.algorithms.RegularizedEvolution(), search.algorithms.Sobol()],
    ids=["default", "traceable", "not traceable"],
)
def test_a_search_by_any_algorithm_goes_on_to_the_last_bit(path, algorithm):
    whole = search.run(algorithm, lives.height, lives.SPACE, 24, KEY, batch=8, **lives.OPTIONS)

    def stop(results):
        if results.ids.max() >= 8:
            raise KeyboardInterrupt

    with search.Study(path, lives.SPACE, algorithm, **lives.OPTIONS) as study:
        with pytest.raises(search.Interrupted):
            study.run(lives.height, 24, KEY, batch=8, on_result=stop)
        assert len(study) < 24
    with search.Study(path, lives.SPACE, algorithm, **lives.OPTIONS) as study:
        results = study.run(lives.height, 24, KEY)
    assert results.dnas == whole.dnas
    np.testing.assert_array_equal(results["y"], whole["y"])


@pytest.mark.parametrize("has_trials", [False, True])
def test_who_has_mistyped_the_objective_may_begin_anew_as_long_as_nothing_is_finished(path, has_trials):
    space = search.space({"x": search.oneof([1.0, 2.0, 3.0])})
    with search.Study(path, space, Three(), objective="y" if has_trials else "yy", mode="min") as study:
        if has_trials:
            study.run(double, 1, KEY, batch=1)
    with pytest.raises(search.StudyError, match="was begun with the objective") as caught:
        search.Study(path, space, objective=["z", "y"], mode="min")
    notes = getattr(caught.value, "__notes__", [])
    assert any("you delete it and begin anew" in text for text in notes) is not has_trials
