"""Abstract calls of an experiment with other values: of its models, and of a function of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax

from symjax.core.errors import summary
from symjax.core.paths import ROOT, Path
from symjax.patches.analysis.sizes.probe import Effect, Probe
from symjax.patches.core.apply import tried
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import inputs_for
from symjax.patches.outlines.parameters import count, node_parameters, noting_parameters
from symjax.verbs.rebind import rebind

from .dropout import is_rate_of_dropout

Updates: TypeAlias = Mapping[Path, Any]


class _Answer(NamedTuple):
    """What an abstract call of the function tells: the shapes of all parameters, and those of its results."""

    parameters: tuple[tuple[str, tuple[int, ...]], ...]
    results: Any

    @property
    def size(self) -> int:
        return count(self.parameters)


@dataclass(frozen=True)
class Calls:
    """Calls an experiment abstractly, with other values in it.

    Attributes:
        tree: The experiment.
        probes: For each model with example inputs what calls it.
        fn: A function of an experiment, or None.
    """

    tree: Any
    probes: tuple[Probe, ...]
    fn: Callable[[Any], Any] | None

    @classmethod
    def of(cls, tree: Any, inputs: Any, fn: Callable[[Any], Any] | None) -> Calls:
        """Calls for the models of a tree with inputs as `symjax.patches.effects` takes them.

        Raises:
            Exception: What a model or the function raises for the tree as it is.
        """
        standing = {model.path: model for model in models(tree)}
        by_path = inputs_for(tree, inputs) if standing or inputs is not None else {}
        calls = cls(tree, tuple(Probe.of(tree, standing[path], each) for path, each in by_path.items()), fn)
        calls.attempt({})
        return calls

    def attempt(self, updates: Updates, patches: Sequence[Any] = ()) -> None:
        """Calls everything with other values of the tree.

        Args:
            updates: The values by path.
            patches: Patches that are applied then.

        Raises:
            ValueError: The outputs of a model would change their shapes, or an array would be empty.
            Exception: What a model, the function, a check of the tree, or a patch raises.
        """
        tree = rebind(self.tree, dict(updates))
        if patches:
            tree = tried(tree, list(patches))
            updates = {ROOT: tree}
        for probe in self.probes:
            probe.called_alike(updates)
        if self.fn is not None:
            fn = self.fn
            jax.eval_shape(lambda: fn(tree))

    def misfit(self, updates: Updates, patches: Sequence[Any] = ()) -> str | None:
        """Why there is no such tree, as its own checks say, in a line; None if there is."""
        try:
            rebind(self.tree, dict(updates))
        except Exception as error:  # noqa: BLE001 - other people's checks may raise anything
            return summary(error)
        return None

    def refusal(self, updates: Updates, patches: Sequence[Any] = ()) -> str | None:
        """Why such a tree cannot be called, in a line; None if it can."""
        try:
            self.attempt(updates, patches)
        except Exception as error:  # noqa: BLE001 - other people's code may raise anything
            return summary(error)
        return None

    def effects(self) -> list[Effect]:
        """What each field of the models does that are called."""
        return [effect for probe in self.probes for effect in probe.effects()]

    def drops(self, path: Path) -> bool:
        """Whether what stands at a path is the rate of a layer of dropout, in a model that is called."""
        return any(is_rate_of_dropout(probe, path) for probe in self.probes)

    def can_trace(self, paths: Sequence[Path]) -> frozenset[Path]:
        """Those of some floats that the function traces; all of them if there is none."""
        fn = self.fn
        if fn is None or not paths:
            return frozenset(paths)

        def run(values: Sequence[Any], chosen: Sequence[Path]) -> Any:
            return fn(rebind(self.tree, dict(zip(chosen, values, strict=True))))

        try:
            jax.eval_shape(functools.partial(run, chosen=paths), [0.5] * len(paths))
        except Exception:  # noqa: BLE001 - as above
            if len(paths) == 1:
                return frozenset()
            middle = len(paths) // 2
            return self.can_trace(paths[:middle]) | self.can_trace(paths[middle:])
        return frozenset(paths)

    def effect_of(self, path: Path, value: int) -> Effect:
        """What an int does that is no field of a model that is called by itself, through the function."""
        refusal = ""
        for number in (2 * value, value // 2, value + 1):
            if self.fn is None or number < 1 or number == value:
                continue
            try:
                answer = self._answer({path: number})
            except Exception as error:  # noqa: BLE001 - as above
                refusal = summary(error)
                continue
            return self._compared(path, value, number, answer)
        return Effect(path, value, "tied" if refusal else "none", remark=refusal)

    def _compared(self, path: Path, value: int, tried: int, answer: _Answer) -> Effect:
        base = self._base
        effect = Effect(path, value, "none", tried)
        if answer.results != base.results:
            return effect._replace(kind="task", remark="the results change their shape")
        if answer.parameters == base.parameters:
            return effect
        more = (len(answer.parameters) - len(base.parameters)) * (tried - value)
        if more > 0:
            return effect._replace(kind="depth")
        return effect._replace(kind="partition" if answer.size == base.size else "width")

    @functools.cached_property
    def _base(self) -> _Answer:
        return self._answer({})

    def _answer(self, updates: Updates) -> _Answer:
        assert self.fn is not None
        fn, tree = self.fn, rebind(self.tree, dict(updates))
        with noting_parameters() as called:
            results = jax.eval_shape(lambda: fn(tree))
        nodes = {node_parameters(model) for model in models(tree) if model.kind == "nnx"}
        parameters = [parameter for shapes in called | nodes for parameter in shapes]
        return _Answer(tuple(sorted(parameters)), jax.tree.map(lambda leaf: leaf.shape, results))
