"""Roles: what a class or function *is* ("a convolution"), whatever it is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from symjax.core.schema import schema_of
from symjax.verbs.tree import items

T = TypeVar("T")

# By identity, since not all that is marked can be hashed; what is marked is kept, so ids stay its own.
_marked: Final[dict[int, tuple[object, dict[str, Mapping[str, str]]]]] = {}


def role(*names: str, **members: str) -> Callable[[T], T]:
    """Marks a class or function with roles, so that rules can tell what it is.

    Used as a decorator, or by a call on what one does not own. Subclasses inherit the roles, and so
    do symbolized classes. A role stays once given.

    Args:
        *names: What the class or function is, such as ``'convolution'``. The library's patches know
            ``'convolution'`` (beside it ``'separable_convolution'``, ``'transposed_convolution'``,
            ``'local_convolution'``), ``'dense'``, ``'normalization'``, ``'dropout'``,
            ``'embedding'``, ``'attention'`` and ``'activation'``. Flax's layers and JAX's
            activations come marked.
        **members: What the arguments of the role, which are named as in Flax Linen (``features``,
            ``kernel_size``, …), are called in this class.

    Returns:
        A function that marks its argument and returns it.

    Raises:
        TypeError: No name was given.

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
        _, roles = _marked.setdefault(id(target), (target, {}))
        roles.update(dict.fromkeys(names, members))
        return target

    return mark


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
    return any(name in roles for roles in _roles(value) for name in names)


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
    members = next((roles[role] for roles in _roles(value) if role in roles), None)
    if members is None:
        return None
    own = members.get(name, name)
    return own if any(key == own for key, _ in items(value) or ()) else None


def _roles(value: object) -> Iterator[Mapping[str, Mapping[str, str]]]:
    """The roles of a value, those of its own class before those of its bases."""
    if isinstance(value, functools.partial):
        yield from _roles(value.func)
        return
    if isinstance(value, type):
        return
    schema = schema_of(value)
    original = None if schema is None else schema.original
    for carrier in (value, *type(value).__mro__, original):
        found = _marked.get(id(carrier))
        if found is not None:
            yield found[1]
