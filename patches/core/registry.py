"""The registry of patchers by name: append-only, and filled up from installed packages."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from symjax.core.tracebacks import caller_level

from ..uri.grammar import is_name
from .errors import PatchWarning
from .patch import Patch

GROUP: Final = "symjax.patches"
"""The entry-point group under which packages publish modules that define patchers."""

_patchers: dict[str, type[Patch]] = {}
_loaded: list[str] = []  # the groups whose entry points were tried; none are before the first need
_loading = threading.local()  # whether this thread is at it: a package's own module may ask for names


def add_patcher(patcher: type[Patch], names: Iterable[str]) -> None:
    """Makes a patcher known by names.

    One that comes from the same module and has the same qualified name replaces its older self, as
    when a notebook cell is run again or a module is reloaded.

    Raises:
        ValueError: A name is none, or belongs to another patcher. Nothing is registered then.
    """
    names = tuple(names)
    for name in names:
        if not is_name(name):
            raise ValueError(
                f"{name!r} cannot name a patcher: expected identifiers joined by dots, as in "
                "'vision.scale_width'"
            )
        owner = _patchers.get(name)
        if owner is not None and _origin(owner) != _origin(patcher):
            raise ValueError(
                f"the patcher {name!r} is {_origin(owner)} already; register {_origin(patcher)} "
                f"under a name of its own: @sj.patcher(name='{_suggest(patcher, name)}')"
            )
    _patchers.update(dict.fromkeys(names, patcher))


def find_patcher(name: str) -> type[Patch] | None:
    """The patcher of a name, or None; installed packages are asked at the first name that is not known.

    A name without its name space will do where only one patcher has it: ``crop`` for ``vision.crop``.

    Raises:
        ValueError: It is the short name of several patchers, whose whole names are listed.
    """
    if name not in _patchers:
        _load_entry_points()
    if name in _patchers:
        return _patchers[name]
    whole = [known for known in sorted(_patchers) if known.endswith(f".{name}")]
    patchers = {_patchers[known] for known in whole}
    if len(patchers) > 1:
        raise ValueError(f"{name!r} is the short name of several patchers: write {' or '.join(whole)}")
    return patchers.pop() if patchers else None


def names() -> tuple[str, ...]:
    """The names of all patchers: the library's, yours, and those of installed packages.

    Returns:
        The names that URIs may use, aliases included, in alphabetical order.

    Example:
        >>> from symjax import patches
        >>> 'scale_width' in patches.names()
        True
    """
    return tuple(registered())


def registered() -> dict[str, type[Patch]]:
    """All patchers by name, aliases included, in alphabetical order."""
    _load_entry_points()
    return dict(sorted(_patchers.items()))


def _load_entry_points() -> None:
    """Imports what installed packages publish, once; one that is broken costs a warning.

    Threads that ask at once all do it, and wait for each other as imports do: a lock of ours around theirs
    could keep two of them waiting for ever.
    """
    if GROUP in _loaded or getattr(_loading, "here", False):
        return
    _loading.here = True
    try:
        for point in entry_points(group=GROUP):
            _load(point)
    finally:
        _loading.here = False
    _loaded.append(GROUP)


def _load(point: EntryPoint) -> None:
    try:
        point.load()
    except Exception as error:  # noqa: BLE001 - other people's modules may raise anything
        source = point.dist.name if point.dist is not None else "an unknown package"
        warnings.warn(
            f"the patches {point.value!r} of {source} could not be loaded: {type(error).__name__}: {error}",
            PatchWarning,
            stacklevel=caller_level(),
        )


def _origin(patcher: type[Patch]) -> str:
    return f"{patcher.__module__}.{patcher.__qualname__}"


def _suggest(patcher: type[Patch], name: str) -> str:
    return f"{patcher.__module__.rpartition('.')[2].strip('_') or 'my'}.{name.rpartition('.')[2]}"
