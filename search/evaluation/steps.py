"""`Steps`: training as a start, steps and a measure, which a search can run whole or piece by piece."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import jax

from symjax.core.errors import brief
from symjax.core.paths import Path
from symjax.core.tracebacks import hiding_frames
from symjax.text.array_forms import shape_text
from symjax.verbs.diff import diff

State: TypeAlias = Any
"""A pytree: all that a step needs and changes; the number of the step and a key among it."""

_PARTS: Final = ("init", "step", "metric")


@dataclass(frozen=True)
class Steps:
    """A function of an experiment in three parts, of which one is repeated.

    Called with ``(exp, key, *data)``, as `evaluate` calls it, it is ``metric`` of the state after `n` steps,
    which run as one `jax.lax.scan`. Searches that stop, copy or resume training run parts of it: `start`,
    `segment`, `measure`.

    Equal steps are one function to the cache of programs, so they may be written anew in each call; the
    three parts are compared by identity.

    Attributes:
        init: ``init(exp, key, *data) -> state``; it may leave the data out: ``init(exp, key)``.
        step: ``step(state, *data) -> state``: a pytree of the same structure, shapes and dtypes.
            What changes from step to step is in it: the number of the step, the key.
        metric: ``metric(state, *data) -> metrics``.
        n: How many steps, at least 0.
        methods: Whether ``step`` and ``metric`` are methods of the experiment, which they get first:
            ``step(exp, state, *data)``. See `of`.

    Raises:
        TypeError: A part is no function, `n` is no int; and when it runs, a part does not take these
            arguments, or a step returns another kind of state: the message names the leaf that differs.
        ValueError: `n` is negative.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import search
        >>> def init(exp, key, target):
        ...     return {'x': jax.random.normal(key), 'rate': exp['rate']}
        >>> def step(state, target):
        ...     return {**state, 'x': state['x'] - state['rate'] * 2 * (state['x'] - target)}
        >>> def metric(state, target):
        ...     return {'loss': (state['x'] - target) ** 2}
        >>> space = search.space({'rate': search.floatv(0.01, 0.3)})
        >>> dnas = space.sample(jax.random.key(0), 8)
        >>> descent = search.Steps(init, step, metric, n=10)
        >>> results = search.evaluate(descent, space, dnas, jax.random.key(1), 3.0)
        >>> results.best('loss', 'min').experiment['rate'] > 0.2
        True
    """

    init: Callable[..., State]
    step: Callable[..., State]
    metric: Callable[..., Any]
    n: int
    methods: bool = False

    def __post_init__(self) -> None:
        for name in _PARTS:
            part = getattr(self, name)
            if not callable(part):
                raise TypeError(f"Steps takes a function as its {name}, got {brief(part)}")
        if isinstance(self.n, bool) or not isinstance(self.n, int):
            raise TypeError(f"Steps takes the number of its steps as an int, got n={brief(self.n)}")
        if self.n < 0:
            raise ValueError(f"Steps takes at least 0 steps, got n={self.n}")

    @classmethod
    def of(cls, experiment: type, n: int) -> Steps:
        """The steps of a class of experiments with methods ``init``, ``step`` and ``metric``.

        The methods get the experiment as any method does: ``init(self, key, *data)``,
        ``step(self, state, *data)``, ``metric(self, state, *data)``. So the state holds what changes only.

        Args:
            experiment: The class.
            n: How many steps, at least 0.

        Raises:
            TypeError: No class; or one of the methods is missing, or static.

        Example:
            >>> import jax, symjax as sj
            >>> from symjax import search
            >>> class Descent(sj.Object):
            ...     rate: float
            ...     def init(self, key):
            ...         return jax.random.normal(key)
            ...     def step(self, x):
            ...         return x - self.rate * 2 * x
            ...     def metric(self, x):
            ...         return {'loss': x ** 2}
            >>> fn = search.Steps.of(Descent, n=10)
            >>> bool(fn(Descent(0.3), jax.random.key(0))['loss'] < 1e-6)
            True
        """
        if not isinstance(experiment, type):
            raise TypeError(
                f"Steps.of takes a class of experiments, got {brief(experiment)}; "
                f"give its class, {type(experiment).__name__}"
            )
        for name in _PARTS:
            method = inspect.getattr_static(experiment, name, None)
            if method is None:
                raise TypeError(
                    f"{experiment.__name__} has no method {name}, of which Steps.of makes its {name}"
                )
            if isinstance(method, staticmethod | classmethod):
                functions = ", ".join([f"{experiment.__name__}.{part}" for part in _PARTS])
                raise TypeError(
                    f"{experiment.__name__}.{name} does not take an experiment; give the functions "
                    f"themselves: search.Steps({functions}, n={n!r})"
                )
        init, step, metric = (getattr(experiment, name) for name in _PARTS)
        return cls(init, step, metric, n, methods=True)

    @hiding_frames
    def __call__(self, exp: Any, key: jax.Array, *data: Any) -> Any:
        """The metrics after all steps."""
        start = self.start(exp, key, *data)
        inner = start.state if self.methods else start
        # Without it the compiler knows the constants of the start in each step (it divides by them in another
        # way), and the whole would not give what its pieces do.
        inner = jax.lax.optimization_barrier(inner)  # type: ignore[no-untyped-call]
        state = Run(exp, inner) if self.methods else inner
        return self.measure(self.segment(state, self.n, *data), *data)

    def start(self, exp: Any, key: jax.Array, *data: Any) -> State:
        """The state before the first step: all that `segment` and `measure` need, as one pytree.

        Where the parts are methods it holds the experiment, too.
        """
        takes_data = _takes(self.init, (exp, key, *data))
        if not takes_data and not _takes(self.init, (exp, key)):
            _refuse("init", self.init, ["exp", "key", *_names(data)])
        state = self.init(exp, key, *data) if takes_data else self.init(exp, key)
        return Run(exp, state) if self.methods else state

    def segment(self, state: State, m: int | jax.Array, *data: Any) -> State:
        """The state after `m` more steps. Segments of `m` and `k` steps do what one of `m + k` does.

        For states of several configurations in one pytree, with a leading axis, map it:
        ``jax.vmap(lambda state: steps.segment(state, 10, *data))(states)``.

        Args:
            state: What `start` or `segment` returned.
            m: How many steps, at least 0. A traced one lets one program serve segments of all lengths; the
                steps are the same to the last bit, but have no gradient in reverse mode.
            *data: What was given to `start`.
        """
        context, inner = self._apart(state)
        self._check("step", self.step, context, data)

        def step(before: State) -> State:
            after = self.step(*context, before, *data)
            _check_alike(before, after, self.step)
            return after

        # The experiment stays outside of the loop, where what code tests in Python may remain a constant.
        if isinstance(m, jax.Array):
            after = jax.lax.fori_loop(0, m, lambda _, before: step(before), inner)
        else:
            after, _ = jax.lax.scan(lambda before, _: (step(before), None), inner, length=m)
        return Run(state.experiment, after) if self.methods else after

    def measure(self, state: State, *data: Any) -> Any:
        """The metrics of a state."""
        context, inner = self._apart(state)
        self._check("metric", self.metric, context, data)
        return self.metric(*context, inner, *data)

    def _apart(self, state: State) -> tuple[tuple[Any, ...], State]:
        """What stands before the state in a call of a part, and the part's own state."""
        return ((state.experiment,), state.state) if self.methods else ((), state)

    def _check(self, name: str, part: Callable[..., Any], context: tuple[Any, ...], data: Any) -> None:
        if not _takes(part, (*context, None, *data)):
            _refuse(name, part, [*(["exp"] if self.methods else []), "state", *_names(data)])


class Run(NamedTuple):
    """A state with its experiment, where the parts are the experiment's methods.

    Attributes:
        experiment: The experiment.
        state: What changes from step to step.
    """

    experiment: Any
    state: State


def _takes(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether a function can be called with these arguments, as far as its signature says."""
    try:
        inspect.signature(function).bind(*args)
    except ValueError:  # no Python function: it says itself what it takes
        return True
    except TypeError:
        return False
    return True


def _refuse(name: str, part: Callable[..., Any], wanted: list[str]) -> None:
    signature = f"{getattr(part, '__qualname__', type(part).__name__)}{inspect.signature(part)}"
    hint = ""
    if name != "init" and len(inspect.signature(part).parameters) == len(wanted) + 1 and "exp" not in wanted:
        hint = "; for methods, which take the experiment first, there is search.Steps.of(Experiment, n=…)"
    elif _required(part) > len(wanted):
        hint = (
            "; what all configurations share, such as data, stands behind the key: "
            "search.evaluate(fn, space, dnas, key, data)"
        )
    call = f"{name}({', '.join(wanted)})"
    raise TypeError(f"Steps calls {call}, which {signature} does not take{hint}")


def _required(part: Callable[..., Any]) -> int:
    """How many arguments a function cannot do without."""
    one_by_one = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(part).parameters.values()
    return sum(each.kind in one_by_one and each.default is each.empty for each in parameters)


def _names(data: tuple[Any, ...]) -> list[str]:
    return [f"data[{index}]" for index in range(len(data))] if len(data) > 1 else ["data"] * len(data)


def _check_alike(before: State, after: State, step: Callable[..., Any]) -> None:
    """Refuses a step after which the state has another structure, or arrays of other types.

    Raises:
        TypeError: It has; the message names the first leaf that differs.
    """
    name = getattr(step, "__qualname__", "step").rpartition("<locals>.")[2]
    difference = _difference(before, after)
    if difference:
        raise TypeError(f"{name} must return a state like the one that it gets: {difference}")


def _difference(before: State, after: State) -> str:
    old, new = (
        {str(Path.from_jax(path)) or "the state": leaf for path, leaf in jax.tree.leaves_with_path(state)}
        for state in (before, after)
    )
    kind: Any = jax.tree.structure(before)
    if kind != jax.tree.structure(after):
        return _structural(before, after, list(old), list(new))
    for path, leaf in old.items():
        mine, its = jax.typeof(leaf), jax.typeof(new[path])
        # A number that Python wrote takes the type of what it becomes, as in all of JAX.
        if mine.shape != its.shape or (mine.dtype != its.dtype and not mine.weak_type):
            return f"{path} is {shape_text(mine)} before the step, and {shape_text(its)} after it"
    return ""


def _structural(before: State, after: State, old: list[str], new: list[str]) -> str:
    gone, come = ([path for path in one if path not in other] for one, other in ((old, new), (new, old)))
    if gone or come:
        texts = [("is gone", gone), ("has come", come)]
        return " and ".join([f"{_listed(names)} {what}" for what, names in texts if names])
    blank, other = (jax.tree.map(lambda _: None, state) for state in (before, after))
    updates = diff(blank, other).updates()
    place = next(iter(updates), "")
    return (
        f"its structure is another one after the step, at {place or 'its root'}; whole numbers of an "
        "sj.Object are structure: jnp.int32(0) is one that may change"
    )


def _listed(names: list[str], most: int = 4) -> str:
    more = f", … ({len(names) - most} more)" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
