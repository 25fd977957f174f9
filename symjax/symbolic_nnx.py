"""Flax NNX modules as symbolic nodes: their constructors' arguments, from which `build` makes the module."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from flax import nnx

from symjax.containers import Map
from symjax.errors import at
from symjax.names import place
from symjax.object import Object
from symjax.paths import ROOT, Path
from symjax.query import missing
from symjax.schema import ATTRIBUTE, Schema, schema_of
from symjax.signatures import call_arguments, fields_of
from symjax.symbolic_class import thaw_values
from symjax.tree import items, replace

_RNGS = "rngs"


class _BuilderMeta(type):
    """Lets the symbolic class of an NNX module stand where the module class stood."""

    def __new__(meta, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        """A subclass of a symbolic class is a subclass of the NNX class, and Flax's own."""
        originals = tuple(base.__dict__.get("__symjax_builds__") or base for base in bases)
        if originals == bases:
            return super().__new__(meta, name, bases, namespace, **kwargs)
        return type(originals[0])(name, originals, namespace, **kwargs)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """A node; or the module, when `rngs` or an argument that is built already says so."""
        original = _original(cls)
        if original is not None and (
            kwargs.get(_RNGS) is not None or _holds_built((*args, *kwargs.values()))
        ):
            return original(*args, **kwargs)
        kwargs.pop(_RNGS, None)
        return super().__call__(*args, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        original = cls.__dict__.get("__symjax_builds__")
        return original is not None and isinstance(instance, original)


class Builder(Object, metaclass=_BuilderMeta):
    """The arguments of an NNX module, which `build` makes of them."""

    __symjax_builds__: ClassVar[Any] = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: there are no parameters yet.

        Raises:
            TypeError: Always.
        """
        name = type(self).__name__
        raise TypeError(f"this {name} is not built yet: sj.build(node, rngs=…) makes the NNX module of it")


def symbolize_nnx(cls: type, options: tuple[Any, ...]) -> type:
    """The symbolic version of an NNX module class; see `symjax.symbolize`."""
    static, name, aliases, _ = options
    init = inspect.getattr_static(cls, "__init__")  # the class's own signature is its metaclass's
    fields = fields_of(init, static, skip=1)
    namespace = {
        **place(cls, name),
        "__doc__": cls.__doc__,
        "__symjax_fields__": tuple(f for f in fields if f.name != _RNGS),
        "__symjax_name__": name,
        "__symjax_original__": cls,
        "__symjax_aliases__": aliases,
        "__symjax_builds__": cls,
        "__symjax_takes_rngs__": any(f.name == _RNGS for f in fields),
    }
    made: type = _BuilderMeta(cls.__name__, (Builder,), namespace)
    return made


def build(tree: Any, *, rngs: nnx.Rngs | int | Any = 0) -> Any:
    """Makes the NNX modules that a tree stands for.

    Args:
        tree: A node of a symbolized NNX module, or a tree that holds such nodes.
        rngs: An `nnx.Rngs`, or the seed or key for one; it is handed to every module that takes it, in the
            order of the tree, innermost first.

    Returns:
        The module; or the tree with modules in the place of the nodes.

    Raises:
        MissingError: Arguments are missing; lists them by path.

    Example:
        >>> import jax
        >>> from symjax import nnx
        >>> node = nnx.Linear(2, 3)
        >>> build(node, rngs=0)(jax.numpy.ones((1, 2))).shape
        (1, 3)
    """
    from symjax.missing import MissingError

    holes = missing(tree)
    if holes:
        listed = ", ".join(str(path) for path in holes)
        raise MissingError(f"the tree cannot be built, it misses {listed} {at(next(iter(holes)))}")
    streams = rngs if isinstance(rngs, nnx.Rngs) else nnx.Rngs(rngs)
    return _build(tree, streams, ROOT)


def _build(value: Any, rngs: nnx.Rngs, path: Path) -> Any:
    changes = {}
    for key, item in items(value) or ():
        made = _build(item, rngs, path / key)
        if made is not item:
            changes[key] = made
    if not isinstance(schema_of(value), Schema) or not isinstance(value, Builder):
        return replace(value, changes, path) if changes else value
    schema: Schema = getattr(type(value), ATTRIBUTE)
    args, kwargs = call_arguments(schema, thaw_values({**schema.read(value), **changes}))
    if type(value).__symjax_takes_rngs__:  # type: ignore[attr-defined]
        kwargs[_RNGS] = rngs
    try:
        return type(value).__symjax_builds__(*args, **kwargs)
    except Exception as error:
        error.add_note(f"while building {type(value).__name__} {at(path)}")
        raise


def _original(cls: type) -> Any:
    return cls.__dict__.get("__symjax_builds__")


def _holds_built(values: Any) -> bool:
    """Whether a built module is among these values, or in a container among them."""
    for value in values:
        if isinstance(value, nnx.Module):
            return True
        if isinstance(value, list | tuple) and schema_of(value) is None and _holds_built(value):
            return True
        if isinstance(value, dict | Map) and _holds_built(value.values()):
            return True
    return False
