import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
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


def test_what_is_changed_by_hand_keeps_its_value_and_its_lanes(proposal):
    changed = proposal.rebind({"dropout": search.floatv(0.1, 0.2)})
    (row,) = [line.split() for line in str(changed).splitlines() if line.startswith("dropout")]
    assert row == ["dropout", "0.1", "floatv(0.1,", "0.2)", "lanes", "as", "you", "said"]
    assert "of up to 1 structure\n" in str(changed)


def test_one_decision_is_one():
    proposal = search.propose(Experiment(optax.sgd(0.1)), where=lambda k, v, p: k.key == "dropout")
    assert str(proposal).startswith("Proposal of 1 decision, of up to 1 structure\n")


@pytest.fixture(scope="module")
def patched():
    class Plain(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(2)(nn.relu(nn.Dense(4)(x)))

    model = Experiment(optax.sgd(0.1)), Plain()
    return search.propose(list(model), jnp.ones((1, 3)), where=lambda k, v, p: k.key == "swap_activation")


def test_decisions_on_patches_are_changed_by_the_names_in_the_table(patched):
    (path,) = patched.varied
    assert path == "patches.swap_activation"
    narrow = search.oneof([None, "swap_activation?silu"])
    assert patched.rebind({path: narrow}).space.size == 2
    dropped = patched.rebind({path: None, "[0].dropout": search.floatv(0.0, 0.2)})
    assert list(dropped.varied) == ["[0].dropout"]
    assert dropped.left[path] == "as you said"
    with pytest.raises(TypeError, match=r"takes a choice among patches.* \(path=patches\.swap_activation\)$"):
        patched.rebind({path: "swap_activation?silu"})


def test_nothing_to_vary():
    proposal = search.propose(Experiment(optax.identity()), where=lambda v: False)
    assert str(proposal) == (
        "Proposal of 0 decisions: none of the experiment's numbers and functions passed where="
    )
    with pytest.raises(ValueError, match="nothing to decide"):
        proposal.space


def test_notebooks_see_tables(proposal):
    html = proposal._repr_html_()
    assert html.count("<table>") == 2
    assert "floatv(0.01, 1.0, &#x27;log&#x27;)" in html
