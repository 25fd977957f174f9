"""What stands in the file of a study, for those who look at it."""

import jax
import pytest

from symjax import search
from symjax.search.studies.stored_trials import StoredTrials

from . import lives

KEY = jax.random.key(7)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "study.db"
    lives.live(path, 8)
    return path


def test_all_can_be_read_where_nothing_is_run(path):
    stored = StoredTrials(path, None, None, ())
    assert len(stored) == len(stored.results) == len(stored.records()) == 8
    assert stored.workers == 0
    assert stored.space == lives.SPACE
    assert stored.algorithm == lives.Drift()
    assert stored.best().id == stored.results.best().id
    stored._database.close()


def test_results_are_read_once_and_again_when_somebody_has_written(path, tmp_path):
    with search.Study(path) as study:
        study.backup(tmp_path / "copy.db")
    with search.Study(tmp_path / "copy.db") as one, search.Study(tmp_path / "copy.db") as other:
        before = one.results
        assert one.results is before
        other.run(lives.height, 12, KEY)
        assert len(one.results) == 12


def test_a_closed_one_says_so(path):
    study = search.Study(path)
    study.close()
    assert repr(study) == f"<Study 'study' at {path}, closed>"
    for look in (
        lambda: study.results,
        lambda: len(study),
        study.records,
        lambda: study.run(lives.height, 9, KEY),
    ):
        with pytest.raises(search.StudyError, match="is closed"):
            look()
