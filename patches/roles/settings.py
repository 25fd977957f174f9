"""Settings of training ("the batch size"), wherever an experiment or a configuration keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from symjax.core.leaves import is_leaf
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.walk import walk

from .marks import names_given_to, own_names

USUAL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "learning_rate": (
        "learning_rate",
        "lr",
        "base_learning_rate",
        "base_lr",
        "peak_learning_rate",
        "peak_lr",
    ),
    "schedule": ("schedule", "lr_schedule", "learning_rate_schedule", "schedule_name"),
    "warmup_steps": ("warmup_steps", "num_warmup_steps", "lr_warmup_steps"),
    "optimizer": ("optimizer", "optimizer_name", "optim", "opt"),
    "weight_decay": ("weight_decay", "weight_decay_rate", "decoupled_weight_decay"),
    "clip_norm": (
        "clip_norm",
        "grad_clip",
        "grad_clip_norm",
        "gradient_clip",
        "gradient_clip_norm",
        "gradient_clipping",
        "max_grad_norm",
        "max_gradient_norm",
        "clip_grad_norm",
    ),
    "clip_value": ("clip_value", "grad_clip_value", "gradient_clip_value", "clip_grad_value"),
    "accumulation_steps": (
        "accumulation_steps",
        "accum_steps",
        "grad_accum_steps",
        "gradient_accumulation",
        "gradient_accumulation_steps",
        "num_accumulation_steps",
    ),
    "average_decay": ("ema_decay", "ema_rate", "polyak_decay", "average_decay", "param_ema_decay"),
    "label_smoothing": ("label_smoothing", "label_smoothing_factor", "label_smooth"),
    "batch_size": (
        "batch_size",
        "train_batch_size",
        "global_batch_size",
        "per_device_batch_size",
        "per_device_train_batch_size",
    ),
    "seed": ("seed", "random_seed", "rng_seed", "prng_seed"),
    "epochs": ("epochs", "num_epochs", "n_epochs", "train_epochs", "num_train_epochs"),
    "steps": (
        "steps",
        "num_steps",
        "train_steps",
        "num_train_steps",
        "training_steps",
        "num_training_steps",
        "total_steps",
        "max_steps",
    ),
    "dtype": ("dtype", "compute_dtype", "computation_dtype", "activation_dtype"),
    "param_dtype": ("param_dtype", "weight_dtype", "params_dtype"),
    "mixed_precision": (
        "mixed_precision",
        "use_mixed_precision",
        "half_precision",
        "use_bfloat16",
        "bfloat16",
    ),
    "decoder_only": ("decoder_only", "is_decoder_only"),
    "remat": ("remat", "use_remat", "gradient_checkpointing", "use_gradient_checkpointing", "checkpointing"),
    "dataset": ("dataset", "dataset_name", "data", "task", "task_name"),
    "classes": (
        "classes",
        "num_classes",
        "n_classes",
        "num_labels",
        "n_labels",
        "num_outputs",
        "output_dim",
    ),
    "vocabulary": (
        "vocab_size",
        "vocabulary_size",
        "output_vocab_size",
        "input_vocab_size",
        "num_embeddings",
        "vocab",
    ),
}
"""What people call the settings of training, in experiments, configurations and Optax's arguments."""


def setting_test(setting: str) -> Callable[[Path, object], bool]:
    """A test of whether a value is a certain setting: by the roles of what holds it, or by its usual name.

    Args:
        setting: One of `USUAL_NAMES`.

    Returns:
        A function of the path of a value, whose last key is its name, and of what holds it. A role that
        names the setting, ``sj.role('experiment', batch_size='examples')``, says which of the holder's
        arguments it is; the usual names count no longer there. What is marked later than this call does not
        count.

    Example:
        >>> import symjax as sj
        >>> is_decay = setting_test('weight_decay')
        >>> is_decay(sj.Path(['config', 'wd']), None), is_decay(sj.Path(['config', 'weight_decay']), None)
        (False, True)
    """
    usual = USUAL_NAMES[setting]
    candidates = frozenset(usual) | names_given_to(setting)

    def test(path: Path, parent: object) -> bool:
        key = path.key  # most values are told by it alone: 0.9 walks of a tree, not 5.5
        return key in candidates and key in (own_names(parent, setting) or usual)

    return test


def settings(tree: Any, setting: str) -> dict[Path, Any]:
    """All places of a tree that hold a setting, with their values.

    Args:
        tree: The experiment.
        setting: One of `USUAL_NAMES`.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> settings({'optimizer': optax.adamw(1e-3), 'wd': 0.1}, 'weight_decay')
        {Path('optimizer.weight_decay'): 0.0001}
    """
    test = setting_test(setting)
    return {path: value for path, value, parent in walk(tree) if test(path, parent)}


def names_of(setting: str) -> str:
    """The usual names of a setting, for messages."""
    return ", ".join(USUAL_NAMES[setting])


def is_number(value: object) -> bool:
    """Whether a float setting can stand here: a number, or the choice of one.

    Example:
        >>> [is_number(value) for value in (0.1, 1, True, None, 'auto')]
        [True, True, False, False, False]
    """
    return (isinstance(value, int | Placeholder) and not isinstance(value, bool)) or is_leaf(value)


def is_count(value: object) -> bool:
    """Whether an integer setting can stand here: an integer, or the choice of one.

    Example:
        >>> [is_count(value) for value in (3, 0.1, True, None)]
        [True, False, False, False]
    """
    return isinstance(value, int | Placeholder) and not isinstance(value, bool)
