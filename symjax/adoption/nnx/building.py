"""How NNX modules are made: of nodes by `build`, and at once wherever Flax makes them at once."""

from __future__ import annotations

import contextvars
import copyreg
from collections.abc import Callable
from typing import Any, ClassVar

from flax import nnx

from symjax.adoption.nnx import rates  # noqa: F401 - lets Flax's layers take traced rates
from symjax.adoption.nnx.errors import note_floats, note_methods
from symjax.adoption.signatures import call_arguments
from symjax.adoption.ties import record_ties, untied
from symjax.core.errors import at, brief, locate
from symjax.core.fields import Field
from symjax.core.inside import INSIDE, PatchableSchema
from symjax.core.marks import MissingError
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, BUILDS, is_placeholder, schema_of
from symjax.core.tracebacks import hiding_frames
from symjax.names.lookup import find
from symjax.verbs.query import missing
from symjax.verbs.refs import resolve
from symjax.verbs.tree import map_items, replace
from symjax.verbs.walk import walk

RNGS = "rngs"
KEEPS_NODES = "__symjax_keeps_nodes__"  # in a class of nodes that build those in them by themselves
_constructing = contextvars.ContextVar("symjax_nnx_constructing", default=False)


class NnxSchema(PatchableSchema):
    """Nodes of NNX modules: the constructor's arguments without ``rngs``."""

    kind: ClassVar[str] = "nnx"
    converts: ClassVar[bool] = False  # its own code sees what it was given
    ties: ClassVar[bool] = True

    def __init__(
        self, cls: type, fields: tuple[Field, ...], name: str | None, original: Callable[..., Any] | None
    ) -> None:
        super().__init__(cls, tuple(f for f in fields if f.name != RNGS), name, original)
        self.constructor: Any = original
        self.takes_rngs = any(f.name == RNGS for f in fields)
        self.needs_rngs = any(f.name == RNGS and f.required for f in fields)
        base: Any = next((vars(b)[ATTRIBUTE] for b in cls.__mro__[1:] if ATTRIBUTE in vars(b)), None)
        if isinstance(base, NnxSchema):  # a class with presets gives its base's constructor all by name
            self.constructor = base.constructor
            self.takes_rngs, self.needs_rngs = base.takes_rngs, base.needs_rngs

    def tied(self, values: dict[str, Any]) -> dict[str, Any]:
        """See `Schema.tied`; a node that is given twice becomes one module."""
        return record_ties(values)


@hiding_frames
def build(tree: Any, *, rngs: nnx.Rngs | int | Any = 0) -> Any:
    """Makes the NNX modules that a tree stands for.

    Args:
        tree: A node of a symbolized NNX module, or a tree that holds such nodes.
        rngs: An `nnx.Rngs`, or the seed or key for one, by default the seed 0; it is handed to every module
            that takes it, in the order of the tree, innermost first.

    Returns:
        The module; or the tree with modules in the place of the nodes. A node and the references to it
        become one module, which shares its parameters.

    Raises:
        KeyError: A reference that leads nowhere.
        MissingError: Arguments are missing; lists them by path.
        TypeError: A choice is still open; ends in ``(path=…)``.
        Exception: What a constructor raises, with a note that says at which node.

    Example:
        >>> import jax
        >>> from symjax import nnx
        >>> node = nnx.Linear(2, 3)
        >>> build(node, rngs=0)(jax.numpy.ones((1, 2))).shape
        (1, 3)
    """
    holes = missing(tree)
    if holes:
        listed = ", ".join(str(path) for path in holes)
        raise MissingError(f"the tree cannot be built, it misses {listed} {at(next(iter(holes)))}")
    return Building(rngs if isinstance(rngs, nnx.Rngs) else nnx.Rngs(rngs)).make(tree)


class Building:
    """Makes modules of nodes: the same module of the same node, wherever that is given.

    Args:
        rngs: Handed to every module that takes it; None for those that Flax makes without.
    """

    def __init__(self, rngs: nnx.Rngs | None) -> None:
        self.rngs = rngs
        self._modules: dict[int, tuple[Any, Any]] = {}

    def reuse(self, node: Any, module: Any) -> None:
        """Lets a node stand for a module that is built already."""
        self._modules[id(node)] = node, module

    def make(self, tree: Any, path: Path = ROOT) -> Any:
        """`tree` with modules in the place of its nodes; `path` is where it stands, for messages."""
        if id(tree) not in self._modules:
            self._modules[id(tree)] = tree, self._visit(resolve(untied(tree)), path)
        return self._modules[id(tree)][1]

    def _visit(self, value: Any, path: Path) -> Any:
        if id(value) in self._modules:
            return self._modules[id(value)][1]
        if is_placeholder(value):
            raise TypeError(f"the tree cannot be built, {value!r} is not decided yet {at(path)}")
        if getattr(type(value), KEEPS_NODES, False):
            return value
        changes = map_items(_without_patches(value), path, self._visit)
        if not is_builder(value):
            return replace(value, changes, path) if changes else value
        module = self._call(value, changes, path)
        self._modules[id(value)] = value, module
        return module

    def _call(self, node: Any, changes: dict[Any, Any], path: Path) -> Any:
        schema = _schema(node)
        values = {**schema.read(node), **changes}
        inside = values.pop(INSIDE, ()) if schema.patchable else ()
        fields = self.built() if inside else []
        args, kwargs = call_arguments(schema, values)
        if schema.takes_rngs and self.rngs is not None:
            kwargs[RNGS] = self.rngs
        try:
            module = construct(schema.constructor, *args, **kwargs)
            if not isinstance(module, nnx.Pytree):
                module = self.make(module, path)  # a function's nodes
            return self.patched(module, node, inside, fields) if inside else module
        except Exception as error:
            if locate(error, path, f"while building {type(node).__name__}"):
                note_floats(error, [(path, type(node), schema.arguments(node))])
            raise

    def built(self) -> list[nnx.Module]:
        """The modules so far."""
        return [module for _, module in self._modules.values() if isinstance(module, nnx.Module)]

    def patched(self, module: Any, node: Any, inside: tuple[Any, ...], fields: list[nnx.Module]) -> Any:
        """A module that was built of a node, with the patches applied that the node has inside.

        Args:
            module: The module.
            node: The node; None where the module was made at once.
            inside: The patches.
            fields: The modules that were built of nodes in the tree, which patches have seen there.
        """
        return provided.patch_built(module, node, inside, self.rngs or nnx.Rngs(0), fields)


def construct(make: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls a module's constructor, in which modules are made at once as far as Flax makes them."""
    token = _constructing.set(True)
    try:
        return make(*args, **kwargs)
    except TypeError as error:
        if str(error).startswith("super(type, obj)") and not getattr(error, "__notes__", ()):
            error.add_note(
                "the name of a symbolized NNX class stands for its nodes, of which a module is no instance: "
                "write super().__init__(), without arguments"
            )
        raise
    finally:
        _constructing.reset(token)


def is_constructing() -> bool:
    """Whether the constructor of an NNX module is running."""
    return _constructing.get()


def as_flax_would(value: Any) -> Any:
    """A value with modules in the place of those nodes in it that Flax makes without ``rngs``."""
    if is_builder(value):
        return value if _waits(value) else Building(None).make(value)
    if schema_of(value) is not None:
        return value
    changes = map_items(value, ROOT, lambda item, _: as_flax_would(item))
    return replace(value, changes) if changes else value


def is_builder(value: Any) -> bool:
    """Whether a value is a node of which `build` makes a module."""
    return isinstance(schema_of(value), NnxSchema)


def _without_patches(value: Any) -> Any:
    """A node without the patches that it has inside; anything else as it is."""
    if not is_builder(value) or INSIDE not in vars(value) or not _schema(value).patchable:
        return value
    schema = _schema(value)
    return schema.revive({name: item for name, item in schema.arguments(value).items() if name != INSIDE})


def _schema(node: Any) -> NnxSchema:
    return getattr(type(node), ATTRIBUTE)  # type: ignore[no-any-return]


def _waits(node: Any) -> bool:
    """Whether a node cannot become a module by itself."""
    return any(
        is_placeholder(value) or (is_builder(value) and (_schema(value).needs_rngs or INSIDE in vars(value)))
        for _, value, _ in walk(node)
    ) or bool(missing(node))


def _refuse_nodes(module: nnx.Module) -> None:
    """Raises where a layer was made without the ``rngs`` that it needs: Flax would have refused it."""
    for name, value in vars(module).items():
        items = value.values() if isinstance(value, dict) else value
        for item in items if isinstance(value, dict | list | tuple | nnx.List) else (value,):
            if is_builder(item):
                raise TypeError(
                    f"{type(module).__name__}.{name} holds a node, {brief(item)}, where a module belongs: a "
                    f"layer that is made in a constructor takes rngs {at(name)}"
                )


class ModuleMeta(type(nnx.Module)):  # type: ignore[misc]
    """Makes modules at once inside a module's constructor; `nnx.Module` and its subclasses are Flax's."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """The module."""
        by_name = {name: as_flax_would(value) for name, value in kwargs.items()}
        module = construct(super().__call__, *[as_flax_would(value) for value in args], **by_name)
        _refuse_nodes(module)
        return module

    def __instancecheck__(cls, instance: object) -> bool:
        return type.__instancecheck__(nnx.Module if cls is Module else cls, instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return type.__subclasscheck__(nnx.Module if cls is Module else cls, subclass)


def _reduce_class(cls: type) -> Any:
    """Pickles a module class behind its symbolic version, where a decorator has put it, or by its name."""
    symbolic = find(cls.__module__, cls.__qualname__)
    behind = getattr(symbolic, BUILDS, None) is cls
    return (getattr, (symbolic, BUILDS)) if behind else cls.__qualname__


copyreg.pickle(ModuleMeta, _reduce_class)


class Module(nnx.Module, metaclass=ModuleMeta):
    """Flax's `nnx.Module`; subclasses make layers at once, as in Flax, and errors say at which it was."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        note_methods(cls)
