"""Compiled code on disk: in whose folder, and what becomes of JAX's settings."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from symjax.search.compiling import persistent
from symjax.search.compiling.persistent import folder, kept_on_disk, user_folder


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"XDG_CACHE_HOME": "/caches"}, "linux", Path("/caches/symjax")),
        ({"XDG_CACHE_HOME": "caches"}, "linux", Path.home() / ".cache/symjax"),
        ({}, "linux", Path.home() / ".cache/symjax"),
        ({}, "darwin", Path.home() / "Library/Caches/symjax"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/symjax/Cache")),
        ({}, "win32", Path.home() / "AppData/Local/symjax/Cache"),
    ],
)
def test_the_folder_is_the_platforms(environment, platform, expected):
    assert user_folder(environment, platform) == expected


def test_a_folder_that_the_user_chose_is_left_alone(tmp_path):
    settings = jax.config.values
    assert folder() == settings["jax_compilation_cache_dir"]  # the suite has one
    with kept_on_disk():
        assert jax.config.values == settings


def test_none_is_used_where_jax_is_told_so():
    enabled = jax.config.jax_enable_compilation_cache
    jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()  # JAX asks but once whether there is one
    try:
        assert folder() is None
        settings = jax.config.values
        with kept_on_disk():
            assert jax.config.values == settings
    finally:
        jax.config.update("jax_enable_compilation_cache", enabled)
        compilation_cache.reset_cache()


def test_the_oldest_files_of_a_large_folder_go(tmp_path, monkeypatch):
    monkeypatch.setattr(persistent, "_LARGEST", 25)
    for age, name in enumerate(["new", "old", "older", "oldest"]):
        (tmp_path / name).write_bytes(b"0123456789")
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    persistent._prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


RUN = """
    import collections, jax, jax.numpy as jnp
    from symjax import search

    events = collections.Counter()
    jax.monitoring.register_event_listener(lambda event, **_: events.update([event.rpartition('/')[2]]))
    space = search.space({'x': search.floatv(0., 1.), 'n': search.oneof([1, 2])})
    dnas = search.DNA.from_numbers(space.spec, [[.5, 0], [.5, 1], [.25, 1]])
    keys = jax.random.key(0), jax.random.key(1)
    before = dict(jax.config.values)
    def run(exp, key):
        return jnp.sin(jnp.ones(exp['n']) * exp['x']).sum() + jax.random.normal(key)
    events.clear()
    results = search.evaluate(run, space, dnas, keys[0])
    print(results.compiled, events['cache_misses'], events['cache_hits'], results.metrics.tobytes().hex())
    assert jax.config.values == before
    events.clear()
    jax.block_until_ready(jax.jit(lambda x: x * 3)(1.5))  # the user's own: nothing is kept of it
    print(events['cache_misses'], events['cache_hits'])
"""


def run(folder: Path) -> list[list[str]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(RUN)],
        env={**inherited, "JAX_PLATFORMS": "cpu", "XDG_CACHE_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="says by an environment variable where caches are")
def test_a_second_process_compiles_nothing(tmp_path):
    (*first, bits), own = run(tmp_path)
    assert (first, own) == (["2", "2", "0"], ["0", "0"])
    known = [file.read_text() for file in tmp_path.rglob("*.jsonl")]
    assert [len(text.splitlines()) for text in known] == [2]
    (*second, same), own = run(tmp_path)
    assert (second, own) == (["2", "0", "2"], ["0", "0"])
    assert same == bits
    assert [
        file.read_text() for file in tmp_path.rglob("*.jsonl")
    ] == known  # reading takes no time to compile
