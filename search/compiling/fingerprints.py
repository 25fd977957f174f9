"""What tells the program of one function from another's: a digest of its equations."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple, final

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from jax.sharding import Mesh

# Functions with a derivative of their own: their other parameters make that derivative, which is not taken
# any more when the program is lowered, and are new functions at every trace.
_DERIVED = {
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}


class Fingerprint(NamedTuple):
    """What a program is.

    Attributes:
        digest: Of its text; the same in another process.
        opaque: What is part of it and has no text, such as the function of a callback.
        equations: How many there are, those of inner programs included.
    """

    digest: str
    opaque: tuple[Hashable, ...]
    equations: int


def fingerprint(program: ClosedJaxpr) -> Fingerprint:
    """The fingerprint of a program: equal for two programs that compute the same in the same way.

    Example:
        >>> import jax.numpy as jnp
        >>> def line(slope):
        ...     return jax.make_jaxpr(lambda x: slope * jnp.tanh(x))(1.0)
        >>> fingerprint(line(2.0)) == fingerprint(line(2.0)), fingerprint(line(2.0)) == fingerprint(line(3.0))
        (True, False)
    """
    writer = _Writer()
    writer.write(program)
    return Fingerprint(writer.text.hexdigest(), tuple(writer.opaque), writer.equations)


@final
class _Writer:
    """Writes a program down as text that names its variables by the order in which they come."""

    def __init__(self) -> None:
        self.text = hashlib.sha256()
        self.opaque: list[Hashable] = []
        self.equations = 0
        self._names: dict[Any, int] = {}

    def write(self, program: ClosedJaxpr | Jaxpr) -> None:
        if isinstance(program, ClosedJaxpr):
            self._words("constants", *program.consts)
            program = program.jaxpr
        self._atoms("of", [*program.constvars, *program.invars])
        for eqn in program.eqns:
            self._equation(eqn)
        self._atoms("gives", program.outvars)

    def _equation(self, eqn: JaxprEqn) -> None:
        self.equations += 1
        self._atoms(eqn.primitive.name, eqn.invars)
        only = _DERIVED.get(eqn.primitive.name)
        params = eqn.params if only not in eqn.params else {only: eqn.params[only]}
        for name, value in sorted(params.items()):
            self._words(name, value)
        self._words("under", eqn.ctx.compute_type, eqn.ctx.xla_metadata)
        self._atoms("is", eqn.outvars)

    def _atoms(self, word: str, atoms: Iterable[Any]) -> None:
        texts = [word]
        for atom in atoms:
            if isinstance(atom, Literal):
                texts.append(f"{type(atom.val).__name__} {atom.val!r}: {_type(atom)}")
            elif isinstance(atom, Var):
                number = self._names.setdefault(atom, len(self._names))
                texts.append(f"{number}: {_type(atom)}")
            else:
                texts.append("_")
        self._add("\n".join(texts))

    def _words(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, Jaxpr | ClosedJaxpr):
                self.write(value)
            elif isinstance(value, Mapping):
                self._words("{", *(part for item in sorted(value.items()) for part in item), "}")
            elif isinstance(value, tuple | list):
                self._words(f"({type(value).__name__}", *value, ")")
            else:
                self._add(self._word(value))

    def _word(self, value: Any) -> str:
        if value is None or isinstance(
            value, bool | int | float | complex | str | bytes | enum.Enum | np.dtype
        ):
            return f"{type(value).__name__} {value!r}"
        if isinstance(value, np.ndarray | np.generic):
            array = np.asarray(value)
            return f"{array.dtype}{array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        if _is_described(value):
            return repr(value)
        try:
            hash(value)
        except TypeError:
            value = _Same(value)
        self.opaque.append(value)
        return f"opaque {len(self.opaque)}"

    def _add(self, text: str) -> None:
        self.text.update(text.encode())
        self.text.update(b"\0")


def _type(atom: Any) -> str:
    """The type of an atom; whether it is weak changes nothing any more."""
    text: str = atom.aval.str_short()
    return text


def _is_described(value: Any) -> bool:
    """Whether the text of a value says all of it: of JAX's own types it does, if it gives no address."""
    if isinstance(value, Mesh):
        return bool(value.empty)  # the text of another one does not name its devices
    ours = type(value).__module__.partition(".")[0] in ("jax", "jaxlib")
    return (
        ours
        and not callable(value)
        and not isinstance(value, jax.Array | jax.tree_util.PyTreeDef)
        and " at 0x" not in repr(value)
    )


class _Same:
    """A key for something without a hash: the thing itself, which the key keeps alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)
