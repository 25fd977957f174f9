"""Whether a model computes what another does; and new layers that leave what goes through them as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np

from symjax.adoption.linen.applying import Call, linen_module

from ..outlines.calling import Outline
from ..outlines.inputs import Inputs
from .alignment import Names

Fate: TypeAlias = Literal["carried", "widened", "extended", "initialized"]
"""What became of a variable: it is the old one; that, repeated; that, with new entries; it is new."""

Values: TypeAlias = dict[Names, Any]
"""Variables by path: the collection, then names."""

NEW: Final = "new"
ZERO: Final = "set to zero"
IDENTITY: Final = "set to the identity"


class Variable(NamedTuple):
    """What became of a variable of the new model.

    Attributes:
        path: Its collection, and its path there.
        fate: What became of it.
        note: From where it came, if from another path; why it is new.
    """

    path: Names
    fate: Fate
    note: str = ""


class Trial:
    """Two models, tried on the same random numbers.

    Args:
        before: The old model.
        after: The new one.
        known: The variables of the old one, by collection.
    """

    def __init__(self, before: Outline, after: Outline, known: Mapping[str, Any]) -> None:
        self.before, self.after, self.known = before, after, known
        self.arrays = drawn(after.inputs)
        self.paths = list(leaves_by_path(after.variables))

    def nested(self, values: Values) -> Any:
        """Variables in the structure of the new model."""
        structure = jax.tree.structure(self.after.variables)
        return jax.tree.unflatten(structure, [values[path] for path in self.paths])

    @functools.cached_property
    def _reference(self) -> list[Any]:
        reference: list[Any] = jax.jit(self._numbers(self.before))(self.known)
        return reference

    @functools.cached_property
    def _compiled(self) -> Callable[[Any], list[Any]]:
        return jax.jit(self._numbers(self.after))

    def _numbers(self, outline: Outline) -> Callable[[Any], list[Any]]:
        """The floating-point numbers that a model gives, as a function of its variables."""

        def run(variables: Any) -> list[Any]:
            outputs, _ = outline.program.apply(variables, jax.random.key(0), self.arrays, outline.train)
            return [leaf for leaf in jax.tree.leaves(outputs) if jnp.issubdtype(leaf.dtype, jnp.inexact)]

        return run

    def difference(self, values: Values) -> float:
        """The largest difference of the outputs, divided by the largest output."""
        return _difference(self._reference, self._compiled(self.nested(values)))

    def changed(self, values: Values, origins: Mapping[Names, Names], tolerance: float) -> tuple[Names, ...]:
        """The innermost layers whose outputs are not the old ones, repeated where they are wider.

        Args:
            values: The variables of the new model.
            origins: The old paths of its variables.
            tolerance: Up to what difference the outputs of a layer count as the old ones.

        Returns:
            Paths in the new model, in the order of calls; none of a model that is not Linen's.
        """
        if self.after.model.kind != "linen" or self.before.model.kind != "linen":
            return ()
        old = self._layers(self.before, self.known)
        new = self._layers(self.after, self.nested(values))
        former = {path[1:-1]: origin[1:-1] for path, origin in origins.items()}
        pairs = [(path, former.get(path, path)) for path in self.after.layers if path in new]
        changed = [a for a, b in pairs if b in old and _repeats(old[b], new[a]) > tolerance]
        around = {path[:depth] for path in changed for depth in range(len(path))}
        return tuple(path for path in changed if path not in around)

    def _layers(self, outline: Outline, variables: Any) -> dict[Names, Any]:
        """What the layers of a Linen model give, by path."""
        module = linen_module(outline.model.node)

        def run(variables: Any, arrays: Any) -> Any:
            call = Call(*outline.inputs.filled(arrays), outline.inputs.method)
            _, collections = module.apply(
                variables,
                *call.args,
                rngs={"params": jax.random.key(0)},
                method=call.method,
                mutable=["intermediates"],
                capture_intermediates=True,
                **call.kwargs,
                **call.flags(module, outline.train),
            )
            return collections.get("intermediates", {})

        leaves = leaves_by_path(jax.jit(run)(variables, self.arrays))
        return {path[:-2]: leaf for path, leaf in leaves.items() if path[-2:] == ("__call__", "0")}


def with_identities(
    trial: Trial,
    values: Values,
    report: dict[Names, Variable],
    stacked: Mapping[Names, int],
    tolerance: float,
) -> tuple[Values, dict[Names, Variable]]:
    """Lets the new layers of a model leave what goes through them as it is, if that preserves its function.

    All that is new is set to zero; then layer by layer, in the order of their calls, it is initialized
    again as long as the function stays the same, so that of each branch only the last layer is zero, and
    all learn. Where zeros do not help, the kernels of new dense layers are tried as the identity.

    Args:
        trial: The two models.
        values: The variables of the new one.
        report: What became of them.
        stacked: Of variables of a loop that has got longer, how many turns are old.
        tolerance: Up to what difference the function counts as preserved.

    Returns:
        Variables and report, unchanged where nothing helps.
    """
    new = [path for path, variable in report.items() if variable.note == NEW or path in stacked]
    new = [path for path in new if path[0] == "params"]
    for change, note in ((_zero, ZERO), (_eye, IDENTITY)):
        tried = {**values, **{path: _changed(values[path], change, stacked.get(path, 0)) for path in new}}
        if not new or not trial.difference(tried) <= tolerance:
            continue
        needed = set(new)
        for layer in _in_order(trial.after, new) if change is _zero else ():
            again = {**tried, **{path: values[path] for path in layer}}
            if trial.difference(again) <= tolerance:
                tried = again
                needed.difference_update(layer)
        noted = {path: report[path]._replace(note=f"{report[path].note}, {note}") for path in needed}
        return tried, {**report, **noted}
    return values, report


def _in_order(outline: Outline, new: Iterable[Names]) -> list[list[Names]]:
    """Variables by layer, in the order of calls; layers of one name in several new modules together."""
    order = {path: number for number, path in enumerate(outline.layers)}
    layers: dict[Names, list[Names]] = {}
    for path in sorted(new, key=lambda path: order.get(path[1:-1], len(order))):
        layers.setdefault(path[-2:-1] if len(path) > 2 else path[1:-1], []).append(path)
    return list(layers.values())


def _changed(value: Any, change: Callable[[Any], Any], old: int) -> Any:
    """A new variable changed; of one that is stacked, what comes after the old ones."""
    return value.at[old:].set(change(value[old:])) if old else change(value)


def _zero(value: Any) -> Any:
    return jnp.zeros_like(value)


def _eye(value: Any) -> Any:
    """The identity, of a square kernel; zero, of anything else."""
    square = value.ndim == 2 and value.shape[0] == value.shape[1]
    return jnp.eye(len(value), dtype=value.dtype) if square else jnp.zeros_like(value)


def leaves_by_path(tree: Any) -> Values:
    """The leaves of nested mappings and lists by path; the names are texts."""
    leaves = jax.tree.leaves_with_path(flax.linen.unbox(tree))
    return {tuple(jax.tree_util.keystr((key,), simple=True) for key in path): leaf for path, leaf in leaves}


def drawn(inputs: Inputs) -> tuple[Any, ...]:
    """Arrays of the shapes of inputs: normal numbers, zeros and ones where they are whole, a random key."""
    arrays = []
    for number, shape in enumerate(inputs.arrays):
        key = jax.random.key(number)
        if jnp.issubdtype(shape.dtype, jax.dtypes.prng_key):
            arrays.append(key)
        elif jnp.issubdtype(shape.dtype, jnp.inexact):
            arrays.append(jax.random.normal(key, shape.shape, shape.dtype))
        else:
            arrays.append(jax.random.bernoulli(key, 0.5, shape.shape).astype(shape.dtype))
    return tuple(arrays)


def _difference(old: list[Any], new: list[Any]) -> float:
    """The largest difference of arrays; of a larger one the first entries count."""
    if [leaf.ndim for leaf in old] != [leaf.ndim for leaf in new]:
        return np.inf
    worst = 0.0
    for before, after in zip(old, new, strict=True):
        a = np.asarray(before, np.float64)
        b = np.asarray(after, np.float64)[tuple(slice(size) for size in a.shape)]
        if a.shape != b.shape:
            return np.inf
        with np.errstate(invalid="ignore"):
            apart = np.where(a == b, 0.0, np.abs(a - b))  # an infinity, as of a masked logit, is itself
        if a.size:
            largest = np.abs(a, where=np.isfinite(a), out=np.zeros_like(a)).max()
            worst = max(worst, float(np.nan_to_num(apart.max() / max(largest, 1e-12), nan=np.inf)))
    return worst


def _repeats(old: Any, new: Any) -> float:
    """How far an array is from another one, repeated to its shape; 0 where that says nothing."""
    if jnp.ndim(old) != jnp.ndim(new) or not jnp.issubdtype(jnp.result_type(old), jnp.inexact):
        return 0.0
    for axis, (before, after) in enumerate(zip(jnp.shape(old), jnp.shape(new), strict=True)):
        if not before or after % before:
            return 0.0
        old = jnp.repeat(old, after // before, axis)
    return _difference([old], [new])
