"""Which float arguments of Flax and Optax are structure: those on which their Python control flow depends.

A float argument is a leaf by default. These are not, because Flax or Optax compare them in Python.
"""

from __future__ import annotations

STATIC: dict[str, tuple[str, ...]] = {
    "symjax.optax.exponential_decay": ("decay_rate",),
    "symjax.optax.warmup_exponential_decay_schedule": ("decay_rate",),
    "symjax.optax.warmup_cosine_decay_schedule": ("peak_value",),
    "symjax.optax.cosine_onecycle_schedule": ("pct_start", "div_factor", "final_div_factor"),
    "symjax.optax.linear_onecycle_schedule": (
        "pct_start",
        "pct_final",
        "div_factor",
        "final_div_factor",
    ),
    "symjax.optax.piecewise_constant_schedule": ("boundaries_and_scales",),
    "symjax.optax.piecewise_interpolate_schedule": ("boundaries_and_scales",),
    "symjax.optax.scale_by_sm3": ("b2",),
    "symjax.optax.sgdr_schedule": ("cosine_kwargs",),
    "symjax.optax.contrib.reduce_on_plateau": ("factor", "rtol", "atol"),
}
