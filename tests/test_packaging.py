"""The wheel, the sdist and an editable install hold the three rooms under the one name."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {"symjax": "symjax", "patches": "symjax/patches", "search": "symjax/search"}
SHIPPED = {".py", ".pyi", ".md"}


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def build(tree: Path, out: Path, *kinds: str) -> Path:
    run(sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", out, tree, cwd=out)
    return out


def contents(wheel: Path) -> dict[str, str]:
    """Names and digests of a wheel's files."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def shipped(tree: Path) -> set[str]:
    """What the wheel should hold of the rooms of a working tree."""
    return {
        f"{target}/{path.relative_to(tree / room).as_posix()}"
        for room, target in ROOMS.items()
        for path in (tree / room).rglob("*")
        if path.suffix in SHIPPED or path.name == "py.typed"
    }


def installed() -> Iterator[Path]:
    """What this environment's package folders hold."""
    for path in sys.path:
        if path.endswith("-packages"):
            yield from Path(path).iterdir()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources: a build leaves traces, and may pick up those of an earlier one."""
    copy = tmp_path_factory.mktemp("tree")
    generated = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, copy)
    for folder in (*ROOMS, "benchmarks", "docs", "examples", "tests"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, copy / folder, ignore=generated)
    return copy


@pytest.fixture(scope="module")
def dists(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, tmp_path_factory.mktemp("dist"), "--wheel", "--sdist")


def test_wheel_holds_the_rooms_and_nothing_else(tree: Path, dists: Path) -> None:
    (wheel,) = dists.glob("*.whl")
    names = set(contents(wheel))
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert names - info == shipped(tree)
    assert {"symjax/patches/__init__.py", "symjax/search/__init__.py", "symjax/py.typed"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in info)


def test_sdist_builds_the_same_wheel(dists: Path, tmp_path: Path) -> None:
    (sdist,) = dists.glob("*.tar.gz")
    (wheel,) = dists.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sdist", filter="data")
    (unpacked,) = (tmp_path / "sdist").iterdir()
    assert (unpacked / "tests" / "conftest.py").exists()
    (again,) = build(unpacked, tmp_path, "--wheel").glob("*.whl")
    assert contents(again) == contents(wheel)


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_editable_install(mode: str, tree: Path, tmp_path: Path) -> None:
    elsewhere, dependencies = tmp_path / "elsewhere", tmp_path / "dependencies"
    elsewhere.mkdir()
    dependencies.mkdir()
    for entry in installed():
        if "symjax" not in entry.name and not (dependencies / entry.name).exists():
            (dependencies / entry.name).symlink_to(entry)
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", purelib, cwd=elsewhere).strip())
    (packages / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")

    pip = [sys.executable, "-m", "pip", "--python", python, "install", f"-Ceditable_mode={mode}"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    run(*pip, *offline, "-e", tree, cwd=elsewhere)
    program = f"""
import importlib.util, pathlib, symjax, symjax.patches.library, symjax.search
assert pathlib.Path(symjax.patches.__file__).resolve().is_relative_to({str(tree)!r})
assert not any(importlib.util.find_spec(name) for name in ("patches", "search"))
"""
    run(python, "-W", "error", "-c", program, cwd=elsewhere)
