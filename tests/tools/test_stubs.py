"""The stubs of the views say what the views show, in the terms of the installed Flax and Optax."""

import ast
import importlib
import inspect
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import flax.linen
import flax.nnx
import optax
import pytest

import symjax
import symjax.patches
import symjax.search
from symjax.adoption.functions import Loss
from symjax.names.views import Namespace

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
stubs = importlib.import_module("stubs")  # a script, of no package
sys.path.pop(0)
SAMPLE = Path(__file__).with_name("typing_sample.py")
INSTALLED = Path(symjax.__file__).parent
ORIGINALS = {"linen": flax.linen, "nnx": flax.nnx, "optax": optax}
INNER = [
    ("linen", "initializers"),
    ("nnx", "initializers"),
    ("optax", "contrib"),
    ("optax", "losses"),
    ("optax", "schedules"),
    ("optax", "transforms"),
]
Declared = dict[str, ast.stmt]


def installed(view: str) -> str:
    return (INSTALLED / f"{view}.pyi").read_text(encoding="utf-8")


def is_for_these_versions() -> bool:
    return all(installed(view).startswith(stubs.header()) for view in ORIGINALS)


def declared(body: list[ast.stmt]) -> Declared:
    """The names that a stub declares, with their statements."""
    names: Declared = {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname: node for alias in node.names if alias.asname})
    return names


def in_class(names: Declared, name: str) -> Declared:
    node = names[name]
    assert isinstance(node, ast.ClassDef)
    return declared(node.body)


def named_again(view: str, node: ast.stmt) -> str | None:
    """The name in the view for which a name of an inner module stands, if it is one more name of that."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    first = "" if value is None else ast.unparse(value)
    return first.removeprefix(f"symjax.{view}.") if first.startswith(f"symjax.{view}.") else None


def public(original: ModuleType, *, modules: bool) -> set[str]:
    """The public names of a module, without the modules that it imports of other packages."""
    package = original.__name__.partition(".")[0]
    return {
        name
        for name, value in vars(original).items()
        if not name.startswith("_")
        and (not inspect.ismodule(value) or (modules and value.__name__.startswith(package)))
    }


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return {view: stubs.stub(view) for view in stubs.VIEWS}


@pytest.mark.parametrize("view", ORIGINALS)
def test_stubs_are_current(view: str, written: dict[str, str]) -> None:
    if not is_for_these_versions():
        pytest.skip(f"the stubs are for other versions than these: {stubs.header()}")
    assert installed(view) == written[view], "run `python tools/stubs.py`"


@pytest.mark.parametrize("view", ORIGINALS)
def test_every_public_name_is_declared(view: str, written: dict[str, str]) -> None:
    names = declared(ast.parse(written[view]).body)
    assert public(ORIGINALS[view], modules=True) - names.keys() == set()


@pytest.mark.parametrize(("view", "inner"), INNER)
def test_every_public_name_of_a_module_in_a_view_is_declared(
    view: str, inner: str, written: dict[str, str]
) -> None:
    names = in_class(declared(ast.parse(written[view]).body), inner)
    assert public(getattr(ORIGINALS[view], inner), modules=False) - names.keys() == set()


@pytest.mark.parametrize("view", ORIGINALS)
def test_inner_modules_are_all_tested(view: str) -> None:
    shown = importlib.import_module(f"symjax.{view}")
    inner = {
        name
        for name in dir(shown)
        if not name.startswith("_") and isinstance(getattr(shown, name), Namespace)
    }
    assert inner == {name for v, name in INNER if v == view}


@pytest.mark.parametrize(("view", "inner"), INNER)
def test_what_is_one_object_is_declared_once(view: str, inner: str, written: dict[str, str]) -> None:
    shown = importlib.import_module(f"symjax.{view}")
    for name, node in in_class(declared(ast.parse(written[view]).body), inner).items():
        value, first = getattr(getattr(shown, inner), name), named_again(view, node)
        if first is not None:
            assert value is getattr(shown, first), name
        elif isinstance(node, ast.ClassDef | ast.FunctionDef) and isinstance(value, type):
            assert name not in dir(shown) or value is not getattr(shown, name), name


def parameters(function: ast.FunctionDef) -> list[str]:
    given = function.args
    listed = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [arg.arg for arg in listed if arg is not None]


def required(function: ast.FunctionDef) -> list[str]:
    given = function.args
    listed = [*given.posonlyargs, *given.args]
    only_by_name = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return [
        *(arg.arg for arg in listed[: len(listed) - len(given.defaults)]),
        *(arg.arg for arg, default in only_by_name if default is None),
    ]


def constructor(node: ast.ClassDef | ast.FunctionDef) -> list[str]:
    """The parameters of a function or class in a stub: those of its ``__init__``, or else its fields."""
    if isinstance(node, ast.FunctionDef):
        return parameters(node)
    names = declared(node.body)
    init = names.pop("__init__", None)
    if init is None:
        return [name for name, field in names.items() if isinstance(field, ast.AnnAssign)]
    assert isinstance(init, ast.FunctionDef)
    return parameters(init)[1:]


@pytest.mark.parametrize(
    ("view", "inner"), [("nnx", None), ("optax", None), *(i for i in INNER if i[0] == "optax")]
)
def test_constructors_take_what_the_originals_take(
    view: str, inner: str | None, written: dict[str, str]
) -> None:
    in_view = names = declared(ast.parse(written[view]).body)
    original = ORIGINALS[view]
    if inner is not None:
        names, original = in_class(in_view, inner), getattr(original, inner)
    compared = 0
    for name, alias in names.items():
        value = getattr(original, name, None)
        node = in_view.get(named_again(view, alias) or "", alias)
        is_made = isinstance(node, ast.ClassDef | ast.FunctionDef)
        if is_made and value is not None and not inspect.ismodule(value):
            if isinstance(value, type):  # NNX's metaclass has a signature of its own
                takes = list(inspect.signature(vars(value)["__init__"]).parameters)[1:]
            else:
                takes = list(inspect.signature(value).parameters)
            assert constructor(node) == takes, name
            compared += 1
    assert compared > 10


@pytest.mark.parametrize("inner", [None, "losses"])
def test_a_loss_is_computed_or_a_node(inner: str | None, written: dict[str, str]) -> None:
    body = ast.parse(written["optax"]).body
    original: ModuleType = optax
    if inner is not None:
        node = declared(body)[inner]
        assert isinstance(node, ast.ClassDef)
        body, original = node.body, getattr(optax, inner)
    overloads: dict[str, list[ast.FunctionDef]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and "typing.overload" in map(ast.unparse, node.decorator_list):
            overloads.setdefault(node.name, []).append(node)
    for name, (computed, held) in overloads.items():
        takes = inspect.signature(getattr(original, name)).parameters
        assert parameters(computed) == parameters(held) == list(takes), name
        assert required(computed) == [p.name for p in takes.values() if p.default is p.empty], name
        assert required(held) == [], name
        assert held.returns is not None
        assert ast.unparse(held.returns) == f"{Loss.__module__}.{Loss.__qualname__}"
        for overload in (computed, held):
            assert ("staticmethod" in map(ast.unparse, overload.decorator_list)) == (inner is not None), name

    shown = importlib.import_module("symjax.optax")
    space = shown if inner is None else getattr(shown, inner)
    values = {name: getattr(space, name) for name in dir(space) if not name.startswith("_")}
    losses = {n for n, v in values.items() if isinstance(v, type) and issubclass(v, Loss)}
    again = {name for name in losses if inner is not None and values[name] is getattr(shown, name, None)}
    assert overloads.keys() == losses - again
    assert overloads


def test_docstrings_are_the_first_paragraphs(written: dict[str, str]) -> None:
    names = declared(ast.parse(written["optax"]).body)
    node = names["adam"]
    assert isinstance(node, ast.ClassDef)
    assert ast.get_docstring(node) == (inspect.getdoc(optax.adam) or "").split("\n\n")[0]


def test_check_and_out(tmp_path: Path, written: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert stubs.main(["--out", str(tmp_path)]) == 0
    assert {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == written
    assert stubs.main(["--check", "--out", str(tmp_path)]) == 0
    assert not capsys.readouterr().out

    (tmp_path / "optax.pyi").write_text(written["optax"].replace("class adam(", "class madam("))
    (tmp_path / "linen.pyi").unlink()
    assert stubs.main(["--check", "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "+class adam(" in printed
    assert "-class madam(" in printed
    assert not (tmp_path / "linen.pyi").exists()


def test_the_sample_runs() -> None:
    runpy.run_path(str(SAMPLE))["main"]()


@pytest.mark.slow
def test_mypy_knows_the_views(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", *([] if is_for_these_versions() else ["*.pyi"]))
    for package in (symjax, symjax.patches, symjax.search):  # laid out as the wheel does
        target = tmp_path / package.__name__.replace(".", "/")
        shutil.copytree(Path(str(package.__file__)).parent, target, ignore=ignored, dirs_exist_ok=True)
    if not is_for_these_versions():
        stubs.main(["--out", str(tmp_path / "symjax")])
    shutil.copy(SAMPLE, tmp_path)
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".cache" / "mypy")]
    modules = [SAMPLE.stem, *(f"symjax.{view}" for view in ORIGINALS)]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *(part for name in modules for part in ("-m", name))],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr  # 1: the rest of the package, CI's business
    files = (f"{SAMPLE.name}:", *(f"{view}.pyi:" for view in ORIGINALS))
    assert [line for line in done.stdout.splitlines() if any(file in line for file in files)] == []
    assert f"{len(modules)} source files" in done.stdout
