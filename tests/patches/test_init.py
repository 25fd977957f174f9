"""What users import, and what files name."""

import json

import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches

# Trees as files have them that were written before the room had floors: these names stay.
SAVED = {
    """{"$type": "symjax.patches.patch.Chain", "rules": [
        {"$type": "symjax.patches.library.learning_rate.change_lr", "learning_rate": 0.1},
        {"$type": "symjax.patches.patch.Expects", "places": 3, "patch":
            {"$type": "symjax.patches.library.width.scale_width", "factor": 2.0}},
        {"$map": {"a": 1}}]}""": lambda: (
        patches.change_lr(0.1) | patches.scale_width(2.0).expects(3) | {"a": 1}
    ),
    """{"$type": "symjax.patches.rules.on_key", "regex": "a", "value": 1, "fn": null}""": lambda: (
        patches.on_key("a", 1)
    ),
    """{"$type": "symjax.patches.rules.on_key", "regex": "a", "fn": {"$ref": "jax.nn:gelu"},
        "value": {"$enum": ["symjax.patches.rules:Absent", "ABSENT"]}}""": lambda: patches.on_key(
        "a", fn=nn.gelu
    ),
    """{"$type": "symjax.patches.rules.on_path", "regex": "a", "value": null}""": lambda: patches.on_path(
        "a", None
    ),
    """{"$type": "symjax.patches.rules.on_value", "old": 1, "value": 2}""": lambda: patches.on_value(1, 2),
    """{"$type": "symjax.patches.rules.on_type", "kind": {"$ref": "symjax.linen:Dense"}, "value": 3}""": lambda: (
        patches.on_type(nn.Dense, 3)
    ),
    """{"$type": "symjax.patches.rules.on_member", "kind": {"$ref": "symjax.linen:Dense"},
        "name": "features", "value": 3}""": lambda: patches.on_member(nn.Dense, "features", 3),
    """{"$type": "symjax.patches.rules.Updates", "updates": {"$map": {"a": 2}}}""": lambda: patches.from_diff(
        sj.diff({"a": 1}, {"a": 2})
    ),
    """{"$type": "symjax.patches.library.separable_convolution.apply_sepconv"}""": patches.apply_sepconv,
    """{"$type": "symjax.patches.library.activation.swap_activation", "to": {"$ref": "jax.nn:gelu"}}""": lambda: (
        patches.swap_activation(nn.gelu)
    ),
    """{"$type": "symjax.patches.library.separable_convolution.SeparableConv", "features": 8,
        "kernel_size": [3, 3]}""": lambda: patches.SeparableConv(8, (3, 3)),
}


@pytest.mark.parametrize("saved", SAVED)
def test_files_of_today_load(saved):
    tree = SAVED[saved]()
    assert sj.from_json(json.dumps({"format": 1, "tree": json.loads(saved)})) == tree


@pytest.mark.parametrize("saved", SAVED)
def test_files_are_written_with_the_names_of_today(saved):
    def names(tree):
        return sorted(part for part in json.dumps(tree).split('"') if part.startswith("symjax.patches"))

    written = json.loads(sj.to_json(SAVED[saved](), hide_defaults=True))["tree"]
    assert set(names(written)) <= set(names(json.loads(saved)))
    assert written["$type"] == json.loads(saved)["$type"]


def test_dir_shows_public_names_only():
    assert dir(patches) == sorted(patches.__all__)
    assert all(hasattr(patches, name) for name in dir(patches))
