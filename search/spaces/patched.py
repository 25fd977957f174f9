"""Patches whose arguments, or whose presence, a search decides."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax

from symjax.core.errors import note
from symjax.core.leaves import is_array
from symjax.core.paths import ROOT, Path
from symjax.patches import Inputs, from_uri, patch
from symjax.patches.core.apply import matched, patch_decided
from symjax.patches.core.patch import Chain, SingleRule, describe_rule
from symjax.patches.core.resolve import resolve
from symjax.verbs.lineage import lineage
from symjax.verbs.tree import is_symbolic

from .choice import Gene, Misfit, Number
from .templates.discovery import Discovery, Template, join
from .templates.encoding import Encoder
from .templates.enumeration import Enumeration, Rows

_ROOT = "patches"
_TRIALS = 6  # of the arguments of a patch, in each context
_CONTEXTS = 4
_NEAR = 100  # among which the contexts are
_MOST = 256  # patched trees that are kept


class Idea(NamedTuple):
    """A patch among those of a space.

    Attributes:
        item: The index of the item in which it stands.
        template: The patch, with the decisions in its arguments.
        taken: The genes that choose it, where it is one of several candidates.
    """

    item: int
    template: Template
    taken: Rows


class Ideas:
    """The patches of a space: what is applied to each decoded tree.

    Args:
        patches: Patches, URIs and whatever else `sj.patch` takes; None, also a decided one, is no patch.
        discovery: Collects the decisions in them, with ids that begin with ``patches[0]``.
        inputs: Example inputs, as `sj.patch` takes them; of arrays the shapes are kept.
    """

    def __init__(self, patches: tuple[Any, ...], discovery: Discovery, inputs: Any = None) -> None:
        self.patches = patches
        self.inputs = jax.tree.map(_shape, inputs)
        self.items = tuple(
            discovery.template(each, Path((_ROOT, index)), f"{_ROOT}[{index}]")
            for index, each in enumerate(patches)
        )
        self._kept: dict[tuple[Number, ...], Any] = {}
        self._choices = discovery.choices
        self._branches = discovery.branches
        self._ideas = [idea for index, item in enumerate(self.items) for idea in self._of(index, item, {})]
        fixed = [idea.template.value for idea in self._ideas if not idea.template.slots]
        self._texts = {describe_rule(_rule(value)): value for value in fixed}
        self._label(discovery)

    def _of(self, item: int, template: Template, taken: Rows) -> Iterator[Idea]:
        """The patches in an item: more than one where the item is a choice between patches."""
        if not template.slots or template.slots[0][0] != ROOT:
            if template.value is not None:
                yield Idea(item, template, taken)
            return
        index = template.slots[0][1]
        ways: dict[tuple[int, int], list[Gene]] = {}
        for genes in itertools.islice(self._choices[index].enumerate(1), _MOST):
            for slot, gene in enumerate(genes[: len(self._branches[index])]):
                ways.setdefault((slot, int(gene)), genes)
        for (slot, branch), genes in ways.items():
            yield from self._of(item, self._branches[index][slot][branch], taken | {index: genes})

    def _label(self, discovery: Discovery) -> None:
        """Lets decisions go by the name of the patch, `scale_width.factor`, where that tells them apart."""
        labels: dict[int, str] = {}
        for index, item in enumerate(self.items):
            ideas = [idea for idea in self._ideas if idea.item == index]
            for idea in ideas:
                name = _name_of(idea.template)
                for slot, decision in idea.template.slots if name else ():
                    labels[decision] = join(name, slot)
                if name and len(ideas) == 1 and item is not idea.template:
                    labels[item.slots[0][1]] = name
        known = {name for point in discovery.points for name in (point.id, point.choice.name)}
        for decision, label in labels.items():
            if list(labels.values()).count(label) == 1 and label not in known:
                discovery.points[decision] = dataclasses.replace(discovery.points[decision], label=label)

    def applied(self, tree: Any, patches: Sequence[Any]) -> Any:
        """A decoded tree with decided patches applied."""
        taken = [_rule(each) for each in patches if each is not None]
        return patch_decided(tree, taken, self.inputs) if taken else tree

    def kept(self, genes: tuple[Number, ...], tree: Any, patches: Sequence[Any]) -> Any:
        """As `applied`, for the genes of all decisions; for speed, as patches that plan a model take long."""
        if genes not in self._kept:
            patched = self.applied(tree, patches)
            if not is_symbolic(patched):  # a dict, which its owner may change
                return patched
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[genes] = patched
        return self._kept[genes]

    def require_effects(self, root: Template, filled: Callable[[Rows], list[Any]]) -> None:
        """Refuses a patch that changes nothing, whatever its arguments: it would multiply the space in vain.

        Each is tried on some decoded trees, until it changes one.

        Args:
            root: The open tree.
            filled: The decided tree and the decided items, for the genes of the decisions that matter.

        Raises:
            PatchError: One changes nothing.
            Exception: Whatever one raises on all trees that were tried.
        """
        contexts = _spread(Enumeration(self._choices, self._branches, lambda index: 3).of(root))
        for idea in self._ideas:
            self._require_effect(idea, contexts, filled)

    def _require_effect(self, idea: Idea, contexts: list[Rows], filled: Callable[[Rows], list[Any]]) -> None:
        inner = Enumeration(self._choices, self._branches, lambda index: 3).of(idea.template)
        trials = list(itertools.islice(inner, _TRIALS))
        error: Exception | None = None
        last: tuple[Any, Any] | None = None
        for context, rows in itertools.product(contexts, trials):
            try:
                tree, *items = filled(context | idea.taken | rows)
                tree = self.applied(tree, items[: idea.item])
                if matched(tree, items[idea.item], self.inputs):
                    return
                last = tree, items[idea.item]
            except Exception as raised:  # noqa: BLE001 - another tree, or another value, may do
                error = raised
        place = f"the patch at {_ROOT}[{idea.item}] of the space"
        try:
            if last is None:
                assert error is not None  # there is at least one trial
                raise error
            patch(*last, strict=True, inputs=self.inputs)
        except Exception as raised:
            note(raised, f"{place} changes nothing, whatever is decided; leave it out")
            raise

    def read(self, encoder: Encoder, tree: Any) -> None:
        """Reads the decisions on patches off the lineage of a tree.

        Raises:
            Misfit: It has another lineage.
        """
        rules = list(lineage(tree))
        for first in range(max(0, len(rules) - len(self.items)), len(rules) + 1):
            if self._fit(encoder, 0, [self._parsed(rule) for rule in rules[first:]]):
                return
        raise Misfit(
            f"the tree is not in the space: the patches of its lineage, {rules}, are none that the space "
            "applies; a plain list or dict, and a tree that went through jit or was put together by hand, "
            "have no lineage"
        )

    def _fit(self, encoder: Encoder, index: int, taken: Sequence[Any]) -> bool:
        """Whether the items from `index` on can be decided so that these patches are applied."""
        if index == len(self.items):
            return not taken
        for value in _forms(taken[0]) if taken else ():
            if self._fits(encoder, index, value) and self._fit(encoder, index + 1, taken[1:]):
                return True
        return self._fits(encoder, index, None) and self._fit(encoder, index + 1, taken)

    def _fits(self, encoder: Encoder, index: int, value: Any) -> bool:
        try:
            encoder.fit(self.items[index], value, Path((_ROOT, index)))
        except Misfit:
            return False
        return True

    def _parsed(self, rule: str) -> Any:
        """The patch of a lineage's rule; the text itself if it names none."""
        if rule in self._texts:
            return self._texts[rule]
        try:
            return from_uri(rule)
        except (KeyError, TypeError, ValueError):
            return rule


def plain_inputs(inputs: Any) -> dict[str, Any]:
    """Example inputs as containers of shapes, which pickles and files can hold; `read_inputs` is the inverse.

    Example:
        >>> import jax
        >>> from symjax.patches import Inputs
        >>> read_inputs(plain_inputs(Inputs(jax.ShapeDtypeStruct((2,), 'float32'), train=False)))
        Inputs(f32[2], train=False)
    """
    if isinstance(inputs, Inputs):
        return {"args": inputs.args, "kwargs": inputs.kwargs, "method": inputs.method}
    if isinstance(inputs, Mapping):
        return {"models": {str(path): plain_inputs(each) for path, each in inputs.items()}}
    return {"value": inputs}


def read_inputs(record: Mapping[str, Any]) -> Any:
    """The inverse of `plain_inputs`.

    Raises:
        KeyError: It is something else.
    """
    if "args" in record:
        return Inputs(*record["args"], method=record["method"], **record["kwargs"])
    if "models" in record:
        return {path: read_inputs(each) for path, each in record["models"].items()}
    return record["value"]


def _rule(value: Any) -> SingleRule:
    """One rule, and so one step of the lineage, for each item."""
    rules = resolve(value)
    return rules[0] if len(rules) == 1 else Chain(tuple(rules))


def _name_of(template: Template) -> str:
    """The name of a patch, also of one that is written as a URI; empty if it has none."""
    # Choices stand in the arguments of a patch only, and not in those of a URI.
    value = template.value if template.slots else _rule(template.value)
    return str(getattr(value, "patcher_name", ""))


def _forms(rule: Any) -> Iterator[Any]:
    """What an item may have been decided to, for this rule to be applied: the rule, or a list."""
    yield rule
    yield list(rule.rules) if isinstance(rule, Chain) else [rule]


def _shape(value: Any) -> Any:
    return jax.ShapeDtypeStruct(value.shape, value.dtype) if is_array(value) else value  # type: ignore[no-untyped-call]


def _spread(rows: Iterator[Rows]) -> list[Rows]:
    """Some of very many, the first among them, not next to each other."""
    near = list(itertools.islice(rows, _NEAR))
    places = {(len(near) - 1) * number // (_CONTEXTS - 1) for number in range(_CONTEXTS)}
    return [near[place] for place in sorted(places)]
