"""Running code in which patches replace functions; where the calls stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jax.extend.core import jaxpr_as_fun

from ...roles.marks import makes_role
from ..parts import InsidePatch
from ..recording import record
from .rewriting import Replacement, Scopes, rewrite_program, trace


class Places:
    """What the named scopes of a program stand for: of a plain function, nothing but themselves."""

    def path(self, scopes: Scopes) -> Scopes:
        """The path of the module whose method stands in some scopes."""
        return scopes

    def is_in(self, scopes: Scopes, role: str) -> bool:
        """Whether one of the modules that stand in each other there has a role."""
        return False


class ModulePlaces(Places):
    """The modules of a model, in whose scopes its equations stand.

    Attributes:
        modules: The classes of the modules that were called, by path.
    """

    def __init__(self) -> None:
        self.modules: dict[Scopes, type] = {}

    def path(self, scopes: Scopes) -> Scopes:
        """See `Places.path`; the name of the model, scopes that are no modules, and methods count nowhere."""
        return self._entered(scopes)[-1]

    def is_in(self, scopes: Scopes, role: str) -> bool:
        """See `Places.is_in`."""
        return any(makes_role(self.modules.get(path), role) for path in self._entered(scopes))

    def _entered(self, scopes: Scopes) -> list[Scopes]:
        """The paths of the modules whose methods call each other, outermost first.

        One that another module was given, as a cell is given to `flax.linen.RNN`, has a path elsewhere.
        """
        entered: list[Scopes] = [()]
        for scope in scopes[1:]:
            path = self._path_within(entered[-1], (scope, scope.rpartition(".")[0]))
            if path != entered[-1]:
                entered.append(path)
        return entered

    def _path_within(self, path: Scopes, names: tuple[str, str]) -> Scopes:
        """The path of the module of a name, where it is called in a method of another one."""
        for name in names:
            if (*path, name) in self.modules:
                return (*path, name)
        if path and path[-1] in names:  # another method, or the same one within a lifted transform
            return path
        named = [other for other in self.modules if other and other[-1] in names]
        below = [other for other in named if other[: len(path)] == path]
        return min(below or named, key=len, default=path)


class FunctionPatch(InsidePatch):
    """What replaces functions that are called inside."""

    def replacement(self, places: Places) -> Replacement:
        """What is replaced in a program.

        Args:
            places: Where the modules of the program are.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no replacement(self, places)")


def run_rewritten(
    function: Callable[..., Any],
    patches: Sequence[tuple[FunctionPatch, Any]],
    places: Places,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """What a function returns with patches of functions inside.

    Args:
        function: Any function of pytrees.
        patches: The patches in their order, each with what stands for it where one watches what it changes.
        places: Where the named scopes of the function's program are; asked after it was traced.
        args: The arguments by position.
        kwargs: Those by keyword.
    """
    program, arrays, finish = trace(function, *args, **kwargs)
    for patch, source in patches:
        program, sights = rewrite_program(program, patch.replacement(places))
        for sight in sights:
            path = (*places.path(sight.scopes), sight.name)
            record("/".join(path), sight.name, (source,) if sight.is_replaced else ())
    return finish(jaxpr_as_fun(program)(*arrays))
