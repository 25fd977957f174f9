"""`ref`: a value that is always equal to another in the same tree."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, TypeVar

from annotated_types import Ge

from symjax.core.containers import Map
from symjax.core.errors import NoSuchPath, at
from symjax.core.fields import field
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, QUOTES, Schema, is_choice, is_placeholder, quotes, schema_of
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.tree import child, is_container, map_items, replace, why_none
from symjax.verbs.walk import walk

Nodes = tuple[Any, ...]
Marks = frozenset[tuple[int, str]]
T = TypeVar("T")
_GUARDED = "__symjax_resolves__"


class Ref(Placeholder):
    """Stands for the value at another place of the tree. Made by `ref`."""

    __symjax_name__: ClassVar[str] = "symjax.refs.Ref"  # as files have it
    __symjax_stands_for__: ClassVar[str] = "reference"

    path: str
    up: Annotated[int, Ge(1)] = field(default=1, doc="Symbolic nodes between here and where the path starts.")

    def __check__(self) -> None:
        """Refuses a text that is no path."""
        Path.parse(self.path)

    def __symjax_why__(self) -> str:
        """The message where a value is needed: the reference was read without what it refers to."""
        return (
            f"{self!r} cannot be computed with: it leads out of the tree from which it was read; read it "
            f"through the node that holds both ends, {self.up - 1} above the one that holds the reference"
        )

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        """As it is written."""
        return "ref", [self.path], {} if self.up == 1 else {"up": self.up}


def ref(path: str | Path, up: int = 1) -> Any:
    """A value that must stay equal to another: the same meaning at two places.

    It is resolved when the field that holds it is read, so that a change of the other value changes both.
    The verbs see the reference itself. Where it refers to a Flax Linen module, the two places share one
    module, and with it its parameters, as they do in Flax where one instance is used twice.

    Args:
        path: Where the value stands, seen from the symbolic node that holds the reference.
        up: How many symbolic nodes above this place the path starts; 1 is the one that holds it.

    Example:
        >>> import symjax as sj
        >>> class Net(sj.Object):
        ...     width: int
        ...     head: int
        >>> net = Net(width=8, head=ref('width'))
        >>> net.rebind(width=16).head
        16
    """
    return Ref(str(path), up)


def resolve(tree: Any) -> Any:
    """A tree with every reference replaced by the value that it stands for.

    Raises:
        KeyError: A reference that leads nowhere, or out of the tree.
        ValueError: References that lead to each other.

    Example:
        >>> resolve({'a': 1})
        {'a': 1}
    """
    resolved = Resolver(within=True).visit(tree, ROOT, ())
    for path, value, _ in walk(resolved):
        if isinstance(value, Ref):
            raise NoSuchPath(f"{value!r} leads out of the tree {at(path)}")
    return resolved


def resolve_within(container: T) -> T:
    """A plain container whose references into it, from outside of the nodes in it, are resolved.

    A symbolic node does so when it is read; of a list or a dict nobody else would. What a node in it refers
    to within itself stays a reference, and so does what leads into an open choice.

    Raises:
        KeyError: A reference that leads nowhere.
        ValueError: References that lead to each other.

    Example:
        >>> resolve_within({'a': 1, 'b': [ref('a')]})
        {'a': 1, 'b': [1]}
    """
    resolved: T = Resolver().visit(container, ROOT, (container,))
    return resolved


def resolve_there(value: Any, path: Path, container: Any) -> Any:
    """A value with its references resolved as `resolve_within` does at a path of a plain container.

    Args:
        value: Any value.
        path: Where in the container it is meant to stand; the nodes above are those that stand there.
        container: A plain container, without references that lead out of its nodes.

    Raises:
        KeyError: A reference that leads nowhere.
    """
    above: list[Any] = [container]
    here: Any = container
    for key in path:
        if is_node(here):
            above.append(here)
        here = child(here, key, path)
    return Resolver().visit(value, path, tuple(above), entered=len(above) - 1)


def holds_references(tree: Any) -> bool:
    """Whether a reference stands anywhere in a tree, candidates of choices included."""
    return any(isinstance(value, Ref) for _, value, _ in walk(tree))


def resolved_fields(schema: Schema, values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a node with their references resolved, except those that lead out of the node."""
    node = schema.revive(dict(values))
    resolver = Resolver()
    return {name: resolver.visit(value, Path((name,)), (node,)) for name, value in values.items()}


def guard_references(
    schema: Schema, values: Mapping[str, Any], checked: Iterable[str], path: Path = ROOT
) -> None:
    """Lets a class read its references resolved, if a node of it will hold one: a step of the gate.

    Among the candidates of a choice a reference is not resolved: it starts at the node that holds the choice.

    Args:
        schema: The class.
        values: The arguments of the node.
        checked: The names of those in which a reference that can never resolve is refused.
        path: Where the node stands, for messages.

    Raises:
        KeyError: A reference leads nowhere.
        ValueError: References lead to each other.
    """
    reach = max(map(_reach, values.values()), default=0)
    if not reach or issubclass(schema.cls, Placeholder) or getattr(schema.cls, QUOTES, False):
        return
    _guard(schema.cls)
    if reach > 1:
        schema.reach = max(schema.reach, reach - 1)
        Schema.reaching = True
    names = [name for name in checked if _reach(values.get(name))]
    if names:
        above = (schema.revive(dict(values)),)
        resolver = Resolver()
        for name in names:
            resolver.visit(values[name], path / name, above)


def _reach(value: Any) -> int:
    """How many symbolic nodes above a value its references lead at most; 0 without references."""
    if isinstance(value, Ref):
        return value.up
    schema = schema_of(value)
    if schema is not None:
        return 0 if is_placeholder(value) or quotes(value) else schema.reach
    if isinstance(value, tuple):
        return max(map(_reach, value), default=0)
    return max(map(_reach, value.values()), default=0) if type(value) is Map else 0


def leads_out(value: Any) -> bool:
    """Whether a value is a node that may hold a reference to something outside of it."""
    schema = schema_of(value)
    return schema is not None and schema.reach > 0


def _guard(cls: type) -> None:
    """Makes a class read its references resolved."""
    if cls.__dict__.get(_GUARDED):
        return
    plain: Any = cls.__getattribute__

    def __getattribute__(self: Any, name: str) -> Any:
        value = plain(self, name)
        if (
            (isinstance(value, Ref | tuple | Map) or leads_out(value))
            and name in getattr(cls, ATTRIBUTE).fields
            and id(self) not in _raw.nodes
        ):
            return Resolver().visit(value, Path((name,)), (self,))
        return value

    setattr(cls, "__getattribute__", __getattribute__)  # noqa: B010
    setattr(cls, _GUARDED, True)


def is_node(value: Any) -> bool:
    """Whether a reference counts this value as one of those above it: a symbolic node, but no choice."""
    return schema_of(value) is not None and not is_placeholder(value)


class _LeadsOutError(LookupError):
    """A reference starts above the nodes at hand, or leads into a choice that is open."""


class _Raw(threading.local):
    """The nodes whose references this thread reads as they are."""

    def __init__(self) -> None:
        self.nodes: frozenset[int] = frozenset()


_raw = _Raw()


@contextmanager
def unresolved(node: Any) -> Iterator[None]:
    """Lets the fields of `node` be read with the references in them."""
    before = _raw.nodes
    _raw.nodes = before | {id(node)}
    try:
        yield
    finally:
        _raw.nodes = before


class Resolver:
    """Replaces references by what they stand for; a node with references in it becomes one new node.

    Args:
        within: Resolve also what refers to something inside a node that is visited. Such a reference is the
            node's own, which resolves it when it is read, and by which a module ties its parts.
    """

    def __init__(self, *, within: bool = False) -> None:
        self._within = within
        self._results: dict[int, Any] = {}

    def visit(self, value: Any, path: Path, above: Nodes, seen: Marks = frozenset(), entered: int = 0) -> Any:
        """`value` without references, except those that lead out of the nodes `above` it.

        Args:
            value: Any part of a tree.
            path: Where it stands, for messages.
            above: The symbolic nodes over it, innermost last.
            seen: The references that led here.
            entered: How many of the nodes above it belong to what is visited.
        """
        if isinstance(value, Ref):
            if value.up <= entered and not self._within:
                return value
            try:
                return self._target(value, path, above, seen)
            except _LeadsOutError:
                return value  # resolved from a node further up
        if not is_container(value) or quotes(value):
            return value
        if id(value) in self._results:
            return self._results[id(value)]
        inner = (*above, value) if is_node(value) else above
        depth = entered + is_node(value)
        changes = map_items(value, path, lambda item, where: self.visit(item, where, inner, seen, depth))
        result = _with(value, changes, path) if changes else value
        self._results[id(value)] = result
        return result

    def _target(self, reference: Ref, path: Path, above: Nodes, seen: Marks) -> Any:
        if reference.up > len(above):
            raise _LeadsOutError
        chain = above[: len(above) - reference.up + 1]
        mark = (id(chain[-1]), reference.path)
        if mark in seen:
            raise ValueError(f"references lead to each other: {reference!r} {at(path)}")
        seen = seen | {mark}
        value: Any = chain[-1]
        where = ROOT
        for key in Path.parse(reference.path):
            where = where / key
            if is_choice(value):
                raise _LeadsOutError
            try:
                value = child(value, key, where)
            except NoSuchPath:
                why = why_none(value, key, where)
                raise NoSuchPath(f"{reference!r} leads nowhere: {why} {at(path)}") from None
            if isinstance(value, Ref):
                value = self._target(value, where, chain, seen)
            if is_node(value):
                chain = (*chain, value)
        if is_node(value):
            chain = chain[:-1]
        return self.visit(value, where, chain, seen)


def _with(value: Any, changes: dict[Any, Any], path: Path) -> Any:
    """`value` with resolved children; a module is made anew without a look at what stands in it twice."""
    schema = schema_of(value)
    if schema is None or schema.kind != "linen":
        return replace(value, changes, path)
    return schema.revive({**dict(schema.values(value)), **changes})


provided.guard_references = guard_references
