"""The examples in the docstrings of the installed package run.

pytest's own `--doctest-modules` takes files, and the rooms' files are not where their names say.
"""

import doctest
import importlib
import importlib.util
import pkgutil
import sys
import types
from collections.abc import Iterator

import pytest

EXTRAS = {"evosax", "matplotlib", "optuna", "ray", "sklearn", "tqdm"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules(name: str) -> Iterator[str]:
    """Names of the modules of the package `name` whose source holds an example."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    if ">>>" in (spec.loader.get_source(name) or ""):
        yield name
    for module in pkgutil.iter_modules(spec.submodule_search_locations or (), f"{name}."):
        yield from modules(module.name)


def examples(module: types.ModuleType) -> Iterator[doctest.DocTest]:
    """The module's own examples, without those of docstrings that it took over from elsewhere."""
    source = module.__loader__.get_source(module.__name__)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        lines = [line for example in test.examples for line in example.source.splitlines()]
        if any(line in source for line in lines):
            yield test


# An editable install hides the rooms from a listing of their parent: each is named.
ROOMS = ("symjax", "symjax.patches", "symjax.search")


@pytest.mark.parametrize("name", sorted({name for room in ROOMS for name in modules(room)}))
def test_docstrings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as err:
        if err.name not in EXTRAS:
            raise
        pytest.skip(f"needs {err.name}")
    report: list[str] = []
    ran = 0
    for test in examples(module):
        # A namespace that can be looked up by its name, as type hints in strings ask for.
        scope = types.ModuleType(f"doctest_{test.name}".replace(".", "_"))
        scope.__dict__.update(module.__dict__ | {"__name__": scope.__name__})
        monkeypatch.setitem(sys.modules, scope.__name__, scope)
        test.globs = scope.__dict__
        ran += doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append).attempted
    if report:
        pytest.fail("".join(report), pytrace=False)
    assert ran, f"{name} shows examples that doctest does not find"
