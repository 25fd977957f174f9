"""`smooth_labels`: targets that are a little less sure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import jax
import jax.numpy as jnp
from annotated_types import Ge, Lt

from symjax.adoption.symbolize import symbolize
from symjax.core.paths import Path

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import has_role, makes_role, role
from ...roles.settings import is_number, names_of, setting_test, settings


@role("loss", "smoothed_loss", label_smoothing="alpha")
@symbolize
def smoothed(
    loss: Callable[..., Any], alpha: Annotated[float, Ge(0), Lt(1)], logits: Any, labels: Any, **options: Any
) -> Any:
    """A cross entropy whose labels are mixed with the uniform distribution.

    The cross entropy is linear in the labels: this is ``(1 - alpha) · loss(labels)`` and ``alpha`` times
    the loss of the uniform distribution.

    Args:
        loss: A cross entropy of logits and labels.
        alpha: The share of the uniform distribution, in [0, 1).
        logits: ``[..., classes]``; ``[...]`` for a binary cross entropy.
        labels: Probabilities of the logits' shape, or classes ``int[...]``.
        **options: Further arguments of the loss.

    Returns:
        What the loss returns.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import optax
        >>> loss = smoothed(optax.softmax_cross_entropy_with_integer_labels, 0.1)
        >>> logits, labels = jnp.array([[2.0, 0.0, 1.0]]), jnp.array([0])
        >>> targets = optax.smooth_labels(jax.nn.one_hot(labels, 3), 0.1)
        >>> bool(jnp.allclose(loss(logits, labels), optax.softmax_cross_entropy(logits, targets)))
        True
    """
    logits, labels = jnp.asarray(logits), jnp.asarray(labels)
    sure = loss(logits, labels, **options)
    return (1 - alpha) * sure + alpha * _of_uniform(loss, logits, labels, options)


def _of_uniform(
    loss: Callable[..., Any], logits: jax.Array, labels: jax.Array, options: dict[str, Any]
) -> Any:
    """The loss of labels that are uniformly distributed."""
    if _is(loss, "binary_cross_entropy"):
        return loss(logits, jnp.full(labels.shape, 0.5, logits.dtype), **options)
    classes = logits.shape[options.get("axis", -1)]
    if labels.ndim == logits.ndim:
        return loss(logits, jnp.full(labels.shape, 1 / classes, logits.dtype), **options)
    if _is(loss, "integer_cross_entropy") and not options:  # of all classes at once, in closed form
        return jax.nn.logsumexp(logits, -1) - logits.mean(-1)
    losses: Any = jax.vmap(lambda label: loss(logits, jnp.full_like(labels, label), **options))
    return losses(jnp.arange(classes, dtype=labels.dtype)).mean(0)


_smoothed: Any = smoothed  # which type checkers take for the function, whose arguments are all required


@patcher
def smooth_labels(tree: Any, alpha: Annotated[float, Ge(0), Lt(1)]) -> LookingFor:
    """Mixes the labels of a cross entropy with the uniform distribution: label smoothing.

    Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, section 7; in
    translation Vaswani et al., "Attention Is All You Need", 2017, section 5.4.

    A loss that stands in a field (role ``'cross_entropy'``, see `symjax.role`: Optax's, and functions of
    one's own that are marked) becomes a `smoothed` one, which is called in the same way; a setting called
    ``label_smoothing`` is set. A loss that a method calls by its name is no value of the tree, and is not
    seen: give it a field.

    Args:
        tree: The experiment.
        alpha: The share of the uniform distribution, in [0, 1).

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> sj.patch({'loss': optax.softmax_cross_entropy}, 'smooth_labels?0.1')['loss'].alpha
        0.1
        >>> sj.patch({'label_smoothing': 0.0}, 'smooth_labels?0.1')
        {'label_smoothing': 0.1}
    """
    is_smoothing = setting_test("label_smoothing")

    def rule(k: Path, v: Any, p: Any) -> Any:
        if (v is None or is_number(v)) and is_smoothing(k, p):
            return alpha
        if (
            not callable(v)
            or not _is(v, "cross_entropy")
            or has_role(p, "smoothed_loss")
            or settings(v, "label_smoothing")
        ):
            return v
        return _smoothed(loss=v, alpha=alpha)

    what = (
        "losses in fields (role 'cross_entropy'; those that a method calls by their names are not seen) and "
        f"settings called {names_of('label_smoothing')}"
    )
    return LookingFor(what, rule)


def _is(loss: object, name: str) -> bool:
    """Whether a loss has a role; a loss of symjax.optax without arguments is the class of its nodes."""
    return has_role(loss, name) or makes_role(loss, name)
