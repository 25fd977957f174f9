"""Studies that are killed, shared, interrupted, cut off and full: tested by doing it."""

import os
import random
import shutil
import signal
import sqlite3
import tempfile
from pathlib import Path

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.searching.rounds import Keys

from . import lives

TRIALS = 120
KILLS = int(os.environ.get("SYMJAX_KILLS", "3"))


@pytest.fixture(scope="module")
def zygote():
    zygote = lives.Zygote()
    yield zygote
    zygote.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The file of a study that nothing has happened to."""
    path = tmp_path_factory.mktemp("whole") / "study.db"
    lives.live(path, TRIALS)
    return path


def contents(path):
    """All that a search has decided, and what came of it."""
    database = sqlite3.connect(path)
    trials = database.execute(
        "SELECT id, state, digest, genes, decisions, metrics, content FROM trials ORDER BY id"
    ).fetchall()
    state = database.execute("SELECT layout, content FROM state").fetchall()
    batches = database.execute("SELECT first, size, genes FROM batches ORDER BY first").fetchall()
    database.close()
    return trials, state, batches


def ids_of(lines):
    """The ids that lines of a life report as done."""
    return [int(word) for words in lines if words[0] == "done" for word in words[1:]]


def test_a_study_is_the_search_that_run_does(whole):
    results = search.run(lives.Drift(), lives.height, lives.SPACE, TRIALS, jax.random.key(7), **lives.OPTIONS)
    with search.Study(whole) as study:
        assert study.results.dnas == results.dnas
        assert 0 < study.counts["nan"] < TRIALS
        for name in ("y", "path"):
            np.testing.assert_array_equal(study.results[name], results[name])


# Killed.


def kill_once(zygote, path, chance):
    """Kills a life at some moment; gives the ids that it has reported as done."""
    number = zygote.bear("reporting", path, TRIALS)
    done, wanted = [], chance.randrange(TRIALS)
    while len(done) < wanted:
        _, *line = zygote.hear()
        if line[0] != "done":
            break
        done += ids_of([line])
    for _ in range(chance.randrange(20_000)):  # some moment between two lines
        pass
    os.kill(number, signal.SIGKILL)
    return {*done, *ids_of(zygote.bury(number))}


def test_what_was_killed_goes_on_as_if_nothing_had_happened(zygote, whole, tmp_path):
    chance = random.Random(KILLS)
    path, done = tmp_path / "study-0.db", set()
    for turn in range(KILLS):
        done |= kill_once(zygote, path, chance)
        if not path.exists():
            continue
        with search.Study(path) as study:
            finished = set(study.results.ids.tolist())
        assert done <= finished
        if len(finished) == TRIALS:  # nothing is left of it to kill
            assert contents(path)[0] == contents(whole)[0]
            path, done = tmp_path / f"study-{turn + 1}.db", set()
    lives.live(path, TRIALS)
    assert contents(path) == contents(whole)
    assert list(tmp_path.glob(f"{path.name}*")) == [path]


def test_what_was_interrupted_goes_on_too(zygote, whole, tmp_path):
    path = tmp_path / "study.db"
    number = zygote.bear("waiting", path, TRIALS)
    zygote.hear()
    os.kill(number, signal.SIGINT)
    *lines, end = zygote.bury(number)
    assert end[:2] == ["raised", "Interrupted:"]
    assert " ".join(end).endswith("the same lines go on from there")
    with search.Study(path) as study:
        assert set(ids_of(lines)) <= set(study.results.ids.tolist())
        assert len(study) < TRIALS
    lives.live(path, TRIALS)
    assert contents(path) == contents(whole)


class Interrupting(search.engines.Engine):
    """In whose third batch Ctrl-C comes when two of four trials are finished."""

    batches = 0

    def evaluate(self, *arguments, **options):
        results = search.engines.Local().evaluate(*arguments, **options)
        self.batches += 1
        if self.batches == 3:
            half = {**results.arguments(), "pending": np.array([False, True, False, True])}
            raise search.Interrupted(search.Results(**half))
        return results


def test_what_is_finished_of_a_batch_when_ctrl_c_comes_is_in_the_file(whole, tmp_path):
    path = tmp_path / "study.db"
    with pytest.raises(search.Interrupted, match=r"They are in .*study\.db") as caught:
        lives.live(path, TRIALS, None, Interrupting())
    with search.Study(path) as study:
        finished = study.results.ids.tolist()
        assert finished == [*range(8), 8, 10] == caught.value.results.ids.tolist()
        assert study.counts["reserved"] == 2
    lives.live(path, TRIALS)
    assert contents(path) == contents(whole)


# Rounds as one program.


def test_rounds_as_one_program_are_the_search_that_run_does(tmp_path):
    sizes = []
    results = lives.slide(tmp_path / "study.db", 250, lambda results: sizes.append(len(results)))
    whole = search.run(lives.Drift(), lives.slope, lives.FLAT, 250, jax.random.key(7), **lives.OPTIONS)
    assert max(sizes) > lives.Drift.batch
    assert results.dnas == whole.dnas
    np.testing.assert_array_equal(results["y"], whole["y"])


@pytest.mark.slow
def test_a_loop_of_python_that_was_killed_goes_on(zygote, tmp_path):
    path, done = tmp_path / "study.db", set()
    for lines in (1, 5):
        number = zygote.bear("looping", path, 400)
        while len(done) < lines:
            done |= set(ids_of([zygote.hear()[1:]]))
        os.kill(number, signal.SIGKILL)
        done |= set(ids_of(zygote.bury(number)))
    with search.Study(path) as study:
        stopped = len(study)
        assert done <= set(study.results.ids.tolist())
        assert stopped < 400
    zygote.bury(zygote.bear("looping", path, stopped + 5))
    zygote.bury(zygote.bear("looping", tmp_path / "whole.db", stopped + 5))
    assert contents(path) == contents(tmp_path / "whole.db")
    with search.Study(path) as study, search.Study(tmp_path / "whole.db") as whole:
        assert len(study) == stopped + 5
        assert study.courses == whole.courses
        assert [each["metadata"] for each in study.records()] == [
            each["metadata"] for each in whole.records()
        ]


def test_rounds_as_one_program_that_were_killed_go_on(zygote, tmp_path):
    lives.slide(tmp_path / "whole.db", 20_000)
    path, done = tmp_path / "study.db", set()
    for lines in (0, 1):
        number = zygote.bear("sliding", path, 20_000)
        while len(done) < lines or not path.exists():
            done |= set(ids_of([zygote.hear()[1:]]))
        os.kill(number, signal.SIGKILL)
        done |= set(ids_of(zygote.bury(number)))
        with search.Study(path) as study:
            assert done <= set(study.results.ids.tolist())
            assert len(study) < 20_000
    lives.slide(path, 20_000)
    assert contents(path)[:2] == contents(tmp_path / "whole.db")[:2]


def test_rounds_run_one_by_one_where_another_process_comes(zygote, tmp_path):
    path, lines, number, sizes = tmp_path / "study.db", [], [], []

    def other_too(results):
        sizes.append(len(results))
        if len(sizes) == 1:
            number.append(zygote.bear("sliding", path, 200))
            with search.Study(path) as study:
                while study.workers < 2:
                    pass
        if len(sizes) == 2:
            lines.append(zygote.hear()[1:])

    lives.slide(path, 200, other_too)
    lines += zygote.bury(number[0])
    assert sizes[1] > lives.Drift.batch >= max(sizes[2:])
    with search.Study(path) as study:
        results = study.results
        assert results.ids.tolist() == list(range(200))
    assert len(ids_of(lines)) == len(set(ids_of(lines))) == 200 - sum(sizes)
    root = Keys.of(jax.random.key(7)).trials
    again = search.evaluate(lives.slope, lives.FLAT, results.dnas, root, ids=results.ids)
    np.testing.assert_array_equal(results["y"], again["y"])


# Shared.


def test_two_processes_share_a_study(zygote, tmp_path):
    path, lines, number = tmp_path / "study.db", [], []

    def other_too(results):
        """The other one works while this one has reserved trials."""
        if not number:
            number.append(zygote.bear("reporting", path, TRIALS))
            lines.extend(zygote.hear()[1:] for _ in range(5))

    lives.live(path, TRIALS, other_too)
    lines += zygote.bury(number[0])
    with search.Study(path) as study:
        results = study.results
        assert results.ids.tolist() == list(range(TRIALS))
        assert study.counts["reserved"] == 0
    theirs = ids_of(lines)
    assert 20 <= len(theirs) == len(set(theirs)) < TRIALS
    root = Keys.of(jax.random.key(7)).trials
    again = search.evaluate(lives.height, lives.SPACE, results.dnas, root, ids=results.ids)
    np.testing.assert_array_equal(results["y"], again["y"])


def test_a_copy_that_is_taken_while_a_study_runs_is_a_study(whole, tmp_path):
    backups = []

    def copy(results):
        if not backups and results.ids.min() > 40:
            backups.append(tmp_path / "backup.db")
            with search.Study(tmp_path / "study.db") as study:
                study.backup(backups[0])

    lives.live(tmp_path / "study.db", TRIALS, copy)
    with search.Study(backups[0]) as study:
        assert 40 < len(study) < TRIALS
    lives.live(backups[0], TRIALS)
    assert contents(backups[0])[0] == contents(whole)[0]


def test_a_copy_without_its_log_lacks_trials_and_is_whole(whole, tmp_path):
    copied = tmp_path / "copied.db"

    def copy(results):
        if not copied.exists() and results.ids.min() > 40:
            assert (tmp_path / "study.db-wal").stat().st_size
            shutil.copy(tmp_path / "study.db", copied)

    lives.live(tmp_path / "study.db", TRIALS, copy)
    with search.Study(copied) as study:
        assert len(study) < 40
    lives.live(copied, TRIALS)
    assert contents(copied)[0] == contents(whole)[0]


# Full, cut off, not to be written.


def test_a_full_disk_loses_nothing_that_was_done(zygote, whole, tmp_path):
    path = tmp_path / "study.db"
    number = zygote.bear("limited", path, TRIALS, 200_000)
    ((word, kind, *text),) = zygote.bury(number)
    assert (word, kind) == ("raised", "StudyError:")
    assert "no room left" in " ".join(text)
    with search.Study(path) as study:
        assert 0 < len(study) < TRIALS
    lives.live(path, TRIALS)
    assert contents(path) == contents(whole)


def test_a_full_disk_creates_no_half_of_a_study(zygote, tmp_path):
    path = tmp_path / "study.db"
    number = zygote.bear("limited", path, TRIALS, 10_000)
    ((word, kind, *text),) = zygote.bury(number)
    assert (word, kind) == ("raised", "StudyError:")
    assert "cannot be created" in " ".join(text)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0, 1e-4, 0.003, 0.1, 0.5, 0.9, 0.9999])
def test_a_file_that_was_cut_off_is_refused(whole, tmp_path, share):
    path = tmp_path / "study.db"
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(search.StudyError, match=r"study\.db is cut off|there is no study at"):
        search.Study(path)


@pytest.fixture
def open_folder():
    """A folder that other users may read."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)
        os.chmod(folder, 0o755)


def test_a_study_in_a_folder_that_cannot_be_written_can_be_looked_at(zygote, whole, open_folder):
    path = open_folder / "study.db"
    shutil.copy(whole, path)
    os.chmod(path, 0o444)
    os.chmod(open_folder, 0o555)
    looked, (word, kind, *text) = zygote.bury(zygote.bear("looking", path))
    with search.Study(whole) as study:
        assert looked == ["looked", str(TRIALS), str(study.results.best().id)]
    assert (word, kind) == ("raised", "StudyError:")
    assert "may only be read" in " ".join(text)
    ((word, kind, *text),) = zygote.bury(zygote.bear("beginning", open_folder / "other.db"))
    assert (word, kind) == ("raised", "StudyError:")
    assert " ".join(text).endswith(f"the folder {open_folder} may only be read")


def test_a_log_that_cannot_be_read_is_spoken_of(zygote, open_folder, tmp_path):
    def copy(results):
        for file in tmp_path.glob("study.db*"):
            if file.suffix != ".db-shm":
                shutil.copy(file, open_folder)

    lives.live(tmp_path / "study.db", 8, copy)
    os.chmod(open_folder, 0o555)
    ((word, kind, *text),) = zygote.bury(zygote.bear("looking", open_folder / "study.db"))
    assert (word, kind) == ("raised", "StudyError:")
    assert "study.db-wal" in " ".join(text)
