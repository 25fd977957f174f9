"""`swap_optimizer`: another optimizer with the same learning rate."""

from __future__ import annotations

from typing import Any

import optax as plain_optax

from symjax import optax
from symjax.core.errors import excerpt, nearest_first, unknown
from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.verbs.equality import eq
from symjax.verbs.tree import is_symbolic

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import arguments, has_role
from ...roles.optax_functions import CONTRIBUTED, OPTIMIZERS
from ...roles.settings import names_of, setting_test


@patcher
def swap_optimizer(tree: Any, to: str) -> LookingFor:
    """Replaces every optimizer by another one of Optax, and keeps its learning rate or schedule.

    An optimizer is what has the role ``'optimizer'``, see `symjax.role`: Optax's, alone, in a chain or
    wherever else they stand, and functions of one's own that are marked with it. Arguments that differ from
    the old optimizer's defaults and that the new one has too are kept (``b1``, ``weight_decay``, ``mask``,
    …); the rest are the new one's defaults, since an `eps` that is right for one need not be right for
    another. What stands around it in a chain stays. A configuration that names its optimizer
    (``config.optimizer = 'adam'``) gets the name.

    Schmidt, Schneider & Hennig, "Descending through a Crowded Valley", 2021, compare fifteen.

    Args:
        tree: The experiment.
        to: The name of an optimizer in `optax` or `optax.contrib` that takes a learning rate: ``adamw``,
            ``sgd``, ``lion``, ``muon``, …

    Raises:
        ValueError: There is no optimizer of this name; the message lists them, the nearest first.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> chain = optax.chain(optax.clip(1.0), optax.adam(1e-3, b1=0.8))
        >>> sj.patch(chain, 'swap_optimizer?lion')
        chain(args=(clip(max_delta=1.0), lion(learning_rate=0.001, b1=0.8)))
    """
    new = _optimizer(to)

    names = frozenset(_names())
    is_name = setting_test("optimizer")

    def rule(k: Path, v: Any, p: Any) -> Any:
        if isinstance(v, str) and v in names and is_name(k, p):
            return to
        if is_symbolic(v) and has_role(v, "optimizer") and type(v) is not new:
            return new(**_shared(v, new))
        return v

    what = (
        "optimizers that are symbolic (role 'optimizer'), such as those of symjax.optax, and names of "
        f"optimizers in settings called {names_of('optimizer')}"
    )
    return LookingFor(what, rule)


def _names() -> list[str]:
    """The optimizers that the installed Optax has."""
    names = [name for name in OPTIMIZERS if hasattr(plain_optax, name)]
    return [*names, *(name for name in CONTRIBUTED if hasattr(plain_optax.contrib, name))]


def _optimizer(name: str) -> Any:
    if name not in _names():
        listed = nearest_first(name, _names())
        raise ValueError(unknown("optimizer", excerpt(name), listed, "known optimizers"))
    return getattr(optax if name in OPTIMIZERS else optax.contrib, name)


def _shared(optimizer: Any, new: Any) -> dict[str, Any]:
    """The arguments that go along to another class of optimizers."""
    schema = schema_of(optimizer)
    defaults = {} if schema is None else schema.defaults
    fields = new.__symjax_schema__.fields
    return {
        name: argument.value
        for name, argument in arguments(optimizer, "optimizer").items()
        if name in fields
        and (
            name == "learning_rate"
            or argument.name not in defaults
            or not eq(argument.value, defaults[argument.name])
        )
    }
