"""Compiled code on disk, so that another process need not compile it again."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

# JAX's settings hold for the whole process, so only one thread at a time may change them.
_lock = threading.Lock()

# How the names of JAX's settings begin that say where code is kept: they do not change it.
_OF_THE_CACHE = ("jax_compilation_cache", "jax_enable_compilation_cache", "jax_persistent_cache")

_LARGEST = 4 << 30  # bytes

_FOLDER = "jax_compilation_cache_dir"
_SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


def settings_of_code() -> list[tuple[str, Any]]:
    """JAX's settings on which compiled code may hang, by name: all but where it is kept."""
    return [item for item in jax.config.values.items() if not item[0].startswith(_OF_THE_CACHE)]


def user_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder in which this library keeps what can be computed again: that of the platform.

    Args:
        environment: Environment variables.
        platform: As `sys.platform`.

    Example:
        >>> user_folder({'XDG_CACHE_HOME': '/caches'}, 'linux').as_posix()
        '/caches/symjax'
    """
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "symjax" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "symjax"
    named = environment.get("XDG_CACHE_HOME", "")  # a relative path is to be ignored, says its specification
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "symjax"


def folder() -> str | None:
    """Where compiled code is kept: where JAX is told to, or else in the user's cache directory.

    None if JAX is told to keep none (``jax_enable_compilation_cache``).
    """
    settings = jax.config.values
    if not settings["jax_enable_compilation_cache"]:
        return None
    return settings[_FOLDER] or str(user_folder() / "programs")


@contextlib.contextmanager
def kept_on_disk() -> Iterator[list[str]]:
    """Has JAX keep in `folder` what is compiled within, and look for it there.

    Where the user has told JAX about a cache of theirs, nothing is changed. Else JAX's settings are changed
    for as long as this lasts, and are then as they were.

    Yields:
        What JAX says of it on this thread; see `was_on_disk`.
    """
    events: list[str] = []
    thread = threading.get_ident()

    def listen(event: str, **details: Any) -> None:
        if threading.get_ident() == thread:
            events.append(event)

    jax.monitoring.register_event_listener(listen)
    try:
        with _own_folder():
            yield events
    finally:
        jax.monitoring.unregister_event_listener(listen)


def was_on_disk(events: list[str]) -> bool:
    """Whether what was compiled had been on disk."""
    return "/jax/compilation_cache/cache_hits" in events


@contextlib.contextmanager
def _own_folder() -> Iterator[None]:
    with _lock:
        place = folder()
        before = {name: jax.config.values[name] for name in (_FOLDER, *_SETTINGS)}
        if place is None or before[_FOLDER] or not _is_writeable(place):
            yield
            return
        _set({_FOLDER: place, **_SETTINGS})
        try:
            yield
        finally:
            _set(before)
            compilation_cache.reset_cache()  # JAX remembers the folder that it used first
            _prune(Path(place))


def _set(settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


def _prune(place: Path) -> None:
    """Removes the oldest files of a folder that has become too large."""
    with contextlib.suppress(OSError):  # another process may remove them too
        files = [(file.stat().st_mtime, file.stat().st_size, file) for file in place.iterdir()]
        excess = sum(size for _, size, _ in files) - _LARGEST
        for _, size, file in sorted(files):
            if excess <= 0:
                break
            file.unlink()
            excess -= size


def _is_writeable(place: str) -> bool:
    """Whether there is such a folder now; it is made for this user alone, since code in it is run."""
    try:
        Path(place).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)
