"""`to_python`: a tree as the Python expression that builds it."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import wadler_lindig as wl
from flax.core import FrozenDict

from symjax.core.containers import Map
from symjax.core.errors import at, brief, noting_depth
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import Schema, schema_of
from symjax.names.lookup import public_name
from symjax.nodes.shown import shown
from symjax.text.files import to_json
from symjax.text.formatting import Document, Style
from symjax.text.forms import form_of
from symjax.verbs.equality import surely_eq

# Modules that are imported under a shorter name.
_ALIASES = {
    "symjax": "import symjax as sj",
    "symjax.linen": "from symjax import linen as nn",
    "symjax.optax": "from symjax import optax",
    "symjax.nnx": "from symjax import nnx",
    "jax": "import jax",
    "jax.numpy": "import jax.numpy as jnp",
    "numpy": "import numpy as np",
    "functools": "import functools",
}


@noting_depth
def to_python(tree: Any, *, imports: bool = False, hide_defaults: bool = True, width: int = 88) -> str:
    """A tree as Python source that builds an equal tree.

    Args:
        tree: A symbolic object or a plain container.
        imports: Return a whole script: the imports that the expression needs, and ``tree = …``. By
            default the expression alone is returned, to be evaluated where these names are imported.
        hide_defaults: Leave out arguments that equal their default.
        width: Characters in a line, as far as possible.

    Returns:
        The source; ``eval`` of the expression gives a tree that equals `tree`.

    Raises:
        TypeError: The tree holds what has no name (a lambda, a closure, a class defined in a function);
            the message ends in the path.

    Example:
        >>> from symjax import linen as nn
        >>> print(to_python(nn.Sequential([nn.Dense(8), nn.relu]), imports=True))
        import jax.nn
        from symjax import linen as nn
        <BLANKLINE>
        tree = nn.Sequential(layers=(nn.Dense(features=8), jax.nn.relu))
    """
    writer = _Writer(hide_defaults)
    doc = writer.write(tree, ROOT, inside=False)
    text = wl.pformat(Document(doc), width=width, indent=4)
    if not imports:
        return text
    text = wl.pformat(Document(wl.TextDoc("tree = ") + doc), width=width, indent=4)
    return "\n".join([*sorted(writer.imports, key=lambda line: (line.startswith("from"), line)), "", text])


class _Writer:
    def __init__(self, hide_defaults: bool) -> None:
        self.hide_defaults = hide_defaults
        self.style = Style(hide_defaults, 4, False)
        self.imports: set[str] = set()

    def write(self, value: Any, path: Path, *, inside: bool = True) -> wl.AbstractDoc:
        """The document of a value; `inside` a node, where containers are frozen by themselves."""
        schema = schema_of(value)
        if schema is not None:
            return self._write_node(value, schema, path)
        if isinstance(value, tuple | list):
            return self._write_sequence(value, path, inside)
        if isinstance(value, dict | Map | FrozenDict):
            entries = [
                self.write(key, path) + wl.TextDoc(": ") + self.write(item, path / key, inside=inside)
                for key, item in (value.unfreeze() if isinstance(value, FrozenDict) else value).items()
            ]
            doc = self.style.bracketed("{", entries, "}")
            if isinstance(value, FrozenDict):
                return wl.TextDoc(f"{self.name('flax.core', 'FrozenDict')}(") + doc + wl.TextDoc(")")
            if isinstance(value, Map) and not inside:
                return wl.TextDoc(f"{self.name('symjax', 'Map')}(") + doc + wl.TextDoc(")")
            return doc
        return wl.TextDoc(self.text(value, path))

    def _write_node(self, node: Any, schema: Schema, path: Path) -> wl.AbstractDoc:
        custom = getattr(node, "__symjax_text__", None)
        if custom is not None:
            name, values, keywords = custom()
            # Numbers that a node prints shorter than they are (`floatv(1e-4, 0.1)`) are written in full.
            plain = [float(item) if isinstance(item, float) else item for item in values]
            args = [self.write(item, path) for item in plain]
            args += [wl.TextDoc(f"{key}=") + self.write(item, path) for key, item in keywords.items()]
            return self.style.bracketed(f"{self.name('symjax', name)}(", args, ")")
        positional: list[wl.AbstractDoc] = []
        named: list[wl.AbstractDoc] = []
        kinds = inspect.Parameter
        rest = schema.field_of_kind(kinds.VAR_POSITIONAL)
        values = dict(schema.values(node))
        same = surely_eq if self.hide_defaults else None
        kept = {name for name, _ in shown(schema, values.items(), rebuilds=True, same=same)}
        by_position = rest is not None and values[rest] not in ((), MISSING)
        for name, value in values.items():
            kind = schema.fields[name].kind
            in_place = kind is kinds.POSITIONAL_ONLY or (by_position and kind is kinds.POSITIONAL_OR_KEYWORD)
            if value is MISSING and not (in_place and by_position):
                continue
            if kind is kinds.VAR_POSITIONAL:
                positional += [self.write(item, path / name / i) for i, item in enumerate(value)]
            elif kind is kinds.VAR_KEYWORD:
                named += [
                    wl.TextDoc(f"{key}=") + self.write(item, path / name / key) for key, item in value.items()
                ]
            elif in_place:
                positional.append(self.write(value, path / name))
            elif name in kept:
                named.append(wl.TextDoc(f"{name}=") + self.write(value, path / name))
        maker = self._class_name(schema, path)
        if schema.holes(values) and not schema.open:
            maker += ".partial"
        return self.style.bracketed(f"{maker}(", [*positional, *named], ")")

    def _class_name(self, schema: Schema, path: Path) -> str:
        place = public_name(schema.cls)
        if place is not None:
            return self.name(*place)
        original = schema.original
        preset = isinstance(original, functools.partial)
        if original is None or (public_name(original) is None and not preset):
            raise TypeError(
                f"{schema.cls.__qualname__} has no name by which source code finds it; define it at the "
                f"top of a module {at(path)}"
            )
        options = schema.options._asdict()
        texts = [f", {key}={value!r}" for key, value in options.items() if value not in ((), None, False)]
        of = self.text(original, path) if preset else self.reference(original, path)
        return f"{self.name('symjax', 'symbolize')}({of}{''.join(texts)})"

    def _write_sequence(self, value: Any, path: Path, inside: bool) -> wl.AbstractDoc:
        names = getattr(type(value), "_fields", None)
        keys = names if names is not None else range(len(value))
        docs = [self.write(v, path / k, inside=inside) for k, v in zip(keys, value, strict=True)]
        if names is not None:
            return self.style.bracketed(f"{self.reference(type(value), path)}(", docs, ")")
        if isinstance(value, list):
            return self.style.bracketed("[", docs, "]")
        if len(docs) == 1:
            return wl.TextDoc("(") + docs[0] + wl.TextDoc(",)")
        return self.style.bracketed("(", docs, ")")

    def text(self, value: Any, path: Path) -> str:
        """The source of a value without parts, or of one that a value holds; for the forms."""
        text = form_of(value).source(self, value, path)
        return self._by_json(value, path) if text is None else text

    def _by_json(self, value: Any, path: Path) -> str:
        """What has no short form in Python is written as JSON inside it."""
        try:
            text = to_json(value)
        except TypeError:
            raise TypeError(f"{brief(value)} cannot be written as Python source {at(path)}") from None
        return f"{self.name('symjax', 'from_json')}({text!r})"

    def reference(self, value: Any, path: Path) -> str:
        """A function or class by its name; for the forms."""
        place = public_name(value)
        if place is None:
            raise TypeError(
                f"{brief(value)} has no name by which source code finds it; define it at the top of a "
                f"module, or use @sj.symbolize {at(path)}"
            )
        return self.name(*place)

    def name(self, module: str, name: str) -> str:
        """A name in a module, and the import that makes it known."""
        if module == "builtins":
            return name
        line = _ALIASES.get(module)
        if line is not None:
            self.imports.add(line)
            return f"{line.split()[-1]}.{name}"
        top = module.partition(".")[0]
        if top in ("jax", "flax", "optax"):
            self.imports.add(f"import {module}")
            return f"{module}.{name}"
        self.imports.add(f"from {module} import {name.partition('.')[0]}")
        return name
