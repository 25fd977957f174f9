"""The room's face: what users may import, and nothing else."""

import inspect

from symjax import search


def test_dir_shows_public_names_only():
    assert dir(search) == sorted(search.__all__)
    for name in dir(search):
        public = getattr(search, name)
        module = public.__name__ if inspect.ismodule(public) else public.__module__
        assert module.startswith("symjax.search.")
