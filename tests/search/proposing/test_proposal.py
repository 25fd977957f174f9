import pytest

import symjax as sj
from symjax import optax, search


class Experiment(sj.Object):
    optimizer: optax.GradientTransformation
    dropout: float = 0.1
    steps: int = 5


@pytest.fixture
def proposal():
    return search.propose(Experiment(optax.sgd(0.1, momentum=0.9)))


def test_a_rebind_narrows_it(proposal):
    narrowed = proposal.rebind({"dropout": search.floatv(0.1, 0.2), "optimizer.momentum": 0.8})
    assert narrowed.varied == {
        "optimizer.learning_rate": search.floatv(0.01, 1.0, "log"),
        "dropout": search.floatv(0.1, 0.2),
    }
    assert set(narrowed.space.values(narrowed.space.grid(1)[0])) == set(narrowed.varied)
    assert "as you said" in str(narrowed)
    assert "optimizer.momentum" in proposal.varied


def test_what_stays_can_be_opened(proposal):
    opened = proposal.rebind({"steps": search.oneof([5, 10])})
    assert list(opened.varied) == ["optimizer.learning_rate", "optimizer.momentum", "dropout", "steps"]
    assert "steps" not in opened.left
    assert "of up to 2 structures" in str(opened)


def test_another_optimizer_takes_its_decisions_along(proposal):
    changed = proposal.rebind({"optimizer": optax.adam(search.floatv(1e-4, 1e-2, "log"))})
    assert list(changed.varied) == ["optimizer.learning_rate", "dropout"]


def test_nothing_to_vary():
    proposal = search.propose(Experiment(optax.identity()), where=lambda v: False)
    assert str(proposal).startswith("Proposal of 0 decisions")
    with pytest.raises(ValueError, match="nothing to decide"):
        proposal.space


def test_notebooks_see_tables(proposal):
    html = proposal._repr_html_()
    assert html.count("<table>") == 2
    assert "floatv(0.01, 1.0, &#x27;log&#x27;)" in html
