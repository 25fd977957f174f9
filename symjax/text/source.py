"""`to_python`: a tree as the Python expression that builds it."""

from __future__ import annotations

import enum
import functools
import inspect
import math
import struct
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import wadler_lindig as wl

from symjax.core.containers import Map
from symjax.core.errors import at, brief
from symjax.core.lookup import is_nameless, public_name
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.schema import Schema, schema_of
from symjax.text.files import to_json
from symjax.text.formatting import Document, Style
from symjax.verbs.equality import eq

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
        if isinstance(value, dict | Map):
            entries = [
                self.write(key, path) + wl.TextDoc(": ") + self.write(item, path / key, inside=inside)
                for key, item in value.items()
            ]
            doc = self.style.bracketed("{", entries, "}")
            if isinstance(value, Map) and not inside:
                return wl.TextDoc(f"{self._name('symjax', 'Map')}(") + doc + wl.TextDoc(")")
            return doc
        return wl.TextDoc(self._text(value, path))

    def _write_node(self, node: Any, schema: Schema, path: Path) -> wl.AbstractDoc:
        custom = getattr(node, "__symjax_text__", None)
        if custom is not None:
            name, values, keywords = custom()
            args = [self.write(item, path) for item in values]
            args += [wl.TextDoc(f"{key}=") + self.write(item, path) for key, item in keywords.items()]
            return self.style.bracketed(f"{self._name('symjax', name)}(", args, ")")
        positional: list[wl.AbstractDoc] = []
        named: list[wl.AbstractDoc] = []
        kinds = inspect.Parameter
        rest = schema.field_of_kind(kinds.VAR_POSITIONAL)
        held = dict(schema.values(node))
        by_position = rest is not None and held[rest] not in ((), MISSING)
        for name, value in held.items():
            field = schema.fields[name]
            if value is MISSING:
                continue
            if field.kind is kinds.VAR_POSITIONAL:
                positional += [self.write(item, path / name / i) for i, item in enumerate(value)]
            elif field.kind is kinds.VAR_KEYWORD:
                named += [
                    wl.TextDoc(f"{key}=") + self.write(item, path / name / key) for key, item in value.items()
                ]
            elif field.kind is kinds.POSITIONAL_ONLY or (
                by_position and field.kind is kinds.POSITIONAL_OR_KEYWORD
            ):
                positional.append(self.write(value, path / name))
            elif not self._hides(value, field.default):
                named.append(wl.TextDoc(f"{name}=") + self.write(value, path / name))
        maker = self._class_name(schema, path)
        if schema.holes(held) and not schema.open:
            maker += ".partial"
        return self.style.bracketed(f"{maker}(", [*positional, *named], ")")

    def _hides(self, value: Any, default: Any) -> bool:
        if default is MISSING:
            return False
        if value is default and is_nameless(value):
            return True  # the class makes it again
        return self.hide_defaults and eq(value, default)

    def _class_name(self, schema: Schema, path: Path) -> str:
        found = public_name(schema.cls)
        if found is not None:
            return self._name(*found)
        original = schema.original
        preset = isinstance(original, functools.partial)
        if original is None or (public_name(original) is None and not preset):
            raise TypeError(
                f"{schema.cls.__qualname__} has no name by which source code finds it; define it at the "
                f"top of a module {at(path)}"
            )
        given = schema.options._asdict()
        texts = [f", {key}={value!r}" for key, value in given.items() if value not in ((), None, False)]
        of = self._partial(original, path) if preset else self._reference(original, path)
        return f"{self._name('symjax', 'symbolize')}({of}{''.join(texts)})"

    def _write_sequence(self, value: Any, path: Path, inside: bool) -> wl.AbstractDoc:
        names = getattr(type(value), "_fields", None)
        keys = names if names is not None else range(len(value))
        docs = [self.write(v, path / k, inside=inside) for k, v in zip(keys, value, strict=True)]
        if names is not None:
            return self.style.bracketed(f"{self._reference(type(value), path)}(", docs, ")")
        if isinstance(value, list):
            return self.style.bracketed("[", docs, "]")
        if len(docs) == 1:
            return wl.TextDoc("(") + docs[0] + wl.TextDoc(",)")
        return self.style.bracketed("(", docs, ")")

    def _text(self, value: Any, path: Path) -> str:
        kind = type(value)
        if value is MISSING:
            return self._name("symjax", "MISSING")
        if value is None or kind in (bool, int, str, bytes, range):
            return repr(value)
        if value is ...:
            return "..."
        if kind is float:
            plain = float(str(value))  # a NaN has a sign and a payload, which its text has not
            if struct.pack("<d", plain) != struct.pack("<d", value):
                return self._by_json(value, path)
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        if kind is complex and math.isfinite(value.real) and math.isfinite(value.imag):
            return f"complex({value.real!r}, {value.imag!r})"
        if kind is slice:
            return f"slice({', '.join(self._text(i, path) for i in (value.start, value.stop, value.step))})"
        if kind is frozenset:
            items = sorted(self._text(item, path) for item in value)
            return f"frozenset({{{', '.join(items)}}})" if items else "frozenset()"
        if isinstance(value, enum.Enum):
            return f"{self._reference(kind, path)}[{value.name!r}]"
        if isinstance(value, np.dtype | type(jnp.float32)) or (
            isinstance(value, type) and issubclass(value, np.generic)
        ):
            return f"{self._name('jax.numpy', 'dtype')}({np.dtype(value).name!r})"
        if isinstance(value, functools.partial):
            return self._partial(value, path)
        if isinstance(value, jax.Array | np.ndarray):
            return self._array(value, path)
        if callable(value) and not isinstance(value, jax.core.Tracer):
            return self._reference(value, path)
        return self._by_json(value, path)

    def _partial(self, value: functools.partial[Any], path: Path) -> str:
        parts = [self._reference(value.func, path), *[self._text(arg, path) for arg in value.args]]
        parts += [f"{key}={self._text(item, path)}" for key, item in value.keywords.items()]
        return f"{self._name('functools', 'partial')}({', '.join(parts)})"

    def _array(self, value: Any, path: Path) -> str:
        plain = np.asarray(value) if not jnp.issubdtype(value.dtype, jax.dtypes.extended) else None
        if plain is None or getattr(value, "weak_type", False) or plain.dtype.kind not in "biuf":
            return self._by_json(value, path)
        if plain.dtype.kind == "f" and not np.isfinite(plain).all():
            return self._by_json(value, path)
        numbers = plain.tolist()
        module = "numpy" if isinstance(value, np.ndarray) else "jax.numpy"
        text = f"{self._name(module, 'array')}({numbers!r}, dtype={plain.dtype.name!r})"
        if plain.size == 0:
            text += f".reshape({plain.shape!r})"
        return text

    def _by_json(self, value: Any, path: Path) -> str:
        """What has no short form in Python is written as JSON inside it."""
        try:
            text = to_json(value)
        except TypeError:
            raise TypeError(f"{brief(value)} cannot be written as Python source {at(path)}") from None
        return f"{self._name('symjax', 'from_json')}({text!r})"

    def _reference(self, value: Any, path: Path) -> str:
        found = public_name(value)
        if found is None:
            raise TypeError(
                f"{brief(value)} has no name by which source code finds it; define it at the top of a "
                f"module, or use @sj.symbolize {at(path)}"
            )
        return self._name(*found)

    def _name(self, module: str, name: str) -> str:
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
