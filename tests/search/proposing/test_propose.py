"""Proposals for models of other people's code: what is opened can be called, whatever is decided."""

import warnings
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from annotated_types import Ge, Le

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax, patches, search

from ...patches.zoo import linen_transformer

TransformerConfig = linen_transformer.TransformerConfig
TOKENS = jax.ShapeDtypeStruct((2, 6), jnp.int32)


class Experiment(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation = optax.adamw(1e-3)
    label_smoothing: float = 0.1
    batch_size: int = 4
    seed: int = 0


CONFIG = TransformerConfig(
    vocab_size=11, num_classes=3, emb_dim=8, num_heads=2, num_layers=1, mlp_dim=16, max_len=8
)
TRANSFORMER = Experiment(sj.symbolize(linen_transformer.TextClassifier)(CONFIG))


@pytest.fixture(scope="module")
def proposal():
    return search.propose(TRANSFORMER, TOKENS)


def candidates(proposal):
    return {
        path: list(choice.options())
        for path, choice in proposal.varied.items()
        if path.startswith("model.config.")
    }


SIZES = {
    "model.config.emb_dim": [4, 8, 16],
    "model.config.num_heads": [1, 2, 4],
    "model.config.num_layers": [1, 2],
    "model.config.mlp_dim": [8, 16, 32],
    "model.config.dropout_rate": [0.0, 0.5],
}


def test_a_configuration_that_nobody_opened(proposal):
    assert candidates(proposal) == SIZES
    assert proposal.varied["optimizer.learning_rate"] == search.floatv(1e-4, 1e-2, "log")
    assert {path for path in proposal.varied if not path.startswith("model.")} == {
        "optimizer.learning_rate",
        "optimizer.b1",
        "optimizer.b2",
        "optimizer.weight_decay",
        "label_smoothing",
        "patches.swap_activation",
    }


def test_what_stays_has_a_reason(proposal):
    left = {
        "model.config.vocab_size": "the task's",
        "model.config.num_classes": "the task's",
        "model.config.max_len": "the task's: an input has this size",
        "optimizer.eps": "keeps a denominator from zero",
        "batch_size": "changes the shapes of the data",
        "seed": "a seed",
    }
    for path, why in left.items():
        assert proposal.left[path].startswith(why)
    assert not set(proposal.left) & set(proposal.varied)


def test_every_point_can_be_called(proposal):
    space = proposal.space
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for dna in space.sample(jax.random.key(0), 4):
            patches.check(space.decode(dna), TOKENS)


def test_it_prints_as_a_table(proposal):
    head, titles, *rows = str(proposal).splitlines()
    assert head == f"Proposal of {len(proposal.varied)} decisions, of up to 216 structures"
    assert titles.split() == ["decision", "now", "varied", "over", "runs", "in", "why"]
    cells = {row.split()[0]: row.split(maxsplit=1)[1] for row in rows}
    assert cells["model.config.num_heads"].split() == [
        "2",
        "1,",
        "2,",
        "4",
        "programs",
        "heads",
        "or",
        "groups",
    ]
    assert cells["model.config.vocab_size"].split() == ["11", "the", "task's"]


def test_the_space_is_planned_and_evaluated(proposal):
    kept = ("model.config.mlp_dim", "model.config.dropout_rate", "optimizer.learning_rate")
    others = {s.path: s.value for s in proposal.suggestions if s.choice and str(s.path) not in kept}
    proposal = proposal.rebind(
        {path: value for path, value in others.items() if path.key != "swap_activation"}
    )
    space = proposal.space
    dnas = search.DNA.from_numbers(space.spec, [[0, 0.1, 0.01, 0], [0, 0.3, 0.001, 0], [1, 0.2, 0.01, 0]])

    def loss(exp, key, tokens):
        variables = exp.model.init({"params": key, "dropout": key}, tokens)
        logits = exp.model.apply(variables, tokens, train=True, rngs={"dropout": key})
        return {"loss": exp.optimizer.update(logits, exp.optimizer.init(logits), logits)[0].mean()}

    tokens = jnp.ones(TOKENS.shape, TOKENS.dtype)
    assert search.plan(loss, space, dnas, jax.random.key(0), tokens).programs == 2
    results = search.evaluate(loss, space, dnas, jax.random.key(0), tokens)
    assert np.isfinite(results["loss"]).all()


class Configured(sj.Object):
    """The model is made when it runs: no field of the tree is one."""

    config: TransformerConfig
    optimizer: optax.GradientTransformation = optax.sgd(0.1)
    threshold: float = 1.0

    def run(self, key, tokens):
        model = linen_transformer.TextClassifier(self.config)
        logits = model.apply(model.init(key, tokens), tokens)
        return {"loss": jnp.minimum(logits.mean(), self.threshold if self.threshold > 0 else 0.0)}


def test_a_function_shows_what_no_model_of_the_tree_does():
    def run(exp):
        return exp.run(jax.random.key(0), jnp.ones(TOKENS.shape, TOKENS.dtype))

    exp = Configured(CONFIG)
    varied = search.propose(exp, fn=run).varied
    sizes = {path.replace("model.", ""): values for path, values in SIZES.items()}
    sizes["config.dropout_rate"] = [0.1, 0.125, 0.375]  # plain Flax tests it
    assert {path: list(choice.options()) for path, choice in varied.items() if "config" in path} == sizes
    assert varied["threshold"].candidates == (
        0.316,
        1.0,
        3.16,
    )  # tested in Python: few values, a program each
    assert varied["optimizer.learning_rate"] == search.floatv(0.01, 1.0, "log")
    assert "fn= shows" in search.propose(exp).left["config.emb_dim"]


def test_sizes_that_nnx_states_twice_are_one_decision():
    layers = nnx.Sequential(nnx.Linear(4, 8), nnx.relu, nnx.Linear(8, 3))
    proposal = search.propose({"model": layers}, jnp.ones((2, 4)))
    assert proposal.varied["model.fns[0].out_features"].candidates == (4, 8, 16)
    (tied,) = [s for s in proposal.suggestions if s.ties]
    assert str(tied.ties[0]) == "model.fns[2].in_features"
    tree = proposal.space.decode(proposal.space.sample(jax.random.key(0)))
    assert tree["model"].fns[2].in_features == tree["model"].fns[0].out_features


def test_choices_that_are_open_stay():
    exp = Experiment(nn.Dense(search.oneof([2, 3])), optax.sgd(search.floatv(0.1, 0.2)))
    proposal = search.propose(exp, jnp.ones((1, 2)), where=lambda k, v, p: k.key == "label_smoothing")
    assert [point.name for point in proposal.space.spec.points] == [
        "model.features",
        "optimizer.learning_rate",
        "label_smoothing",
    ]


def test_bounds_of_a_field_narrow_its_range():
    class Bounded(sj.Object):
        scale: Annotated[float, Le(3.0)] = 1.0
        fixed: Annotated[float, Ge(0.9), Le(1.1)] = 1.0

    proposal = search.propose(Bounded())
    assert proposal.varied == {"scale": search.floatv(0.5, 2.0, "log")}
    assert "expects float (≥ 0.9, ≤ 1.1)" in proposal.left["fixed"]


def test_without_inputs_models_keep_their_sizes():
    proposal = search.propose(TRANSFORMER)
    assert "example inputs show" in proposal.left["model.config.emb_dim"]
    assert "optimizer.learning_rate" in proposal.varied


def test_a_proposal_can_be_looked_at_again():
    exp = Experiment(nn.Sequential([nn.Dense(8), nn.Dense(2)]))
    x = jnp.ones((1, 2))
    opened = search.propose(exp, x, where=lambda k, v, p: "model" in str(k)).tree
    assert search.propose(opened, x, where=lambda k, v, p: "model" in str(k)).varied == {}


@pytest.mark.parametrize(
    ("exp", "message"),
    [
        (Experiment, "Experiment"),
        (linen_transformer.TextClassifier(CONFIG), "sj.symbolize\\(TextClassifier\\)"),
        (3, "no fields in 3"),
        (search.space({"a": search.oneof([1, 2])}), "space.tree"),
    ],
)
def test_what_has_no_fields_is_refused(exp, message):
    with pytest.raises(TypeError, match=message):
        search.propose(exp)


def test_a_function_is_asked_for():
    with pytest.raises(TypeError, match="fn is a function of the experiment"):
        search.propose(TRANSFORMER, fn=3)
