"""Type hints, signatures and docstrings as the text of a stub."""

from __future__ import annotations

import collections.abc as cabc
import enum
import functools
import inspect
import math
import sys
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping
from inspect import Parameter
from typing import Annotated, Any, Literal

import flax.typing
import jax
import numpy as np

from symjax.types.hint_reading import resolve

STEP = "    "
_WIDTH = 110
_UNIONS = (typing.Union, types.UnionType)
_PUBLIC = ("jax.typing", "jax.sharding", "jax.lax", "jax.tree_util")  # name classes of JAX's private modules
_ARITY: dict[Any, int] = {
    **dict.fromkeys((type, list, set, frozenset, np.dtype), 1),
    **dict.fromkeys((cabc.Sequence, cabc.Iterable, cabc.Iterator, cabc.Collection), 1),
    **dict.fromkeys((dict, cabc.Mapping, cabc.MutableMapping, np.ndarray), 2),
}


class StubTypes:
    """Writes types for one stub, and remembers the modules that it has to import.

    Every type is written by its qualified name: NNX has an ``Any`` and an ``object`` of its own.

    Args:
        aliases: What has a name of its own in the stub; of unions and callables the name is written.
    """

    def __init__(self, aliases: Mapping[str, Any]) -> None:
        self.modules: set[str] = set()
        everywhere = {f"{m.__name__}.{n}": v for m in (jax.typing, flax.typing) for n, v in vars(m).items()}
        known = {n: v for n, v in {**everywhere, **aliases}.items() if _is_alias(v)}
        hints = list(known.values())
        self._aliases = {n: v for n, v in known.items() if hints.count(v) == 1}

    def named(self, name: str) -> str:
        """A name, whose module the stub then imports if it is a qualified one."""
        if "." in name:
            self.modules.add(name.rpartition(".")[0])
        return name

    def reference(self, value: Any) -> str:
        """The most public name of a class, or ``Any`` if it has none."""
        name = value.__name__.rpartition(".")[2]
        parts = value.__module__.split(".")
        homes = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
        homes.sort(key=lambda home: "._" in home)
        for home in (*_PUBLIC, *homes):
            if home in sys.modules and vars(sys.modules[home]).get(name) is value:
                return name if home == "builtins" and name != "object" else self.named(f"{home}.{name}")
        return self.named("typing.Any")

    def annotation(self, annotation: Any, owner: Any) -> str:
        """An annotation of the function or class `owner`; it may be missing, or a string."""
        if annotation is Parameter.empty:
            return self.named("typing.Any")
        return self.hint(resolve(annotation, unwrapped(owner)))

    def hint(self, hint: Any) -> str:
        """A hint as `symjax.types.hint_reading.resolve` gives it; ``Any`` for what cannot be said."""
        for name, alias in self._aliases.items():
            if alias == hint:
                return self.named(name)
        return self.meaning(hint)

    def meaning(self, hint: Any) -> str:
        """A resolved hint, written out where it has a name."""
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if hint is None or hint is types.NoneType:
            return "None"
        if isinstance(hint, typing.TypeVar) and hint.__bound__ is not None:
            return self.hint(hint.__bound__)
        if origin in _UNIONS:
            return self._union(hint, args)
        if origin is Annotated:
            return self.hint(args[0])
        if origin is Literal and not any(isinstance(value, enum.Enum) for value in args):
            return f"{self.named('typing.Literal')}[{', '.join(map(repr, args))}]"
        if origin is cabc.Callable or hint is cabc.Callable:
            return self._callable(args)
        if isinstance(origin or hint, type):
            return self._class(origin or hint, args)
        return self.named("typing.Any")

    def parameter(self, p: Parameter, owner: Any) -> str:
        """A parameter of the function `owner`, with its type and its default."""
        stars = "*" * (p.kind is p.VAR_POSITIONAL) + "**" * (p.kind is p.VAR_KEYWORD)
        default = "" if p.default is p.empty else f" = {_default(p.default)}"
        return f"{stars}{p.name}: {self.annotation(p.annotation, owner)}{default}"

    def parameters(self, parameters: Iterable[Parameter], owner: Any) -> list[str]:
        """The parameters of the function `owner` as they stand between parentheses."""
        parts: list[str] = []
        before: Any = None
        for p in parameters:
            if before is p.POSITIONAL_ONLY and p.kind is not before:
                parts.append("/")
            if p.kind is p.KEYWORD_ONLY and before not in (p.KEYWORD_ONLY, p.VAR_POSITIONAL):
                parts.append("*")
            parts.append(self.parameter(p, owner))
            before = p.kind
        return [*parts, "/"] if before is Parameter.POSITIONAL_ONLY else parts

    def field(self, p: Parameter, owner: Any) -> str:
        """A parameter of the function `owner` as a field that makes it a parameter of the constructor."""
        if p.kind is p.POSITIONAL_OR_KEYWORD:
            return self.parameter(p, owner)
        default = "" if p.default is p.empty else f", default={_default(p.default)}"
        hint = self.annotation(p.annotation, owner)
        return f"{p.name}: {hint} = {self.named('symjax.field')}(kw_only=True{default})"

    def attribute(self, p: Parameter, owner: Any) -> str:
        """The attribute that holds the argument of a parameter of the function `owner`."""
        hint = self.annotation(p.annotation, owner)
        if p.kind is p.VAR_POSITIONAL:
            hint = f"tuple[{hint}, ...]"
        elif p.kind is p.VAR_KEYWORD:
            hint = f"{self.named('collections.abc.Mapping')}[str, {hint}]"
        return f"{p.name}: {hint}"

    def _union(self, hint: Any, args: tuple[Any, ...]) -> str:
        """A union; one that contains itself stands for a pytree, of which no type is true but ``Any``."""
        if _is_recursive(hint):
            return self.named("typing.Any")
        covered: list[Any] = []
        named: list[str] = []
        for name, alias in sorted(self._aliases.items(), key=lambda item: -len(_arms(item[1]))):
            arms = _arms(alias)
            is_part = alias != hint and all(arm in args for arm in arms)
            if is_part and not all(arm in covered for arm in arms):
                named.append(self.named(name))
                covered += arms
        rest = [arg for arg in args if arg not in covered]
        parts = [self.meaning(arg) for arg in _joined(rest) if arg is not types.NoneType]
        if "typing.Any" in parts:
            return "typing.Any"
        return " | ".join(dict.fromkeys([*parts, *named, *(["None"] if types.NoneType in rest else [])]))

    def _callable(self, args: tuple[Any, ...]) -> str:
        listed, made = args or (..., Any)
        takes = f"[{', '.join(map(self.hint, listed))}]" if isinstance(listed, list) else "..."
        return f"{self.named('collections.abc.Callable')}[{takes}, {self.hint(made)}]"

    def _class(self, cls: type, args: tuple[Any, ...]) -> str:
        name = self.reference(cls)
        arity = 0 if name == "typing.Any" else _ARITY.get(cls, len(getattr(cls, "__parameters__", ())))
        texts = ["..." if arg is ... else self.hint(arg) for arg in args] or ["typing.Any"] * arity
        if cls is tuple and not args:
            texts = ["typing.Any", "..."]
        if "typing.Any" in texts:
            self.named("typing.Any")
        return f"{name}[{', '.join(texts)}]" if texts and name != "typing.Any" else name


def unwrapped(function: Any) -> Any:
    """The function that was written: in its namespace annotations are resolved."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.unwrap(function)


def define(name: str, parameters: list[str], result: str, indent: str = "") -> list[str]:
    """A ``def`` without a body, on one line if it fits."""
    line = f"{indent}def {name}({', '.join(parameters)}) -> {result}: ..."
    if len(line) <= _WIDTH:
        return [line]
    lines = [f"{indent}def {name}("]
    for part in parameters:
        if len(lines) > 1 and len(lines[-1]) + len(part) + 2 <= _WIDTH:
            lines[-1] += f" {part},"
        else:
            lines.append(f"{indent}{STEP}{part},")
    return [*lines, f"{indent}) -> {result}: ..."]


def document(value: Any, indent: str = "") -> list[str]:
    """The first paragraph of a docstring; nothing for the one that a dataclass makes up."""
    first, _, _ = inspect.cleandoc(getattr(value, "__doc__", None) or "").partition("\n\n")
    if not first or first.startswith(f"{getattr(value, '__name__', '')}("):
        return []
    quoted = first.replace("\\", "\\\\").replace('"""', "'''")
    if quoted.endswith('"'):
        quoted = f'{quoted[:-1]}\\"'
    text = f'"""{" ".join(quoted.split())}"""'
    options: dict[str, Any] = dict(break_long_words=False, break_on_hyphens=False)
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, **options)


def _default(value: Any) -> str:
    """A default as a reader knows it, if it is short and plain."""
    text = repr(value)
    plain = value is None or type(value) in (bool, int, float, str) or text == "()"
    finite = type(value) is not float or math.isfinite(value)
    return text if plain and finite and len(text) <= 40 and " " not in text else "..."


def _arms(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in _UNIONS else (hint,)


def _joined(arms: list[Any]) -> list[Any]:
    """The arms of a union, with all literals in one."""
    values = [value for arm in arms if typing.get_origin(arm) is Literal for value in typing.get_args(arm)]
    others = [arm for arm in arms if typing.get_origin(arm) is not Literal]
    return [*others, Literal[tuple(values)]] if values else others


def _is_alias(value: Any) -> bool:
    """Whether its name says more of a union or callable than its arms, such as ``int | None``, do."""

    def is_specific(hint: Any) -> bool:
        parts = typing.get_args(hint) or (hint if isinstance(hint, list) else ())
        foreign = isinstance(hint, type) and hint.__module__ not in ("builtins", "collections.abc")
        return any(map(is_specific, parts)) if parts else foreign

    return typing.get_origin(value) in (*_UNIONS, cabc.Callable) and is_specific(value)


def _is_recursive(hint: Any) -> bool:
    if typing.get_origin(hint) is Literal:
        return False
    return isinstance(hint, str | typing.ForwardRef) or any(map(_is_recursive, typing.get_args(hint)))
