"""`traced` and `rewrite`: functions that are called inside of models, and of any JAX code."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, TypeVar, final

from symjax.core.paths import Path

from ..core.patch import Rule, describe_rule
from ..core.registry import add_patcher
from ..core.resolve import resolve
from ..outlines.inputs import Inputs
from ..roles.marks import functions_of, has_role
from .functions.activations import activation
from .functions.rewriting import Replacement, Scopes, rewrite_program, trace
from .functions.running import FunctionPatch, Places, run_rewritten
from .parts import InsidePatch, parts
from .patterns import matches

P = ParamSpec("P")
T = TypeVar("T")


@final
class traced(FunctionPatch):
    """A patch of functions that a model calls in its methods: another function is called instead.

    ``nn.relu(x)`` in a method is no value of the tree, and no layer. It is a call in the program that JAX
    traces from the model; there the patch puts another one. The new function is called with as many of
    the old one's operands as it requires, and its result gets the old one's type.

    What is found: functions that JAX calls by name, which are those under `jax.jit`, `jax.custom_jvp` and
    `jax.custom_vjp`, with whatever static arguments; and functions that leave only their equations
    (`jax.nn.gelu`, `jax.numpy.tanh`, any function of arrays of one's own), by these equations, with
    the default values of their arguments or another choice of their switches (``approximate=False``).

    What is not: calls inside a function that has a derivative rule of its own (it is replaced as a whole or
    not at all); calls inside a function of JAX (the sigmoid that is part of `jax.nn.silu`); what a
    layer does that is called from outside of its model (``model.bind(…).layer(x)``). Functions whose
    derivative the model itself takes, and those inside of a `jax.shard_map` with ``check_vma``, are
    refused.

    Where a role is asked for, calls of gates (`jax.nn.sigmoid` and its like), and those within recurrent
    cells, stay; they can be named.

    The model must be traceable: it runs as under `jax.jit`, also where it is called without.

    Attributes:
        function: What is replaced: a function; the name of one, wherever it is defined; or a role, such as
            ``'activation'``, for all functions that are marked with it.
        to: What is called instead: a function, or the name of an activation.
        path: A pattern of the paths of the modules whose methods call the function, as in
            `symjax.patches.inside`: ``'encoder/**'``; None for all. In a function that is no
            model these are the names of `jax.named_scope`.

    Raises:
        ValueError: No activation is called `to`.

    Example:
        >>> import flax.linen
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import patches
        >>> class Net(flax.linen.Module):
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         return flax.linen.relu(x)
        >>> model = sj.patch(sj.symbolize(Net)(), 'traced?relu&sigmoid')
        >>> model
        Net(inside=(traced(function='relu', to='sigmoid'),))
        >>> model.apply({}, jax.numpy.zeros(1)).tolist()
        [0.5]
    """

    patcher_name: ClassVar[str] = "traced"

    function: str | Callable[..., Any]
    to: str | Callable[..., Any]
    path: str | None = None

    def __check__(self) -> None:
        if isinstance(self.to, str):
            activation(self.to)

    def matched(self, tree: Any, *inputs: Any) -> tuple[Path, ...]:
        """See `Patch.matched`; of a function that is no model, the calls inside it.

        Example:
            >>> import jax
            >>> from symjax import patches
            >>> def loss(w, x):
            ...     with jax.named_scope('hidden'):
            ...         return jax.nn.relu(w * x).sum()
            >>> patches.traced('activation', 'tanh').matched(loss, 0.5, jax.numpy.ones(2))
            (Path('hidden.relu'),)
        """
        if not isinstance(tree, types.FunctionType | functools.partial):
            return super().matched(tree, *inputs)
        call = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], Inputs) else Inputs(*inputs)
        program = trace(tree, *call.args, **call.kwargs).program
        _, sights = rewrite_program(program, self.replacement(Places()))
        paths = [Path((*sight.scopes, sight.name)) for sight in sights if sight.is_replaced]
        return tuple(dict.fromkeys(paths))

    def at(self, path: str | None) -> InsidePatch:
        """See `InsidePatch.at`."""
        if path is None:
            return self
        if self.path is not None:
            raise TypeError(
                f"{describe_rule(self)} has a path already, and cannot be restricted to {path!r} too"
            )
        return self.rebind(path=path)

    def replacement(self, places: Places) -> Replacement:
        """What is replaced in a program.

        Args:
            places: Where the modules of the program are.
        """
        to = activation(self.to) if isinstance(self.to, str) else self.to
        functions, names, is_role = self._functions(to)

        def where(scopes: Scopes) -> bool:
            if self.path is not None and not matches(self.path, Path(places.path(scopes))):
                return False
            return not (is_role and places.is_in(scopes, "recurrent_cell"))

        among = (*functions_of("activation"), to)  # what it calls itself is none of the model's calls
        return Replacement(functions, to, names, among, where)

    def _functions(
        self, to: Callable[..., Any]
    ) -> tuple[tuple[Callable[..., Any], ...], frozenset[str], bool]:
        """The functions, the names that count wherever they are defined, and whether a role was asked for."""
        if not isinstance(self.function, str):
            return (self.function,), frozenset(), False
        marked = functions_of(self.function)
        if marked:
            wanted = [f for f in marked if self.function == "gate" or not has_role(f, "gate")]
            return tuple([f for f in wanted if f is not to]), frozenset(), True
        try:
            known = activation(self.function)
        except ValueError:  # a function of the user's, which nobody has marked
            return (), frozenset({self.function}), False
        return (known,), frozenset({self.function, known.__name__}), False


add_patcher(traced, (traced.patcher_name,))


def rewrite(function: Callable[P, T], rules: Rule) -> Callable[P, T]:
    """A function that calls other functions inside.

    It is traced at each call, as under `jax.jit`, and what JAX has traced is changed: see `traced`, of which
    this is the use on code that is no Flax model. Transform what it returns, not what it is given:
    ``jax.grad(rewrite(loss, …))``.

    Args:
        function: Any function of pytrees. Its arrays are traced; numbers, switches and whatever else
            stay as they are.
        rules: A `traced` patch, the URI of one, a patch that returns one, or a list of these.

    Returns:
        A function with the same arguments and results, pure if the old one is.

    Raises:
        TypeError: Among the rules is one that replaces no functions; or, when the function is called, the
            new function requires more arguments than the old one is given.
        ValueError: When the function is called: the new function returns another shape, or
            the function takes a derivative of what is replaced.

    Example:
        >>> import jax
        >>> from symjax import patches
        >>> def loss(w, x):
        ...     return jax.nn.relu(w * x).sum()
        >>> smooth = patches.rewrite(loss, patches.traced('relu', 'softplus'))
        >>> jax.jit(jax.grad(smooth))(0.0, jax.numpy.ones(2)).item()
        1.0
    """
    replacing = _traced_in(function, rules)

    @functools.wraps(function)
    def rewritten(*args: P.args, **kwargs: P.kwargs) -> T:
        result: T = run_rewritten(function, [(part, part) for part in replacing], Places(), args, kwargs)
        return result

    return rewritten


def _traced_in(function: Any, rules: Rule) -> list[traced]:
    """The patches of functions among some rules."""
    replacing: list[traced] = []
    for rule in resolve(rules):
        own = [part for part in parts(rule, function) if isinstance(part, traced)]
        if not own:
            raise TypeError(
                "expected a patch of functions, such as patches.traced('relu', 'gelu'), got "
                f"{describe_rule(rule)}"
            )
        replacing += own
    return replacing
