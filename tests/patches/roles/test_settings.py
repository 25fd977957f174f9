"""Settings by their usual names, and by what roles call them."""

import pytest

import symjax as sj
from symjax import optax
from symjax.patches import role
from symjax.patches.roles.settings import USUAL_NAMES, is_count, is_number, names_of, setting_test, settings


@role("experiment", batch_size="examples", seed="noise")
class Experiment(sj.Object):
    examples: int = 3
    batch_size: int = 4
    noise: int = 5
    config: object = None


def test_a_role_wins_over_the_usual_name():
    assert settings(Experiment(), "batch_size") == {"examples": 3}
    assert settings([Experiment()], "seed") == {"[0].noise": 5}


def test_usual_names_where_no_role_says_otherwise():
    tree = Experiment(config={"batch_size": 8, "optimizer": optax.adamw(0.1)})
    assert settings(tree, "batch_size") == {"examples": 3, "config.batch_size": 8}
    assert settings(tree, "weight_decay") == {"config.optimizer.weight_decay": 1e-4}
    assert not setting_test("seed")(sj.Path([0]), [1])


def test_no_name_belongs_to_two_settings():
    names = [name for names in USUAL_NAMES.values() for name in names]
    assert len(names) == len(set(names))
    assert names_of("seed").split(", ") == list(USUAL_NAMES["seed"])


@pytest.mark.parametrize(
    ("value", "number", "count"),
    [(1, True, True), (0.5, True, False), (True, False, False), (None, False, False), ("1", False, False)],
)
def test_numbers_and_counts(value, number, count):
    assert (is_number(value), is_count(value)) == (number, count)
