"""The names that stand in files since version 0.1.0: wherever a class has moved since, they lead to it."""

import json
import subprocess
import sys

import pytest

import symjax as sj
from symjax import linen, nnx, optax, search
from symjax.search.spaces.choices import Choice

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
# The library's own classes of which nodes are saved, by name.
NAMES = {
    "symjax.refs.Ref",
    "symjax.placeholders.Placeholder",
    "symjax.search.choices.Choice",
    "symjax.search.choices.OneOf",
    "symjax.search.choices.FloatV",
    "symjax.patches.patch.Patch",
    "symjax.patches.patch.Chain",
    "symjax.patches.patch.Expects",
    *(f"symjax.patches.rules.{name}" for name in ("on_key", "on_member", "on_path", "on_type", "on_value")),
    "symjax.patches.rules.Updates",
    "symjax.patches.Assignments",
    "symjax.patches.library.activation.swap_activation",
    "symjax.patches.inside.built.reaching",
    "symjax.patches.inside.built.updating",
    "symjax.patches.library.learning_rate.change_lr",
    *(
        f"symjax.patches.library.training.{name}"
        for name in (
            "averaging.average_parameters",
            "averaging.parameter_average",
            "batch_size.change_batch_size",
            "dataset.change_dataset",
            "encoder.remove_encoder",
            "gradients.accumulate_gradients",
            "gradients.accumulated",
            "gradients.clip_gradients",
            "loss.smooth_labels",
            "loss.smoothed",
            "optimizer.swap_optimizer",
            "precision.change_dtype",
            "remat.Rematerialized",
            "remat.apply_remat",
            "run_length.change_epochs",
            "run_length.change_seed",
            "run_length.change_steps",
            "schedule.change_schedule",
            "schedule.inverse_sqrt_schedule",
            "weight_decay.change_weight_decay",
            "weight_decay.decayed",
        )
    ),
    "symjax.patches.library.width.scale_width",
    "symjax.patches.library.separable_convolution.apply_sepconv",
    "symjax.patches.library.separable_convolution.SeparableConv",
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
