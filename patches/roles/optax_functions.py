"""The roles of Optax's optimizers, transformations, schedules and losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import optax
import optax.contrib

from .marks import role

OPTIMIZERS: Final = (
    "adabelief",
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamaxw",
    "adamw",
    "adan",
    "amsgrad",
    "fromage",
    "lamb",
    "lars",
    "lion",
    "nadam",
    "nadamw",
    "novograd",
    "optimistic_adam_v2",
    "optimistic_gradient_descent",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
    "sign_sgd",
    "signum",
    "sm3",
    "yogi",
)
"""Optax's optimizers that take a ``learning_rate`` and no more than that; others need the loss or a key."""

CONTRIBUTED: Final = (
    "acprop",
    "ademamix",
    "adopt",
    "dadapt_adamw",
    "madgrad",
    "muon",
    "prodigy",
    "schedule_free_adamw",
    "schedule_free_sgd",
)
"""Those of `optax.contrib`."""

SCHEDULES: Final = (
    "constant_schedule",
    "cosine_decay_schedule",
    "cosine_onecycle_schedule",
    "exponential_decay",
    "join_schedules",
    "linear_onecycle_schedule",
    "linear_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polynomial_schedule",
    "sgdr_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
)
"""Optax's schedules: numbers as functions of the step."""

CLIPPINGS: Final[Mapping[str, str]] = {
    "adaptive_grad_clip": "clipping",
    "clip": "max_delta",
    "clip_by_block_rms": "threshold",
    "clip_by_global_norm": "max_norm",
}
"""Transformations that clip gradients, and what they call the ``limit``."""

CROSS_ENTROPIES: Final = (
    "safe_softmax_cross_entropy",
    "sigmoid_binary_cross_entropy",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
)
"""Losses of logits and labels, which are classes or probabilities."""

LOSSES: Final = (
    "convex_kl_divergence",
    "cosine_distance",
    "hinge_loss",
    "huber_loss",
    "kl_divergence",
    "l2_loss",
    "log_cosh",
    "poly_loss_cross_entropy",
    "sigmoid_focal_loss",
    "squared_error",
)
"""Other losses."""


def _mark() -> None:
    """Marks what the installed Optax has of these."""
    marks: list[tuple[object, str, tuple[str, ...], dict[str, str]]] = [
        *[(optax, name, ("optimizer",), {}) for name in OPTIMIZERS],
        *[(optax.contrib, name, ("optimizer",), {}) for name in CONTRIBUTED],
        *[(optax, name, ("schedule",), {}) for name in SCHEDULES],
        *[(optax, name, ("gradient_clipping",), {"limit": own}) for name, own in CLIPPINGS.items()],
        *[(optax, name, ("loss", "cross_entropy"), {}) for name in CROSS_ENTROPIES],
        *[(optax.losses, name, ("loss",), {}) for name in LOSSES],
        (optax, "sigmoid_binary_cross_entropy", ("binary_cross_entropy",), {}),
        (optax, "softmax_cross_entropy_with_integer_labels", ("integer_cross_entropy",), {}),
        (optax, "chain", ("chain",), {"transformations": "args"}),
        (optax, "MultiSteps", ("transformation",), {}),
        (
            optax,
            "MultiSteps",
            ("accumulation",),
            {"optimizer": "opt", "accumulation_steps": "every_k_schedule"},
        ),
        (optax, "GradientTransformation", ("transformation",), {}),
    ]
    for module, name, roles, members in marks:
        target = getattr(module, name, None)
        if target is not None:
            role(*roles, **members)(target)


_mark()
