"""`change_dtype`: computing in another precision than that of the parameters."""

from __future__ import annotations

from typing import Any, Final, Literal

import jax.numpy as jnp
import numpy as np

from symjax.core.leaves import is_dtype
from symjax.core.paths import Path
from symjax.core.schema import schema_of

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...interior.layers import layers
from ...roles.marks import has_role
from ...roles.settings import names_of, setting_test

Precision = Literal["bfloat16", "float16", "float32", "float64"]
_DTYPES: Final = {name: getattr(jnp, name) for name in ("bfloat16", "float16", "float32", "float64")}
# What is called a dtype there is not what a model computes in.
_OTHERS: Final = ("dataset", "transformation", "schedule", "loss")


@patcher
def change_dtype(tree: Any, dtype: Precision = "bfloat16", param_dtype: Precision = "float32") -> LookingFor:
    """Computes in one precision, and keeps the parameters in another: mixed precision.

    Micikevicius et al., "Mixed Precision Training", 2018, section 3.1; bfloat16, which needs no scaling of
    the loss, Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", 2019. Layers get their
    ``dtype`` and ``param_dtype``, whatever a role calls these (see `symjax.role`) and wherever the layers
    stand: in fields, or made inside a model. So do modules and configurations with fields that are called
    so, and booleans such as ``config.use_bfloat16``.

    Flax's normalizations compute means and variances in float32 all the same. The outputs have the
    dtype of the last layer: a loss in bfloat16 is coarse, and Optax's are computed in what they are given.

    Args:
        tree: The experiment.
        dtype: What layers compute in.
        param_dtype: What parameters are kept in; a precision lower than `dtype` loses small updates.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> layer = sj.patch(nn.Dense(8), 'change_dtype?bfloat16')
        >>> variables = layer.init(jax.random.key(0), jnp.ones((1, 4)))
        >>> layer.apply(variables, jnp.ones((1, 4))).dtype.name, variables['params']['kernel'].dtype.name
        ('bfloat16', 'float32')
    """
    new = {"dtype": _DTYPES[dtype], "param_dtype": _DTYPES[param_dtype]}

    tests = {name: setting_test(name) for name in new}
    is_mixed = setting_test("mixed_precision")

    def rule(k: Path, v: Any, p: Any) -> Any:
        if isinstance(v, bool) and is_mixed(k, p):
            return dtype != "float32"
        for name, is_dtype_of in tests.items():
            if is_dtype_of(k, p) and _computes(p):
                return _as_before(v, new[name])
        return v

    what = (
        f"dtypes of layers, models and configurations that are called {names_of('dtype')} or "
        f"{names_of('param_dtype')}, and booleans called {names_of('mixed_precision')}"
    )
    return LookingFor(what, layers(rule))


def _as_before(old: Any, new: Any) -> Any:
    """The new dtype, in the notation of the old one; what is no dtype of floats stays."""
    if isinstance(old, str):
        return np.dtype(new).name if old in _DTYPES else old
    is_float = old is None or (is_dtype(old) and jnp.issubdtype(old, jnp.floating))
    return new if is_float and not _same(old, new) else old


def _same(old: Any, new: Any) -> bool:
    return is_dtype(old) and bool(jnp.dtype(old) == jnp.dtype(new))


def _computes(holder: Any) -> bool:
    """Whether what holds a dtype may be a model or its configuration; initializers and data are not."""
    schema = schema_of(holder)
    is_function = schema is not None and schema.kind in ("function", "optimizer")
    return not is_function and not has_role(holder, *_OTHERS)
