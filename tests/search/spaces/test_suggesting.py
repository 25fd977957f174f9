"""Points of a space out of what a trial of Optuna's suggests."""

import jax
import pytest

import symjax as sj
from symjax import search
from symjax.search.spaces.suggesting import suggested, suggestions

optuna = pytest.importorskip("optuna", reason="space.suggest needs Optuna: pip install symjax-flax[search]")
FixedTrial = optuna.trial.FixedTrial


class Sgd(sj.Object):
    rate: float


class Adam(sj.Object):
    rate: float
    beta: float = 0.9


SPACE = search.space(
    {
        "optimizer": sj.oneof([Sgd(sj.floatv(0.01, 1.0, "log")), Adam(1e-3, sj.floatv(0.9, 0.999, "rlog"))]),
        "act": sj.oneof({"relu": jax.nn.relu, "gelu": jax.nn.gelu}, name="activation"),
        "order": sj.permutate(["a", "b", "c"]),
        "set": sj.manyof(2, [1, 2, sj.floatv(0.0, 1.0)], sorted=True),
        "list": sj.manyof(2, ["u", "v"], distinct=False),
        "width": sj.intv(8, 512, scale="log"),
        "depth": sj.intv(1, 10, step=4),
    }
)


def parameters(dna):
    return {
        parameter.name: value
        for parameter, value in suggestions(SPACE.spec, SPACE.choices, ({},) * len(SPACE), dna)
    }


def test_suggestions_lead_back_to_the_same_tree():
    names = ({},) * len(SPACE)
    for dna in SPACE.sample(jax.random.key(0), 64):
        values = parameters(dna)
        again = suggested(SPACE.spec, SPACE.choices, names, lambda each, known=values: known[each.name])
        assert sj.eq(SPACE.decode(again), SPACE.decode(dna))
        assert parameters(again) == values


def test_a_trial_becomes_an_experiment():
    trial = FixedTrial(
        {
            "optimizer": "Adam",
            "1.899 - optimizer[=1/2].beta": 0.949,
            "activation": "gelu",
            "order[0]": 2,
            "order[1]": 0,
            "set[0]": 2,
            "set[1]": 0,
            "set[1][=2/3]": 0.25,
            "list[0]": "v",
            "list[1]": "u",
            "width": 64,
            "depth": 5,
        }
    )
    assert sj.eq(
        SPACE.suggest(trial),
        {
            "optimizer": Adam(1e-3, 0.95),
            "act": jax.nn.gelu,
            "order": ["c", "a", "b"],
            "set": [1, 0.25],
            "list": ["v", "u"],
            "width": 64,
            "depth": 5,
        },
    )


def test_only_what_matters_is_suggested():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(8):
        trial = study.ask()
        tree = SPACE.suggest(trial)
        is_sgd = isinstance(tree["optimizer"], Sgd)
        assert ("optimizer[=0/2].rate" in trial.params) == is_sgd
        assert ("1.899 - optimizer[=1/2].beta" in trial.params) != is_sgd
        assert len([name for name in trial.params if "[=2/3]" in name]) == (tree["set"][1] not in (1, 2))
        study.tell(trial, 0.0)
    assert len({type(tree["optimizer"]) for tree in map(SPACE.suggest, map(study_trial, study.trials))}) == 2


def study_trial(frozen):
    """A trial that suggests what another one was given."""
    return FixedTrial(frozen.params)


def test_laws_and_steps_are_told():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trial = study.ask()
    SPACE.suggest(trial)
    assert trial.distributions["width"] == optuna.distributions.IntDistribution(8, 512, log=True)
    assert trial.distributions["depth"] == optuna.distributions.IntDistribution(1, 9, step=4)


def test_what_is_enqueued_comes_back():
    space = search.space({"lr": sj.floatv(1e-4, 0.1, "log"), "depth": sj.oneof([1, 2])})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial(space.values(space.from_values({"lr": 0.003, "depth": 2})))
    assert space.suggest(study.ask()) == {"lr": 0.003, "depth": 2}


def test_what_a_constraint_refuses_is_pruned():
    space = search.space({"heads": sj.oneof([2, 4]), "width": sj.oneof([6, 8])})
    space = space.constrain(lambda tree: tree["width"] % tree["heads"] == 0)
    assert space.suggest(FixedTrial({"heads": 4, "width": 8})) == {"heads": 4, "width": 8}
    with pytest.raises(optuna.TrialPruned, match="constraints refuse it"):
        space.suggest(FixedTrial({"heads": 4, "width": 6}))


def test_an_objective_of_ones_own():
    space = search.space({"x": sj.floatv(-1.0, 1.0), "k": sj.oneof([0, sj.oneof([1, 2])])})
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: abs(space.suggest(trial)["x"]), n_trials=20)
    assert study.best_value < 0.2


def test_another_kind_of_trial_is_refused():
    with pytest.raises(TypeError, match="a trial of Optuna's, got"):
        SPACE.suggest(SPACE.sample(jax.random.key(0)))
