"""`Patch`: an edit of a tree as a value, with an algebra."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, TypeAlias, final

from annotated_types import Ge

from symjax.core.marks import MISSING
from symjax.core.paths import Path
from symjax.core.schema import Schema
from symjax.nodes.object import Object
from symjax.types.hint_reading import resolve as resolve_hint
from symjax.verbs.equality import surely_eq
from symjax.verbs.tree import items

from ..uri.grammar import print_call
from ..uri.literals import describe, write

RuleFunction: TypeAlias = Callable[[Path, Any], Any] | Callable[[Path, Any, Any], Any]
"""A rule ``(k, v)`` or ``(k, v, p)`` of path, value and parent: the new value, or ``v`` itself."""

SingleRule: TypeAlias = "Mapping[Any, Any] | RuleFunction | Patch"
"""A rule that is applied as it is: no text, no list. (A mapping's keys are invariant to type checkers.)"""

Rule: TypeAlias = "SingleRule | str | Sequence[Rule]"
"""What changes a tree: updates by path, a function, a patch, the URI of one, or a list of such."""

Validator: TypeAlias = Callable[[Any], object]
"""Called with the final tree; it raises, or returns False, when the tree is not as it should be."""


@dataclass(frozen=True, slots=True)
class Operators:
    """What ``patch(tree)``, ``a | b`` and ``patch.inverse(tree)`` do.

    All need to read URIs and to tell rules apart, which needs patches: so the floor above that can,
    `symjax.patches.core.apply`, hands them down to `Patch`, and this file imports neither.

    Attributes:
        apply: A tree and a rule to the patched tree.
        matched: A tree, a rule and example inputs to the paths of what the rule changes.
        resolve: A rule, or a list of them, to the patches, mappings and functions that it stands for.
        invert: A patch and a tree to the patch that leads back.
    """

    apply: Callable[[Any, Rule], Any]
    matched: Callable[[Any, Rule, Any], tuple[Path, ...]]
    resolve: Callable[[object], list[SingleRule]]
    invert: Callable[[Patch, Any], Patch]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known where a patch is applied, beside the tree.

    Attributes:
        inputs: Example inputs of the models in the tree, as they were given to `patch`; None for none.
        carrier: The patch that a user applied, of which this one may be a part; None for itself.
        strict: Whether a patch that changes nothing is an error.
        places: How many places the patch must change; None for any number.
    """

    inputs: Any = None
    carrier: Patch | None = None
    strict: bool = False
    places: int | None = None

    def inputs_of(self, tree: Any) -> Any:
        """The example inputs, those of the tree's own `example_inputs` where none were given; or None."""
        if self.inputs is not None:
            return self.inputs
        example_inputs = getattr(tree, "example_inputs", None)
        return example_inputs() if callable(example_inputs) else None


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of a tree, and where it changed.

    Attributes:
        tree: The new tree.
        places: What changed, by its path in the old tree, one for each place.
        changed: What is another value in the new tree than in the old one, by follow-up updates too; none if
            that is the same.
        open: Whether more places may change where the model runs, which is not known yet.
        why: Where nothing changed: why, as far as can be known; a sentence without a full stop, or ``''``.
        sought: What the patch looks for, in its own words.
        tried: Whether anything was to be changed.
        checks: What is to be asked of the final tree; raises where that is not as it should be.
    """

    tree: Any
    places: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    open: bool = False
    why: str = ""
    sought: str = ""
    tried: bool = True
    checks: tuple[Callable[[Any], None], ...] = ()


@dataclass(frozen=True, slots=True)
class LookingFor:
    """What a patcher may return in place of an edit: the edit, and what it looks for.

    Where the edit changes nothing, the message says it.

    Attributes:
        what: In words that stand behind "it looks for".
        edit: What the patcher returned otherwise, see `Patch.edit`.

    Example:
        >>> import symjax as sj
        >>> from symjax import patches
        >>> @sj.patcher
        ... def change_batch(tree, size: int):
        ...     rule = lambda k, v: size if k.key == 'batch_size' else v
        ...     return patches.LookingFor('fields called batch_size', rule)
        >>> sj.patch({'batch': 8}, change_batch(16), strict=True)
        Traceback (most recent call last):
        symjax.patches.core.errors.PatchError: the patch change_batch?size=16 changed nothing: it looks for \
fields called batch_size, and no place matched, or each had its new value already
    """

    what: str
    edit: object


_PLAIN: Final = (int, float, bool, type(None))  # written alike under every hint


class Patch(Object):
    """A pure function from tree to tree that is itself an immutable tree.

    Patches are made by `patcher`. They can be compared, saved, patched and searched like any other
    symbolic object. ``a | b`` is `a`, then `b`; ``str(patch)`` is its URI; ``patch(tree)`` applies
    it.

    A subclass written by hand defines `edit`.

    Example:
        >>> import symjax as sj
        >>> from symjax import patches
        >>> patch = patches.change_lr(0.1) | patches.scale_width(factor=2.0)
        >>> str(patch)
        'change_lr?learning_rate=0.1|scale_width?factor=2.0'
        >>> patch == patches.from_uri(str(patch))
        True
    """

    __symjax_name__: ClassVar[str] = "symjax.patches.patch.Patch"  # as files have it
    __symjax_schema__: ClassVar[Schema]
    __symjax_operators__: ClassVar[Operators]
    patcher_name: ClassVar[str] = ""

    def edit(self, tree: Any) -> object:
        """What the patch does to this tree.

        Returns:
            Updates, a rule function, a patch, a URI, a list of these, a whole new tree, or None for
            nothing; or a tuple of one of these and a validator.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no edit(self, tree)")

    def edit_in(self, tree: Any, context: Context) -> object:
        """What the patch does where it is applied: that of `edit`, for most patches.

        Returns:
            What `edit` may return; or an `Edited`.
        """
        return self.edit(tree)

    @property
    def uri(self) -> str:
        """The patch as text, from which `from_uri` makes it again.

        Arguments that equal their default are left out. What has no notation in a URI (a function,
        a tree, an open choice) is described in angle brackets; such a text cannot be parsed.
        """
        if not self.patcher_name:
            return describe(self)
        return print_call(self.patcher_name, _written_arguments(self))

    def expects(self, places: int) -> Expects:
        """The patch with the number of places that it must change.

        Args:
            places: How many, at least 0. Applying it raises `PatchError` if it changes more or
                fewer.

        Example:
            >>> import symjax as sj
            >>> from symjax import patches
            >>> sj.patch({'lr': 0.1, 'rate': 0.1}, patches.on_value(0.1, 0.5).expects(2))
            {'lr': 0.5, 'rate': 0.5}
        """
        return Expects(self, places)

    def matched(self, tree: Any, *inputs: Any) -> tuple[Path, ...]:
        """The places that the patch changes in a tree; nothing is computed but shapes.

        Args:
            tree: The experiment, or the model.
            *inputs: What its model is called with, arrays or their shapes; or `Inputs`, or a mapping of such
                by the paths of models. By default what ``tree.example_inputs()`` gives, if it has that.
                Without inputs it is not known what models make inside, and they count as one place each.

        Returns:
            Paths in the tree; a layer that a model makes inside has the path of the model, ``inside``,
            and its own path in the model, as a key.

        Example:
            >>> import flax.linen
            >>> import jax.numpy as jnp
            >>> import symjax as sj
            >>> from symjax import patches
            >>> class Net(flax.linen.Module):
            ...     @flax.linen.compact
            ...     def __call__(self, x):
            ...         return flax.linen.Dense(8)(flax.linen.Conv(4, (3, 3))(x))
            >>> exp = {'model': sj.symbolize(Net)()}
            >>> patches.apply_sepconv().matched(exp, jnp.ones((1, 8, 8, 3)))
            (Path('model.inside.Conv_0'),)
        """
        alone = len(inputs) == 1 and not hasattr(inputs[0], "shape")
        return self.__symjax_operators__.matched(tree, self, (inputs[0] if alone else inputs) or None)

    def inverse(self, tree: Any) -> Patch:
        """The patch that leads back from the patched tree to a tree.

        Args:
            tree: The tree that this patch is applied to.

        Returns:
            A patch for which ``patch.inverse(tree)(patch(tree))`` equals the tree.

        Example:
            >>> from symjax import patches
            >>> patch = patches.change_lr(0.1)
            >>> patch({'lr': 0.3, 'epochs': 5}), patch.inverse({'lr': 0.3, 'epochs': 5})({'lr': 0.1})
            ({'lr': 0.1, 'epochs': 5}, {'lr': 0.3})
        """
        return self.__symjax_operators__.invert(self, tree)

    def __call__(self, tree: Any) -> Any:
        """The tree with the patch applied, as by `symjax.patch`."""
        return self.__symjax_operators__.apply(tree, self)

    def __or__(self, then: Rule) -> Chain:
        return Chain(tuple(self.__symjax_operators__.resolve([self, then])))

    def __ror__(self, first: Rule) -> Chain:
        return Chain(tuple(self.__symjax_operators__.resolve([first, self])))

    def __str__(self) -> str:
        return self.uri


@final
class Chain(Patch):
    """Patches and other rules, one after the other; made by ``a | b``.

    Attributes:
        rules: What is applied, in order.
    """

    __symjax_name__: ClassVar[str] = "symjax.patches.patch.Chain"  # as files have it

    rules: tuple[Any, ...]

    def edit(self, tree: Any) -> object:
        """The rules, each applied to the result of the one before."""
        return list(self.rules)

    @property
    def uri(self) -> str:
        """The URIs of the rules, joined by ``|``."""
        return "|".join([describe_rule(rule) for rule in self.rules])


@final
class Expects(Patch):
    """A patch that must change a certain number of places; made by `Patch.expects`.

    Attributes:
        patch: What is applied.
        places: The number of places.
    """

    __symjax_name__: ClassVar[str] = "symjax.patches.patch.Expects"  # as files have it

    patch: Patch
    places: Annotated[int, Ge(0)]

    def edit(self, tree: Any) -> object:
        """The patch itself; its places are counted where it is applied."""
        return self.patch

    @property
    def uri(self) -> str:
        """The URI of the patch, and the number after a ``#``."""
        inner = self.patch.uri
        several = isinstance(self.patch, Chain | Expects)
        return f"({inner})#{self.places}" if several else f"{inner}#{self.places}"


def describe_rule(rule: object) -> str:
    """A rule in one line: the URI of a patch; for anything else a description in angle brackets."""
    return rule.uri if isinstance(rule, Patch) else describe(rule)


def _written_arguments(patch: Patch) -> dict[str, str]:
    """The arguments of a patch that were given and do not equal their default, as a URI has them."""
    schema = patch.__symjax_schema__
    written = {}
    for key, value in items(patch) or ():
        if value is MISSING or (key in schema.defaults and surely_eq(value, schema.defaults[key])):
            continue
        field = schema.fields[key]
        # Every applied patch writes its URI into the lineage, and numbers are what most are called with.
        hint = Any if type(value) in _PLAIN else resolve_hint(field.hint, field.owner)
        written[key] = write(value, hint)
    return written
