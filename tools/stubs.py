"""Writes the stubs of `symjax.linen`, `symjax.nnx` and `symjax.optax` from the installed Flax and Optax.

The three modules make their symbolic classes at first use, of which type checkers and editors see
nothing. ``python tools/stubs.py`` writes what they show as ``.pyi`` files beside them: classes with the
constructors of the originals and the methods of nodes. A module in a view, such as
``linen.initializers``, is written as a class, for a file cannot hold a module in another.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import importlib.metadata
import inspect
import sys
import types
import typing
import warnings
from collections.abc import Sequence
from inspect import Parameter
from pathlib import Path
from typing import Any

import optax

from stub_types import STEP, StubTypes, define, document, unwrapped
from symjax.adoption.functions import Factory, Loss, Maker
from symjax.core.schema import ATTRIBUTE, ORIGINAL
from symjax.names.views import Namespace
from symjax.nodes.object import Object
from symjax.optax import Injecting
from symjax.types.hint_reading import resolve

VIEWS = ("linen", "nnx", "optax")
SHIPPED = Path(__file__).resolve().parents[1] / "symjax"
_RNGS = "rngs"
_STATIC = ["@staticmethod"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; with ``--check`` it writes nothing, and says what is not current."""
    parser = argparse.ArgumentParser(prog="python tools/stubs.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say what is not current; 1 if something")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the folder of the stubs")
    options = parser.parse_args(arguments)
    stale = False
    for name in VIEWS:
        path, text = options.out / f"{name}.pyi", stub(name)
        if options.check:
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            stale |= old != text
            for line in difflib.unified_diff(old.splitlines(), text.splitlines(), str(path), n=0):
                print(line)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(stale)


def header() -> str:
    """The first line of a stub: whose names and types it repeats."""
    sources = ("flax", "jax", "numpy", "optax")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sources)
    return f"# Written by `python tools/stubs.py` from {versions}; do not edit."


def stub(name: str) -> str:
    """The text of the stub of a view.

    Args:
        name: One of `VIEWS`.
    """
    view: Namespace = vars(importlib.import_module(f"symjax.{name}"))["_view"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what is deprecated is shown while it lasts
        return _Stub(view).text()


class _Stub:
    """The stub of one view."""

    def __init__(self, view: Namespace) -> None:
        self.view = view
        self.original = view.original.__name__
        self.typed = _is_typed(view.original)
        shown = {name: getattr(view, name) for name in _public(view)}
        self.symbols = {id(value): name for name, value in shown.items() if _schema(value) is not None}
        self.types = StubTypes({} if self.typed else shown)
        self.private: set[str] = _private(view.original) if self.typed else set()
        self.passed: dict[str, list[str]] = {}  # by their modules, the names that are passed on as they are
        self.bases: dict[str, list[str]] = {}  # private base classes by name

    def text(self) -> str:
        body = self.members(self.view, "")
        lines = [
            header(),
            "# ruff: noqa: I001",
            *document(sys.modules[self.view.name]),
            "",
            *(f"import {module}" for module in sorted(self.types.modules)),
            *(line for module, names in sorted(self.passed.items()) for line in _passed_on(module, names)),
            *(line for _, lines in sorted(self.bases.items()) for line in ("", *lines)),
            *body,
        ]
        return "\n".join(lines) + "\n"

    def members(self, space: Namespace, indent: str) -> list[str]:
        """The declarations of all names of the view, or of a module in it."""
        lines: list[str] = []
        for name in _public(space):
            declared = self.declare(name, getattr(space, name), space)
            if len(declared) > 1 or (declared and lines and lines[-1].startswith(f"{indent} ")):
                lines.append("")
            lines += [indent + line if line else line for line in declared]
        return lines

    def declare(self, name: str, value: Any, space: Namespace) -> list[str]:
        """The declaration of a name, or nothing where the original's is imported."""
        inner = space is not self.view
        is_module, is_type = inspect.ismodule(value), isinstance(value, type)
        if isinstance(value, Namespace):
            return [f"class {name}:", *document(value.original, STEP), *self.members(value, STEP)]
        if inner and id(value) in self.symbols:
            first = self.types.named(f"{self.view.name}.{self.symbols[id(value)]}")
            return [f"{name} = {first}" if issubclass(value, Loss) else self.alias(name, first)]
        if _schema(value) is not None:
            return self.symbol(name, value, static=inner)
        if not inner and (self.typed or is_module or is_type):
            hidden = name in self.private and not is_module
            return self.pass_on(name, value.__module__ if hidden else self.original)
        if is_module:
            return []
        if is_type:
            return [self.alias(name, self.types.named(f"{space.original.__name__}.{name}"))]
        if typing.get_origin(value) is not None:
            return [self.alias(name, self.types.meaning(value))]
        return self.function(name, value, static=inner)

    def alias(self, name: str, meaning: str) -> str:
        """Another name of a type."""
        return f"{name}: {self.types.named('typing.TypeAlias')} = {meaning}"

    def pass_on(self, name: str, module: str) -> list[str]:
        """A name that is imported, and thereby shown, as it is."""
        self.passed.setdefault(module, []).append(name)
        return []

    def symbol(self, name: str, cls: type, *, static: bool) -> list[str]:
        """A symbolic class; a loss, which is shown as a function, may be one of a class."""
        original = vars(cls).get(ORIGINAL)
        if original is None:  # the base class of modules, which this library has written
            return self.pass_on(name, cls.__module__)
        if issubclass(cls, Loss):
            return self.loss(name, original, static=static)
        body: list[str] = []
        ignored = ""
        if _schema(cls).kind == "linen":  # its fields make the constructor
            bases = [self.symbols.get(id(b)) or self.types.reference(b) for b in cls.__bases__]
        elif issubclass(cls, Maker):
            bases, body = [self.factory_base(cls)], self.factory(cls, original)
        else:
            bases, body = [self.node_base(), self.types.reference(original)], self.node(original)
            ignored = _ignored(sys.modules[original.__module__])
        lines = [f"class {name}({', '.join(bases)}):{ignored}", *document(original, STEP), *body]
        return lines if len(lines) > 1 else [f"{lines[0]} ..."]

    def loss(self, name: str, function: Any, *, static: bool) -> list[str]:
        """A loss: with all that it requires it is computed, with less it is a node."""
        parameters = inspect.signature(function).parameters.values()
        optional = [p.replace(default=...) if p.default is p.empty else p for p in parameters]
        overload = f"@{self.types.named('typing.overload')}"
        node = define(name, self.types.parameters(optional, function), self.types.reference(Loss))
        computed = self.function(name, function, static=static)
        return [overload, *computed, overload, *_STATIC[:static], *node]

    def factory_base(self, cls: type) -> str:
        """The base class of nodes that stand for a result; Optax's when that is an optimizer."""
        anything = self.types.named("typing.Any")
        taken = [f"*args: {anything}", f"**kwargs: {anything}"]
        if issubclass(cls, optax.GradientTransformation):
            optimizer = self.types.named("symjax.adoption.functions.Optimizer")
            kind = self.types.named("optax.GradientTransformationExtraArgs")
            self.bases["_Optimizer"] = [
                f"class _Optimizer({optimizer}, {kind}):{_ignored(optax)}",
                *define("__new__", ["cls", *taken], self.types.named("typing.Self"), STEP),
            ]
            return "_Optimizer"
        if issubclass(cls, Injecting):
            self.bases["Injecting"] = [
                f"class Injecting({self.types.reference(Factory)}):",
                *document(Injecting, STEP),
                *define("__call__", ["self", *taken], "injected", STEP),
            ]
            return "Injecting"
        return self.types.reference(Factory)

    def factory(self, cls: type, function: Any) -> list[str]:
        """The fields of a factory; they make its constructor, unless they are of odd kinds or names."""
        signature = inspect.signature(function)
        parameters = list(signature.parameters.values())
        is_optimizer = issubclass(cls, optax.GradientTransformation)
        hidden = {p.name for p in parameters if any(hasattr(base, p.name) for base in cls.__bases__)}
        odd = {p.kind for p in parameters} - {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
        # A constructor made of fields would take any arguments, for mypy, where a base class is Any.
        if hidden or odd or (is_optimizer and not _is_typed(optax)):
            lines = [STEP + self.types.attribute(p, function) for p in parameters if p.name not in hidden]
            lines += define("__init__", ["self", *self.types.parameters(parameters, function)], "None", STEP)
        else:
            lines = [STEP + self.types.field(p, function) for p in parameters]
        if not is_optimizer and not issubclass(cls, Injecting):
            takes, result = self.call(resolve(signature.return_annotation, unwrapped(function)))
            lines += define("__call__", ["self", *takes], result, STEP)
        return lines

    def call(self, made: Any) -> tuple[list[str], str]:
        """Parameters and result of what a factory makes."""
        if made == optax.Schedule:
            return [f"count: {self.types.named('jax.typing.ArrayLike')}"], self.types.named("jax.Array")
        protocol = vars(made).get("__call__") if isinstance(made, type) else None
        if protocol is not None:
            signature = inspect.signature(protocol)
            takes = self.types.parameters(list(signature.parameters.values())[1:], protocol)
            return takes, self.types.annotation(signature.return_annotation, protocol)
        listed, result = typing.get_args(made) or (..., Any)
        if isinstance(listed, list):
            takes = [f"arg{i}: {self.types.hint(hint)}" for i, hint in enumerate(listed)]
            return [*takes, "/"] if takes else [], self.types.hint(result)
        anything = self.types.named("typing.Any")
        return [f"*args: {anything}", f"**kwargs: {anything}"], self.types.hint(result)

    def node_base(self) -> str:
        """What other nodes have beside the methods of the original class, for which they are taken too."""
        itself, lines = self.types.named("typing.Self"), ["class _Node:"]
        for method, first in ((Object.rebind, "self"), (Object.partial.__func__, "cls")):  # type: ignore[attr-defined]
            parameters = list(inspect.signature(method).parameters.values())[1:]
            decorated = [f"{STEP}@classmethod"] if first == "cls" else []
            listed = [first, *self.types.parameters(parameters, method)]
            lines += [*decorated, *define(method.__name__, listed, itself, STEP)]
        self.bases["_Node"] = lines
        return "_Node"

    def node(self, cls: Any) -> list[str]:
        """Constructor and further fields of a symbolic class; ``rngs`` may be missing: the node has none."""
        init = inspect.getattr_static(cls, "__init__")
        parameters = list(inspect.signature(init).parameters.values())[1:]
        constructors = [vars(base).get("__init__") for base in cls.__mro__]
        stored = {
            n for f in constructors if inspect.isfunction(f) for n in inspect.unwrap(f).__code__.co_names
        }
        lines = []
        for i, p in enumerate(parameters):
            if p.name == _RNGS and p.default is p.empty:
                parameters[i] = p.replace(annotation=resolve(p.annotation, init) | None, default=None)
            elif p.name != _RNGS and p.name not in stored and not hasattr(cls, p.name):
                lines.append(STEP + self.types.attribute(p, init))
        return [*lines, *define("__init__", ["self", *self.types.parameters(parameters, init)], "None", STEP)]

    def function(self, name: str, function: Any, *, static: bool) -> list[str]:
        """A function that is the original's."""
        signature = inspect.signature(function)
        result = self.types.annotation(signature.return_annotation, function)
        lines = define(name, self.types.parameters(signature.parameters.values(), function), result)
        described = document(unwrapped(function), STEP)
        if described:
            lines[-1] = lines[-1].removesuffix(" ...")
        return [*_STATIC[:static], *lines, *described]


def _public(space: Namespace) -> list[str]:
    """The names that a view shows, without the modules that its original happens to import."""
    package = space.original.__name__.partition(".")[0]

    def is_shown(name: str) -> bool:
        value = getattr(space, name)
        return not inspect.ismodule(value) or value.__name__.partition(".")[0] == package

    return [name for name in dir(space) if not name.startswith("_") and is_shown(name)]


def _schema(value: Any) -> Any:
    return vars(value).get(ATTRIBUTE) if isinstance(value, type) else None


def _private(module: types.ModuleType) -> set[str]:
    """The names that a module imports and does not, as type checkers see it, export."""
    imports = [n for n in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(n, ast.ImportFrom)]
    imported = {alias.name for node in imports for alias in node.names if alias.asname is None}
    return imported - set(getattr(module, "__all__", ()))


def _passed_on(module: str, names: list[str]) -> list[str]:
    return ["", f"from {module} import (", *(f"{STEP}{name} as {name}," for name in names), ")"]


def _is_typed(module: types.ModuleType) -> bool:
    package = sys.modules[module.__name__.partition(".")[0]]
    return (Path(str(package.__file__)).parent / "py.typed").exists()


def _ignored(module: types.ModuleType) -> str:
    """What stands behind a base class of a module: for type checkers those of untyped ones are ``Any``."""
    return "" if _is_typed(module) else "  # type: ignore[misc]"


if __name__ == "__main__":
    sys.exit(main())
