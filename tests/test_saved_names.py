"""The names that stand in files since version 0.1.0: wherever a class has moved since, they lead to it."""

import json
import subprocess
import sys

import pytest

import symjax as sj
from symjax import linen, nnx, optax, search
from symjax.search.spaces.choice import Choice

VIEWS = ("symjax.linen", "symjax.nnx", "symjax.optax")
# Trees as version 0.1.0 wrote them; those of patches are in tests/patches/test_init.py.
TREES = {
    '{"$type": "symjax.refs.Ref", "path": "model.width"}': lambda: sj.ref("model.width"),
    '{"$type": "symjax.placeholders.Placeholder"}': sj.Placeholder,
    '{"$type": "symjax.search.choices.Choice"}': Choice,
    '{"$type": "symjax.search.choices.OneOf", "candidates": [8, 16]}': lambda: search.oneof([8, 16]),
    '{"$type": "symjax.search.choices.FloatV", "lo": 0.1, "hi": 1.0, "scale": "log"}': lambda: search.floatv(
        0.1, 1.0, scale="log"
    ),
    '{"$type": "symjax.linen.Dense", "features": 3}': lambda: linen.Dense(3),
    '{"$type": "symjax.linen.initializers.normal", "stddev": 0.5}': lambda: linen.initializers.normal(0.5),
    '{"$type": "symjax.nnx.Linear", "in_features": 2, "out_features": 3}': lambda: nnx.Linear(2, 3),
    '{"$type": "symjax.optax.adam", "learning_rate": 0.5}': lambda: optax.adam(0.5),
    '{"$map": {"a": {"$missing": null}, "b": {"$ref": "symjax.search.choices:OneOf"}}}': lambda: sj.Map(
        {"a": sj.MISSING, "b": search.OneOf}
    ),
}
# The library's own classes of which nodes are saved, by the name before the last dot.
NAMES = {
    f"{prefix}.{name}"
    for prefix, names in {
        "symjax.patches": ["Assignments"],
        "symjax.patches.interior.built": ["reaching", "updating"],
        "symjax.patches.interior.conventional": ["AutoBatchNorm", "AutoDropout"],
        "symjax.patches.interior.expectations": ["required"],
        "symjax.patches.interior.functions.running": ["FunctionPatch"],
        "symjax.patches.interior.inserting": ["Inserted"],
        "symjax.patches.interior.layers": ["edit_layers", "inside", "layers"],
        "symjax.patches.interior.parts": ["InsidePatch", "LayerPatch", "placed"],
        "symjax.patches.interior.traced": ["traced"],
        "symjax.patches.interior.wrapping": ["Wrapping"],
        "symjax.patches.library.activation": ["swap_activation"],
        "symjax.patches.library.attention.layer": ["Attention", "OwnAttention"],
        "symjax.patches.library.attention.positions": ["LinearBias", "RelativeBias"],
        "symjax.patches.library.attention.variants": [
            "grouped_query",
            "linear_attention_bias",
            "multi_query",
            "mup_attention",
            "normalize_queries",
            "relative_attention_bias",
            "rotary_embedding",
        ],
        "symjax.patches.library.blocks.experts": ["MixtureOfExperts", "mixture_of_experts"],
        "symjax.patches.library.blocks.feed_forward": ["Gated", "gated_feed_forward"],
        "symjax.patches.library.blocks.mup": ["FanInScaled", "mup_initialization", "scale_initializers"],
        "symjax.patches.library.blocks.planning": ["wrap_layers"],
        "symjax.patches.library.blocks.residual": [
            "LayerScale",
            "Residual",
            "StochasticDepth",
            "add_skip_connections",
            "layer_scale",
            "stochastic_depth",
        ],
        "symjax.patches.library.blocks.tying": ["TiedDense", "tie_weights"],
        "symjax.patches.library.compound": ["compound_scale"],
        "symjax.patches.library.depth": ["scale_depth"],
        "symjax.patches.library.layers.bias": ["remove_bias"],
        "symjax.patches.library.layers.dropout": ["add_dropout", "set_dropout"],
        "symjax.patches.library.layers.grouped_convolution": ["GroupedConv", "group_convolutions"],
        "symjax.patches.library.layers.initializers": ["swap_initializer"],
        "symjax.patches.library.layers.low_rank": [
            "FactorizedDense",
            "LowRankAdapted",
            "factorize_dense",
            "lora",
        ],
        "symjax.patches.library.layers.normalization": [
            "Normalization",
            "add_normalization",
            "place_normalization",
            "swap_normalization",
        ],
        "symjax.patches.library.layers.squeeze_excitation": ["SqueezeExcitation", "squeeze_excite"],
        "symjax.patches.library.layers.weights": [
            "Reparametrized",
            "WeightNormalized",
            "WeightStandardized",
            "standardize_weights",
            "weight_norm",
        ],
        "symjax.patches.library.learning_rate": ["change_lr"],
        "symjax.patches.library.separable_convolution": ["SeparableConv", "apply_sepconv"],
        "symjax.patches.library.training.averaging": ["average_parameters", "parameter_average"],
        "symjax.patches.library.training.batch_size": ["change_batch_size"],
        "symjax.patches.library.training.dataset": ["change_dataset"],
        "symjax.patches.library.training.encoder": ["remove_encoder"],
        "symjax.patches.library.training.gradients": [
            "accumulate_gradients",
            "accumulated",
            "clip_gradients",
        ],
        "symjax.patches.library.training.loss": ["smooth_labels", "smoothed"],
        "symjax.patches.library.training.optimizer": ["swap_optimizer"],
        "symjax.patches.library.training.precision": ["change_dtype"],
        "symjax.patches.library.training.remat": ["Rematerialized", "apply_remat"],
        "symjax.patches.library.training.run_length": ["change_epochs", "change_seed", "change_steps"],
        "symjax.patches.library.training.schedule": ["change_schedule", "inverse_sqrt_schedule"],
        "symjax.patches.library.training.weight_decay": ["change_weight_decay", "decayed"],
        "symjax.patches.library.width": ["scale_width"],
        "symjax.patches.library.width_search": ["search_for_width"],
        "symjax.patches.patch": ["Chain", "Expects", "Patch"],
        "symjax.patches.rules": ["Updates", "on_key", "on_member", "on_path", "on_type", "on_value"],
        "symjax.placeholders": ["Placeholder"],
        "symjax.refs": ["Ref"],
        "symjax.search.algorithms.adapters.evosax": ["Evosax"],
        "symjax.search.algorithms.adapters.optuna": ["Optuna"],
        "symjax.search.algorithms.algorithm": ["Algorithm"],
        "symjax.search.algorithms.evolution.evolution": ["Evolution"],
        "symjax.search.algorithms.evolution.grouping": ["Grouped", "Paired"],
        "symjax.search.algorithms.evolution.mutators": [
            "Gaussian",
            "Polynomial",
            "Swap",
            "Uniform",
            "_Stepping",
        ],
        "symjax.search.algorithms.evolution.nsga2": ["NSGA2"],
        "symjax.search.algorithms.evolution.operation": [
            "Choice",
            "Concatenation",
            "Conditional",
            "Difference",
            "ElementWise",
            "Identity",
            "Intersection",
            "Inversion",
            "Lambda",
            "Operation",
            "Pipeline",
            "Power",
            "Repeat",
            "Slice",
            "SymmetricDifference",
            "Union",
            "UntilChange",
            "_Several",
        ],
        "symjax.search.algorithms.evolution.recombinators": [
            "Average",
            "Cycle",
            "KPoint",
            "Order",
            "PartiallyMapped",
            "Sample",
            "Segmented",
            "SimulatedBinary",
            "Uniform",
            "WeightedAverage",
            "_Permuting",
        ],
        "symjax.search.algorithms.evolution.regularized": ["RegularizedEvolution"],
        "symjax.search.algorithms.evolution.roles": ["Mutator", "Recombinator", "Selector"],
        "symjax.search.algorithms.evolution.selectors.drawn": ["Random", "Tournament"],
        "symjax.search.algorithms.evolution.selectors.ordered": ["Bottom", "First", "Last", "Sorted", "Top"],
        "symjax.search.algorithms.evolution.selectors.proportional": ["Proportional", "Sample", "Weighted"],
        "symjax.search.algorithms.evolution.selectors.sized": ["Sized"],
        "symjax.search.algorithms.guided.guided_evolution": ["GuidedEvolution"],
        "symjax.search.algorithms.hill_climbing": ["HillClimbing"],
        "symjax.search.algorithms.independent": ["Random"],
        "symjax.search.algorithms.sobol": ["Sobol"],
        "symjax.search.algorithms.sweep": ["Sweep"],
        "symjax.search.choices": ["Choice", "FloatV", "IntV", "ManyOf", "OneOf"],
        "symjax.search.searching.early_stopping.policy": ["AllOf", "AnyOf", "Negated", "Policy"],
        "symjax.search.searching.early_stopping.stepwise": ["ByRank", "ByValue", "Median"],
    }.items()
    for name in names
}


def is_base(name):
    """Whether a name is that of a base class in `adoption/`: nodes are of its subclasses."""
    return name.startswith("symjax.adoption.")


@pytest.mark.parametrize("record", TREES)
def test_a_tree_of_version_0_1_0_loads(record):
    assert sj.from_json(f'{{"format": 1, "tree": {record}}}') == TREES[record]()


@pytest.mark.parametrize("record", [record for record in TREES if "$type" in record])
def test_it_is_written_under_the_same_name_today(record):
    assert json.loads(sj.to_json(TREES[record]()))["tree"]["$type"] == json.loads(record)["$type"]


def test_names_are_a_promise():
    """A name that is missing here breaks files; a new class says here what it will be called for ever."""
    code = (
        "import symjax, symjax.patches, symjax.search; from symjax.names.symbols import symbol_names; "
        "print(*symbol_names())"
    )
    run = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    own = [name for name in run.stdout.split() if name.startswith("symjax.")]
    assert {name for name in own if not name.startswith(VIEWS) and not is_base(name)} == NAMES
