"""`transplant`: the trained weights of a model in another one that a patch has made of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.errors import brief, relocate
from symjax.core.paths import Path
from symjax.core.tracebacks import hiding_frames

from ..outlines.calling import Outline, outline
from ..outlines.finding import Model, is_nnx, models
from ..outlines.inputs import Inputs, inputs_of_call
from .alignment import Names, aligned
from .axes import model_axes
from .identities import NEW, Fate, Trial, Values, Variable, drawn, leaves_by_path, with_identities
from .rules.values import SCAN
from .uses import uses_of
from .widening import NotWidened, Widening


@dataclass(frozen=True)
class Transplant:
    """The variables of a new model, and what they have in common with the old model's.

    Attributes:
        variables: By collection as `symjax.apply` takes them, or an NNX module that is built.
        report: What became of each variable.
        difference: How far the outputs are from the old model's on some numbers drawn at random: the largest
            difference, divided by the largest output, before noise is added. Of outputs that have grown, as
            by new classes, the first are compared; infinite where they have other shapes, or are no numbers.
        changed: Where the function is not preserved, the innermost layers of a Linen model whose outputs
            are not the old ones, repeated where they are wider: their paths in the new model, in the order
            of calls.
        tolerance: Up to what difference the function counts as preserved.
    """

    variables: Any
    report: tuple[Variable, ...]
    difference: float
    changed: tuple[Names, ...]
    tolerance: float

    @property
    def preserved(self) -> bool:
        """Whether the new model computes what the old one does."""
        return self.difference <= self.tolerance

    def of(self, fate: Fate) -> tuple[Variable, ...]:
        """The variables that have met a fate."""
        return tuple(variable for variable in self.report if variable.fate == fate)

    def __str__(self) -> str:
        lines = [f"{'/'.join(v.path)}: {v.fate}{f' ({v.note})' if v.note else ''}" for v in self.report]
        kept = "preserved" if self.preserved else "not preserved"
        by = (
            f"differ by {self.difference:.1e}"
            if self.difference < math.inf
            else "are no numbers, or of other shapes"
        )
        lines.append(f"The function is {kept}: outputs {by}.")
        if self.changed:
            first = "/".join(self.changed[0]) or "the model"
            lines.append(
                f"The first layer whose outputs are others is {first}; in all {len(self.changed)} are."
            )
        return "\n".join(lines)


@hiding_frames
def transplant(
    old: Any,
    new: Any,
    params: Any,
    /,
    *args: Any,
    key: jax.Array | None = None,
    noise: float = 0.0,
    tolerance: float = 1e-5,
    **kwargs: Any,
) -> Transplant:
    """Carries the trained weights of a model over to one that patches have made of it.

    A variable is carried over where its path and shape agree. Where a width has grown by an integer factor,
    it is repeated, interleaved, on each axis that has grown, and divided by the factor where a product sums
    over that axis: the function stays the same, through convolutions, residual sums, normalizations and
    flattening. Where modules of a numbered name have become more, the old ones are found by their shapes,
    and what the new ones add is set to zero, layer by layer from behind, as far as is needed for the
    function to stay the same. The rest is initialized. Whether the function is preserved is then tried, on
    random numbers.

    Chen, Goodfellow & Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016; the zeros are
    those of Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 5.1.

    Args:
        old: The experiment, or model, that was trained.
        new: The one that goes on.
        params: The variables of the old model by collection, as `symjax.init` gives them, or its parameters
            alone; of an NNX model, the module.
        *args: Example inputs, arrays or `jax.ShapeDtypeStruct`: the positional arguments of the one model;
            or `Inputs`; or a mapping of its path to inputs. By default what ``new.example_inputs()`` gives.
        key: What is initialized is drawn from it; by default ``jax.random.key(0)``.
        noise: Repeated weights learn alike for ever, unless something tells them apart: normal noise of this
            size is added to what is repeated, in units of its standard deviation.
        tolerance: Up to what difference of the outputs the function counts as preserved.
        **kwargs: Arguments of the model by name.

    Returns:
        The variables, in the form of `params`; and what became of each, and of the function.

    Raises:
        ValueError: No model, or no inputs, or several models; `params` that are not the old model's.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import linen as nn, patches
        >>> old, x = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(3)]), jax.numpy.ones((2, 4))
        >>> variables = sj.init(old, jax.random.key(0), x)
        >>> new = sj.patch(old, 'scale_width?2')
        >>> result = patches.transplant(old, new, variables, x)
        >>> result.preserved, result.variables['params']['layers_2']['kernel'].shape
        (True, (16, 3))
    """
    inputs = inputs_of_call(new, args, kwargs)
    if len(inputs) > 1:
        raise ValueError(
            f"one model is transplanted at a time, and there are inputs for {', '.join(map(str, inputs))}"
        )
    ((path, example),) = inputs.items()
    key = jax.random.key(0) if key is None else key
    before = _outlined(old, path, example)
    after = _outlined(new, path, example)
    known, bare = _collections(before, params)
    plan = _Plan(before, after, known, key, noise)
    values, report = plan.variables()
    trial = Trial(before, after, known)
    difference = trial.difference(values)
    if not difference <= tolerance:
        values, report = with_identities(trial, values, report, plan.stacked, tolerance)
        difference = trial.difference(values)
    changed: tuple[Names, ...] = ()
    if not difference <= tolerance:
        changed = trial.changed(values, plan.origins, max(tolerance, _LAYER_TOLERANCE))
    variables = trial.nested(plan.noisy(values, report) if noise else values)
    shown: Any = variables["params"] if bare else variables
    if is_nnx(params):
        from ..outlines.nnx_calling import module_with  # NNX is slow to import

        shown = module_with(after.model.node, variables)
    return Transplant(shown, tuple(report.values()), difference, changed, tolerance)


_LAYER_TOLERANCE = 1e-4  # what single layers give may be a small difference of large numbers


def _outlined(tree: Any, path: Path, inputs: Inputs) -> Outline:
    standing: dict[Path, Model] = {model.path: model for model in models(tree)}
    if path not in standing:
        raise ValueError(f"no model stands at {str(path) or 'the root'} in the old tree and in the new one")
    try:
        return outline(standing[path], inputs)
    except Exception as error:
        relocate(error, path, f"{standing[path]} was called with {inputs!r}")
        raise


def _collections(before: Outline, params: Any) -> tuple[dict[str, Any], bool]:
    """The variables of the old model by collection, and whether parameters were given alone."""
    if is_nnx(params):
        from ..outlines.nnx_calling import collections_of  # NNX is slow to import

        return collections_of(params), False
    if not isinstance(params, Mapping):
        raise TypeError(f"expected the variables of the old model, got {brief(params)}")
    bare = "params" not in params
    variables = {"params": params} if bare else dict(params)
    absent = [name for name in before.variables if name not in variables]
    if absent:
        raise ValueError(
            f"the old model has the collections {', '.join(before.variables)}; of these params lack "
            f"{', '.join(absent)}"
        )
    return {name: flax.linen.unbox(variables[name]) for name in variables}, bare


class _Plan:
    """What is to become of the variables of two models; see `transplant`."""

    def __init__(
        self, before: Outline, after: Outline, known: Mapping[str, Any], key: jax.Array, noise: float
    ) -> None:
        self.after, self.key, self.noise = after, key, noise
        self.known = leaves_by_path(known)
        shapes = {path: leaf.shape for path, leaf in leaves_by_path(before.variables).items()}
        wrong = [
            path for path, shape in shapes.items() if getattr(self.known.get(path), "shape", None) != shape
        ]
        if wrong:
            raise ValueError(f"these are not the variables of the old model: see {'/'.join(wrong[0])}")
        self.shapes = {path: leaf.shape for path, leaf in leaves_by_path(after.variables).items()}
        self.origins = aligned(shapes, self.shapes)
        self.stacked: dict[Names, int] = {}  # of loops that have got longer, how many turns are old
        axes = model_axes(before), model_axes(after)
        self.widening = Widening(*axes)
        # By position: both name their variables in the order of the tree, each in its own way.
        self.old_axes = dict(zip(shapes, axes[0].parameters.values(), strict=True))
        self.new_axes = dict(zip(self.shapes, axes[1].parameters.values(), strict=True))

    @functools.cached_property
    def fresh(self) -> dict[Names, Any]:
        """The variables of a new model that is initialized."""
        return leaves_by_path(jax.jit(self.after.program.init)(self.key, drawn(self.after.inputs)))

    @functools.cached_property
    def sums(self) -> dict[Names, list[frozenset[int]]]:
        """The axes over which products sum, for each use of each variable."""
        uses = uses_of(self.after.jaxpr().jaxpr)
        return {path: uses.get(number, []) for number, path in enumerate(self.shapes)}

    def variables(self) -> tuple[Values, dict[Names, Variable]]:
        """The variables of the new model, and what became of them, by path."""
        values, report = {}, {}
        for path in self.shapes:
            values[path], report[path] = self._variable(path)
        return values, report

    def _variable(self, path: Names) -> tuple[Any, Variable]:
        origin = self.origins.get(path)
        if origin is None:
            return self.fresh[path], Variable(path, "initialized", NEW)
        value, note = self.known[origin], "" if origin == path else f"from {'/'.join(origin[1:])}"
        if value.shape == self.shapes[path]:
            return value, Variable(path, "carried", note)
        if value.ndim != len(self.shapes[path]):
            return self.fresh[path], Variable(path, "initialized", "it has other axes")
        return self._resized(path, origin, value)

    def _resized(self, path: Names, origin: Names, value: Any) -> tuple[Any, Variable]:
        """A variable of another shape, from the old one."""
        kept, notes = [], []
        for axis, (before, after) in enumerate(zip(value.shape, self.shapes[path], strict=True)):
            if before == after:
                continue
            try:
                index = self.widening.index(self.old_axes[origin][axis], self.new_axes[path][axis])
            except NotWidened as why:
                note = f"axis {axis} was {before} and is {after}: {why}"
                if after < before or not why.pinned:
                    return self.fresh[path], Variable(path, "initialized", note)
                if axis == 0 and str(why) == SCAN:
                    self.stacked[path] = before
                kept.append(axis)
                notes.append(note)
                continue
            value = jnp.take(value, index, axis)
            summed = {axis in use for use in self.sums[path]}
            if summed == {True, False}:
                notes.append(f"axis {axis} is summed over where it is used, and looked up elsewhere")
            elif summed == {True}:
                counts = np.bincount(index)[index].astype(value.dtype)
                value = value / jnp.expand_dims(counts, [a for a in range(value.ndim) if a != axis])
        if kept:
            corner = tuple(slice(size) for size in value.shape)
            return self.fresh[path].at[corner].set(value), Variable(path, "extended", "; ".join(notes))
        return value, Variable(path, "widened", "; ".join(notes))

    def noisy(self, values: Values, report: Mapping[Names, Variable]) -> Values:
        """The variables, with noise in parameters that repeat others."""
        noisy = dict(values)
        for number, (path, value) in enumerate(values.items()):
            if path[0] == "params" and report[path].fate in ("widened", "extended"):
                noise = jax.random.normal(jax.random.fold_in(self.key, number), value.shape, value.dtype)
                noisy[path] = value + self.noise * value.std() * noise
        return noisy
