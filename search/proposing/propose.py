"""`propose`: what can be tuned in an experiment that its author never opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symjax.core.errors import brief
from symjax.core.paths import Path
from symjax.core.tracebacks import hiding_frames
from symjax.patches.core.foreign import no_tree
from symjax.verbs.query import contains, with_arity
from symjax.verbs.tree import items

from ..spaces.choice import Choice
from ..spaces.opening import space
from ..spaces.space import Space
from .calls import Calls
from .ideas import ideas
from .proposal import Proposal
from .survey import Survey
from .trying import tried


@hiding_frames
def propose(
    exp: Any,
    /,
    *inputs: Any,
    fn: Callable[[Any], Any] | None = None,
    where: Callable[..., bool] | None = None,
) -> Proposal:
    """Looks at an experiment, and proposes what to vary in it and how far. Nothing is computed or compiled.

    Floats go by their names and sizes: learning rates and other positive numbers vary log-uniformly
    around their value, rates of dropout and the like in [0, 1). Ints go by what they do, which abstract calls
    tell (`symjax.patches.effects`): widths, depths and heads vary in the ratios ½, 1 and 2, and stay
    divisible by what divided them. Activations vary among the usual ones. What has to stay equal is one
    decision, and a reference. Seeds, sizes of data and vocabularies, steps and guards of denominators stay; a
    table says why. Every two of the sizes and functions, at the ends of what is proposed, were called
    together.

    Where the layers of a model have no fields, as those made inside ``@compact`` in the model's code, patches
    are proposed instead: `scale_width` and `swap_activation`.

    Args:
        exp: The experiment, or a model. Choices in it stay as they are.
        *inputs: Example inputs of its models, as `symjax.patches.effects` takes them: arrays or
            `jax.ShapeDtypeStruct`, or one `Inputs`, or a mapping of paths of models to inputs. By default
            what ``exp.example_inputs()`` gives. Without any, the sizes of models stay.
        fn: A function of the experiment that JAX can trace, such as ``lambda exp: exp.run(key, data)``: it is
            called abstractly, too, and so shows what numbers do that are in no model of the tree, such as
            a configuration of which the function makes one; and which floats it can trace.
        where: Looks only at values for which it holds: ``where(v)``, ``where(v, p)`` or ``where(k, v, p)`` of
            path, value and what holds it.

    Returns:
        The proposal: ``proposal.space`` is the search space. It prints as a table.

    Raises:
        TypeError: Something without fields, such as a module of plain Flax, a class, or a space.
        ValueError: Inputs, and no model for them, or several.
        Exception: What a model or `fn` raises for the experiment as it is.

    Example:
        >>> import jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import linen as nn, optax, search
        >>> class Experiment(sj.Object):
        ...     model: nn.Module
        ...     optimizer: optax.GradientTransformation
        ...     seed: int = 0
        >>> exp = Experiment(nn.Sequential([nn.Dense(16), nn.relu, nn.Dense(3)]), optax.sgd(0.1))
        >>> print(search.propose(exp, jnp.ones((2, 8))))
        Proposal of 3 decisions, of up to 12 structures
        decision                  now   varied over               runs in   why
        model.layers[0].features  16    8, 16, 32                 programs  a width
        model.layers[1]           relu  relu, gelu, silu, tanh    programs  an activation
        optimizer.learning_rate   0.1   floatv(0.01, 1.0, 'log')  lanes     a learning rate
        left                      now  why
        model.layers[2].features  3    the task's: the outputs change their shape
        seed                      0    a seed: evaluate(…, repeats=n) runs several
    """
    _require_tree(exp)
    if fn is not None and not callable(fn):
        raise TypeError(
            f"fn is a function of the experiment, such as lambda exp: exp.run(key), got {brief(fn)}"
        )
    looked_at = _always if where is None else with_arity(where, ("v", "vp", "kvp"), "where")
    example = inputs[0] if len(inputs) == 1 else inputs or None
    calls = Calls.of(_decided(exp), example, fn)
    survey = Survey(exp, calls, looked_at)
    suggestions = survey.suggestions()
    further = ideas(calls, example, survey.lacks)
    together = tried(calls, [*suggestions, *further])
    return Proposal(survey.opened(together), tuple(together))


def _require_tree(exp: Any) -> None:
    """Refuses what has no fields that could be opened.

    Raises:
        TypeError: It has none; the message says what to write.
    """
    if isinstance(exp, Space):
        raise TypeError("this is a space already: give search.propose the experiment, space.tree")
    why = no_tree(exp)
    if why or items(exp) is None:
        advice = why or "give an experiment, a model, or a container of them"
        raise TypeError(f"search.propose sees no fields in {brief(exp)}: {advice}")


def _always(path: Path, value: Any, parent: Any) -> bool:
    return True


def _decided(exp: Any) -> Any:
    """The experiment with the first candidate of each choice that is open already: it can be called."""
    if not contains(exp, type=Choice):
        return exp
    own = space(exp)
    return own.decode(own.of([choice.least() for choice in own.choices]))
