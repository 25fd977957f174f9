"""Dropout: its rate, and where there is none yet."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Lt

from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.conventional import AutoDropout
from ...interior.inserting import insert, inserts
from ...interior.layers import layers
from ...roles.editing import is_flax_layer, updated, values
from ...roles.marks import has_role


@patcher
def set_dropout(tree: Any, rate: Annotated[float, Ge(0), Lt(1)]) -> Any:
    """Sets the rate of every dropout, that of attention included where it drops anything.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 4.

    Args:
        tree: The experiment.
        rate: The share that is dropped.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dropout(0.5), nn.Dense(8)], 'set_dropout?0.1')[0].rate
        0.1
    """

    def rule(k: Path, v: Any) -> Any:
        new = updated(v, "dropout", rate=rate)
        drops = values(v, "attention").get("dropout_rate", 0.0)
        if type(drops) in (int, float) and drops == 0:  # it is called by code that says nothing of training
            return new
        return updated(new, "attention", dropout_rate=rate)

    return layers(rule)


@patcher
def add_dropout(
    tree: Any,
    rate: Annotated[float, Ge(0), Lt(1)] = 0.1,
    before: Literal["dense", "convolution", "attention"] = "dense",
) -> Any:
    """Adds dropout of the inputs of every layer of a role.

    It drops where `apply` gets a ``dropout`` key, and does nothing otherwise: the experiment that calls the
    model need not say whether it trains.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 4.

    Args:
        tree: The experiment.
        rate: The share that is dropped.
        before: The role.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> x = jax.numpy.ones((1, 4))
        >>> model = sj.patch(nn.Sequential([nn.Dense(1, use_bias=False)]), 'add_dropout?0.5')
        >>> variables = jax.tree.map(jax.numpy.ones_like, model.init(jax.random.key(0), x))
        >>> model.apply(variables, x).item()
        4.0
        >>> model.apply(variables, x, rngs={'dropout': jax.random.key(3)}).item() % 2
        0.0
    """
    new = AutoDropout(rate)

    def rule(k: Path, v: Any, p: Any) -> Any:
        asked = has_role(v, before) and is_flax_layer(v) and not inserts(p, new)
        return insert(v, before=(new,)) if asked else v

    return layers(rule)
