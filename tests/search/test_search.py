"""The room's face: what users may import, and nothing else."""

from symjax import search


def test_dir_shows_public_names_only():
    assert dir(search) == sorted(search.__all__)
    assert all(getattr(search, name).__module__.startswith("symjax.search.") for name in dir(search))
