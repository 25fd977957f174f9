"""What a study is about, as it stands in its file."""

import dataclasses
import json

import jax
import pytest

from symjax import search
from symjax.search.results.objective import Objective
from symjax.search.studies.description import Description, read_key, write_key
from symjax.search.studies.storage.database import Database, create

SPACE = search.space({"x": search.floatv(0.0, 1.0), "f": search.oneof([jax.nn.relu, jax.nn.gelu])})
RANDOM = search.algorithms.Random()
GOAL = Objective.of(["loss", "size"], "min", {"size": 1e6})


@pytest.fixture
def description():
    return Description.of("nets", 3.5, SPACE, RANDOM, GOAL, 2)


@pytest.fixture
def database(tmp_path, description):
    create(tmp_path / "study.db", [description.statement()])
    database = Database(tmp_path / "study.db")
    yield database
    database.close()


def test_a_description_comes_back(database, description):
    again = Description.read(database)
    assert again == description
    assert again.read_space(()) == SPACE
    assert again.read_algorithm(()) == RANDOM
    assert again.read_objective() == GOAL
    assert (again.name, again.created, again.repeats, again.key) == ("nets", 3.5, 2, None)


def test_what_a_first_run_says_stays(database):
    key = jax.random.key(3)
    with database.writing():
        first = Description.read(database).begun(database, key, None, 16, "train(exp, key)")
        again = first.begun(database, key, None, 99, "train(exp, key)")
        assert first == again == Description.read(database)
        assert first.batch == 16
        assert again.begun(database, key, 8, 99, "train(exp, key)").batch == 8
        with pytest.raises(search.StudyError, match="another key"):
            first.begun(database, jax.random.key(4), None, 16, "train(exp, key)")


@pytest.mark.parametrize("key", [jax.random.key(3), jax.random.PRNGKey(3)], ids=["typed", "old"])
def test_a_key_comes_back(key):
    again = read_key(write_key(key))
    assert again.dtype == key.dtype
    assert (jax.random.key_data(again) == jax.random.key_data(key)).all()


def test_versions_of_libraries_make_no_other_study(description):
    space, algorithm = json.loads(description.space), json.loads(description.algorithm)
    for record in (space["tree"], space["patches"], space["inputs"], algorithm):
        record["versions"] = {"jax": "0.1"}
    older = dataclasses.replace(description, space=json.dumps(space), algorithm=json.dumps(algorithm))
    older.check_space("study.db", SPACE, ())
    older.check_algorithm("study.db", RANDOM, ())


def test_a_space_that_is_written_in_another_way_is_no_other_space(description):
    space = json.loads(description.space)
    space["tree"]["tree"] = dict(reversed(space["tree"]["tree"].items()))
    space["tree"]["comment"] = "what a later version may add"
    dataclasses.replace(description, space=json.dumps(space)).check_space("study.db", SPACE, ())


def test_where_nothing_is_said_everything_fits(description):
    description.check_objective("study.db", Objective(), None)
    description.check_objective("study.db", GOAL, 2)
