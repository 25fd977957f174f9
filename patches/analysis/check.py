"""`check`: whether the models of an experiment fit together, before anything runs."""

from __future__ import annotations

import warnings
from typing import Any

from symjax.core.errors import at, relocate
from symjax.core.paths import Path
from symjax.core.tracebacks import caller_level, hiding_frames

from ..core.errors import PatchWarning
from ..outlines.calling import outline
from ..outlines.finding import models
from ..outlines.inputs import Inputs, inputs_of_call
from .emptiness import emptied


@hiding_frames
def check(tree: Any, /, *args: Any, **kwargs: Any) -> dict[Path, Any]:
    """Shape-checks the models of an experiment by abstract calls: nothing is computed, nothing compiled.

    Each model is called once as in evaluation and once as in training (see `symjax.apply`), or as its
    inputs say, as in ``check(exp, x, train=True)``. Patches inside of models are checked with them: what
    they were to change (`expects`, ``strict``) is counted here. A pooling or convolution whose window fits
    nowhere, so that what comes after computes with nothing, is warned of: JAX says nothing there.

    Args:
        tree: An experiment, or a model.
        *args: Example inputs, arrays or `jax.ShapeDtypeStruct`: the positional arguments of the one model;
            or `Inputs`; or a mapping of paths of models to inputs. By default what ``tree.example_inputs()``
            gives. Models without inputs are not checked.
        **kwargs: Arguments of the one model by name.

    Returns:
        Shapes and dtypes of the outputs of each model that was checked, by path.

    Raises:
        ValueError: No model, or no inputs, or they may be for several models.
        KeyError: Inputs for a path at which no model stands.
        PatchError: A patch inside of a model did not change what it had to.
        Exception: What a model raises, with a note that names the path of the layer at fault.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import linen as nn, patches
        >>> class Experiment(sj.Object):
        ...     model: nn.Module
        >>> exp = Experiment(nn.Sequential([nn.Dense(8), nn.Dense(10)]))
        >>> patches.check(exp, jax.ShapeDtypeStruct((2, 3), 'float32'))
        {Path('model'): ShapeDtypeStruct(shape=(2, 10), dtype=float32)}
    """
    inputs = inputs_of_call(tree, args, kwargs)
    standing = {model.path: model for model in models(tree)}
    return {path: _checked(standing[path], its_inputs) for path, its_inputs in inputs.items()}


def _checked(model: Any, inputs: Inputs) -> Any:
    """The outputs of a model in evaluation, or of the only call that its inputs allow."""
    try:
        first = outline(model, inputs)
        if first.program.trains is None:
            outline(model, inputs, train=True)
        empty = emptied(first.jaxpr().jaxpr)
    except Exception as error:
        relocate(error, model.path, f"{model}: {type(model.node).__name__} was called with {inputs!r}")
        raise
    if empty is not None:
        warnings.warn(
            f"the inputs {inputs!r} are too small for {model}: {empty} {at(model.path)}",
            PatchWarning,
            stacklevel=caller_level(),
        )
    return first.outputs
