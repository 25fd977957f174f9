"""The constructors of symbolic Linen modules: Flax's, with our words for wrong arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from symjax.adoption.flax_private import makes_unbound
from symjax.core.errors import at
from symjax.core.inside import INSIDE, PatchableSchema
from symjax.core.schema import holds_choice, is_undecided
from symjax.core.tracebacks import hide_frames


def explaining_init(init: Callable[..., Any], schema: PatchableSchema, computes: bool) -> Any:
    """Flax's constructor, which says of a wrong argument what would have been right.

    Args:
        init: Flax's.
        schema: The schema of the class.
        computes: Whether code of the class runs in it, its ``__post_init__``. That code waits until all
            choices among the arguments are decided.
    """

    @functools.wraps(init)
    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:
        may_wait = computes and type(self) is schema.cls and makes_unbound(kwargs)
        if may_wait and holds_choice((*args, *kwargs.values(), *schema.defaults.values())):
            _wait(self, schema, args, kwargs)
            return
        own = kwargs
        if INSIDE in kwargs and schema.patchable:
            own = {name: value for name, value in kwargs.items() if name != INSIDE}
            vars(self)[INSIDE] = kwargs[INSIDE]  # which Flax's constructor does not know
        try:
            try:
                init(self, *args, **own)
            except TypeError:
                _refuse_arguments(schema, args, {k: v for k, v in own.items() if k != "parent"})
                raise
        except Exception as error:
            if may_wait and is_undecided((args, kwargs)):
                _wait(self, schema, args, kwargs)
                return
            hide_frames(error)
            raise

    return __init__


def _wait(module: Any, schema: PatchableSchema, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Makes an unbound module of its arguments alone; its ``__post_init__`` runs when they are decided."""
    try:
        own = {name: value for name, value in kwargs.items() if name != "parent"}
        waiting = schema.unpickle(schema.admit(schema.bind(args, own)))
        vars(module).clear()
        vars(module).update(vars(waiting))
        if schema.checks:
            schema.check(module)
    except Exception as error:
        hide_frames(error)
        raise


def _refuse_arguments(schema: PatchableSchema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raises where a constructor was called with a name that is no field, or without a required one."""
    arguments = schema.bind(args, kwargs)
    unknown = [name for name in arguments if name not in schema.fields]
    if unknown:
        raise TypeError(f"{schema.unknown_field(unknown[0])} {at(unknown[0])}") from None
    holes = schema.holes(arguments)
    if holes:
        raise TypeError(schema.missing_message(holes)) from None
