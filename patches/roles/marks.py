"""Roles: what a class or function *is* ("a convolution"), whatever it is called."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from symjax.core.locks import adoption
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE
from symjax.verbs.query import query
from symjax.verbs.tree import items

T = TypeVar("T")
Members: TypeAlias = Mapping[str, str | None]

# By identity, since not all that is marked can be hashed; what is marked is kept, so ids stay its own.
_marked: Final[dict[int, tuple[object, dict[str, Members]]]] = {}
_later: Final[dict[str, Callable[[], None]]] = {}  # what marks the classes of modules, once they are imported
_marking: Final[set[str]] = set()  # the modules whose classes are being marked
_NUMBERS_AND_TEXTS: Final = frozenset({int, float, bool, str, type(None)})  # most values of a tree: no roles
_asked: Final[ContextVar[set[str] | None]] = ContextVar("symjax_roles_asked", default=None)


def role(*names: str, **members: str | None) -> Callable[[T], T]:
    """Marks a class or function with roles, so that rules can tell what it is.

    Used as a decorator, or by a call on what one does not own. Subclasses inherit the roles, and so
    do symbolized classes. A role stays as it was first said; the same mark again, as when a notebook cell
    is run twice, does nothing.

    Args:
        *names: What the class or function is, such as ``'convolution'``. The library's patches know
            ``'convolution'`` (beside it ``'separable_convolution'``, ``'transposed_convolution'``,
            ``'local_convolution'``), ``'dense'``, ``'normalization'`` (``'batch_normalization'``,
            ``'layer_normalization'``, ``'rms_normalization'``, ``'group_normalization'``,
            ``'instance_normalization'``), ``'dropout'``, ``'embedding'``, ``'attention'``
            (``'self_attention'``), ``'recurrent_cell'`` and ``'activation'`` (beside it ``'gate'``).
            Flax's layers and JAX's activations come marked.

            Of training it knows ``'transformation'`` (what has Optax's ``init`` and ``update``),
            ``'optimizer'`` (a whole one, with an argument ``learning_rate``), ``'chain'`` (with its
            ``transformations``), ``'gradient_clipping'``, ``'accumulation'``, ``'averaging'``,
            ``'schedule'``, ``'loss'`` and ``'cross_entropy'`` (a loss of ``logits`` and ``labels``);
            Optax's come marked. Of an experiment's own classes it asks for ``'dataset'`` (with ``name``, and
            ``classes`` or ``vocabulary``: arguments or attributes), ``'block'`` (a repeated part of a
            model), ``'encoder'``, ``'cross_attention'`` (which a model without them holds as None)
            and ``'experiment'``, which says nothing but what settings are called.
        **members: What the arguments of the role, which are named as in Flax Linen (``features``,
            ``kernel_size``, …), are called in this class; None for one that the class does not have,
            although an argument of its own has the name. Settings of training have usual names
            (``batch_size``, ``learning_rate``, ``label_smoothing``, …); a class that calls one otherwise says
            so under any role: ``sj.role('experiment', batch_size='examples')``.

    Returns:
        A function that marks its argument and returns it.

    Raises:
        TypeError: No name of a role.
        ValueError: The class has the role already, with other names of its arguments. Nothing is
            marked then. A subclass may say otherwise.

    Example:
        >>> import symjax as sj
        >>> from symjax import patches
        >>> @sj.role('convolution', features='filters')
        ... class MyConv(sj.Object):
        ...     filters: int
        >>> patches.scale_width(2.0)([MyConv(8), MyConv(16)])
        [MyConv(filters=16), MyConv(filters=16)]
    """
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError("sj.role takes the names of roles, and returns what marks a class or function")

    def mark(target: T) -> T:
        _mark_imported()
        schema = getattr(target, ATTRIBUTE, None)
        original = None if schema is None else schema.original  # what symbolizes a class is no other class
        for roles in (_roles_of(original), _roles_of(target)):
            for name in names:
                if roles.get(name, members) != members:
                    raise ValueError(_conflict(target, name, roles[name], members))
        _marked[id(target)] = target, {**_roles_of(target), **dict.fromkeys(names, members)}
        return target

    return mark


def mark_later(module: str, mark: Callable[[], None]) -> None:
    """Lets a module's classes be marked when a role is asked for and the module is imported.

    So their roles cost no import of a module that a program may not need.

    Args:
        module: The name of the module.
        mark: Marks its classes; it is called once.
    """
    _later[module] = mark


def _mark_imported() -> None:
    for name in list(_later):
        module = sys.modules.get(name)
        # A module that another thread is importing has not all of its classes yet.
        if module is None or getattr(module.__spec__, "_initializing", False):
            continue
        with adoption:
            if name in _later and name not in _marking:  # marking asks for roles, too
                _marking.add(name)
                _later[name]()
                del _later[name]


def has_role(value: object, *names: str) -> bool:
    """Whether a value has one of some roles.

    Args:
        value: An instance of a marked class, a marked function, or a `functools.partial` of one. A
            class has no roles itself: its instances have.
        *names: The roles.

    Example:
        >>> from symjax import linen as nn, patches
        >>> patches.has_role(nn.Conv(8, (3, 3)), 'convolution'), patches.has_role(nn.gelu, 'activation')
        (True, True)
        >>> patches.has_role(nn.Dense(8), 'convolution', 'attention')
        False
    """
    _note_asked(names)
    if type(value) in _NUMBERS_AND_TEXTS:
        return False
    return any(name in roles for roles in _roles(value) for name in names)


def is_marked(value: object) -> bool:
    """Whether a value has any role.

    Example:
        >>> from symjax import linen as nn
        >>> is_marked(nn.Dense(3)), is_marked(nn.Sequential([]))
        (True, False)
    """
    return any(_roles(value))


@contextmanager
def noting_roles() -> Iterator[set[str]]:
    """Notes the roles that are asked for, so that a rule that matched nothing can say what it sought.

    What is asked inside a further one of these is noted there alone.

    Yields:
        The names of the roles, which grow.

    Example:
        >>> with noting_roles() as roles:
        ...     _ = has_role(3, 'dense', 'convolution')
        >>> sorted(roles)
        ['convolution', 'dense']
    """
    roles: set[str] = set()
    token = _asked.set(roles)
    try:
        yield roles
    finally:
        _asked.reset(token)


def _note_asked(names: tuple[str, ...]) -> None:
    roles = _asked.get()
    if roles is not None:
        roles.update(names)


def makes_role(value: object, *names: str) -> bool:
    """Whether a value is a class whose instances have one of some roles, or a `functools.partial` of one.

    Such a value in a field (``conv: ModuleDef = nn.Conv``) says what code makes later, with arguments that a
    patch does not see.

    Args:
        value: The value of a field.
        *names: The roles.

    Example:
        >>> import functools
        >>> from symjax import linen as nn
        >>> makes_role(nn.Conv, 'convolution'), makes_role(functools.partial(nn.Conv, 8), 'convolution')
        (True, True)
        >>> makes_role(nn.Conv(8, 3), 'convolution')
        False
    """
    _note_asked(names)
    cls = value.func if isinstance(value, functools.partial) else value
    if _later:
        _mark_imported()
    return isinstance(cls, type) and any(name in roles for roles in _roles_of_class(cls) for name in names)


def functions_of(role: str) -> tuple[Callable[..., Any], ...]:
    """The functions that are marked with a role.

    Args:
        role: The role.

    Example:
        >>> from symjax import linen as nn
        >>> nn.relu in functions_of('activation')
        True
    """
    marked = [target for target, roles in list(_marked.values()) if role in roles]
    return tuple([target for target in marked if callable(target) and not isinstance(target, type)])


def member(value: object, role: str, name: str) -> str | None:
    """What an argument of a role is called in the class of a value.

    Args:
        value: An instance of a class that is marked with the role.
        role: The role.
        name: The argument, as it is called in Flax Linen.

    Returns:
        The name of the value's own argument; None if it has no such argument, or not the role.

    Example:
        >>> import symjax as sj
        >>> from symjax import patches
        >>> @sj.role('dense', features='units')
        ... class Layer(sj.Object):
        ...     units: int
        >>> patches.member(Layer(3), 'dense', 'features')
        'units'
    """
    argument = arguments(value, role).get(name)
    return None if argument is None else argument.name


class Argument(NamedTuple):
    """An argument of a layer.

    Attributes:
        name: What it is called in the layer's own class.
        value: What it is.
    """

    name: str
    value: Any


def arguments(value: object, role: str) -> dict[str, Argument]:
    """The arguments of a layer, by the names that they have in Flax Linen.

    So a patch reads and builds layers of code bases that call the same things otherwise.

    Args:
        value: An instance of a class that is marked with the role.
        role: The role.

    Returns:
        The arguments under Linen's names where the role says which these are, and under their own
        otherwise; none for a value that does not have the role.

    Example:
        >>> import symjax as sj
        >>> @sj.role('dense', features='units')
        ... class Layer(sj.Object):
        ...     units: int
        >>> arguments(Layer(3), 'dense')['features']
        Argument(name='units', value=3)
    """
    _note_asked((role,))
    members = next((roles[role] for roles in _roles(value) if role in roles), None)
    if members is None:
        return {}
    own = {str(key): Argument(str(key), item) for key, item in items(value) or ()}
    known = {name: argument for name, argument in own.items() if name not in members}
    return {**known, **{name: own[key] for name, key in members.items() if key is not None and key in own}}


def classes_with_role(name: str) -> list[type]:
    """The classes that were marked with a role themselves, in that order; subclasses are left out.

    Those of NNX are among them where NNX is imported.

    Example:
        >>> import flax.linen
        >>> flax.linen.Conv in classes_with_role('convolution')
        True
    """
    _mark_imported()
    return [target for target, roles in list(_marked.values()) if isinstance(target, type) and name in roles]


def names_given_to(argument: str) -> frozenset[str]:
    """What an argument of a role is called in any class that is marked so far.

    Example:
        >>> import symjax as sj
        >>> @sj.role('experiment', batch_size='examples')
        ... class Experiment(sj.Object):
        ...     examples: int = 32
        >>> 'examples' in names_given_to('batch_size')
        True
    """
    names = [
        members.get(argument) for _, roles in list(_marked.values()) for members in roles.values() if members
    ]
    return frozenset(name for name in names if name is not None)


def own_names(value: object, argument: str) -> tuple[str, ...]:
    """What an argument is called in the class of a value, as its roles say it, whichever these are.

    Args:
        value: Any value.
        argument: An argument of a role.

    Returns:
        The names; none where no role names the argument.

    Example:
        >>> import symjax as sj
        >>> @sj.role('experiment', batch_size='examples')
        ... class Experiment(sj.Object):
        ...     examples: int = 32
        >>> own_names(Experiment(), 'batch_size'), own_names(Experiment(), 'seed')
        (('examples',), ())
    """
    members = [names.get(argument) for roles in _roles(value) for names in roles.values()]
    return tuple(dict.fromkeys(name for name in members if name is not None))


def with_role(tree: Any, *names: str) -> dict[Path, Any]:
    """The outermost values of a tree that have one of some roles, by path.

    Args:
        tree: The experiment.
        *names: The roles.

    Example:
        >>> from symjax import linen as nn
        >>> list(with_role(nn.Sequential([nn.Dense(3), nn.relu]), 'dense', 'activation'))
        [Path('layers[0]'), Path('layers[1]')]
    """
    return query(tree, where=lambda v: has_role(v, *names))


def _roles(value: object) -> Iterator[Mapping[str, Members]]:
    """The roles of a value, those of its own class before those of its bases."""
    if _later:
        _mark_imported()
    if isinstance(value, functools.partial):
        yield from _roles(value.func)
        return
    if isinstance(value, type):
        return
    if roles := _roles_of(value):
        yield roles
    yield from _roles_of_class(type(value))


def _roles_of_class(cls: type) -> Iterator[Mapping[str, Members]]:
    """The roles of a class's instances."""
    schema = getattr(cls, ATTRIBUTE, None)
    original = None if schema is None else schema.original
    # A node of NNX is no instance of the module's class, whose bases have the roles.
    for carrier in (*cls.__mro__, *(original.__mro__ if isinstance(original, type) else (original,))):
        if roles := _roles_of(carrier):
            yield roles


def _roles_of(carrier: object) -> Mapping[str, Members]:
    """The roles that a class or function itself was marked with."""
    mark = _marked.get(id(carrier))
    return {} if mark is None else mark[1]


def _conflict(target: object, role: str, old: Members, new: Members) -> str:
    """The message for a second, different mark."""
    name = getattr(target, "__qualname__", None) or repr(target)
    return (
        f"{name} has the role {role!r} already, with {_show(old)}, and cannot get it again with "
        f"{_show(new)}; mark a subclass of it instead"
    )


def _show(members: Members) -> str:
    return ", ".join([f"{name}={own!r}" for name, own in members.items()]) or "Linen's names"
