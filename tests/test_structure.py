"""The tree of files: a test file for each source file, names that say something, folders that can be seen at once."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("symjax", "patches", "search")
SOURCES = sorted(
    path.relative_to(ROOT)
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if path.name != "__init__.py"
)
# What says nothing of the thing that it names.
EMPTY_NAMES = {"held", "made", "found", "given"}


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_file_has_its_test_file(source):
    assert (ROOT / "tests" / source.parent / f"test_{source.name}").is_file()


def test_the_design_page_names_each_file():
    page = (ROOT / "docs/design.md").read_text()
    library = Path("patches/library")  # a file for each subject
    assert [str(s) for s in SOURCES if library not in s.parents and f"`{s.name}`" not in page] == []


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_name_says_what_the_thing_is(source):
    tree = ast.parse((ROOT / source).read_text())
    names = [
        (node.lineno, node.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names += [(node.lineno, node.arg) for node in ast.walk(tree) if isinstance(node, ast.arg)]
    assert [(line, name) for line, name in names if name in EMPTY_NAMES] == []


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_an_error_is_placed_in_one_way(source):
    """Notes on the original: nobody rebuilds an exception from its text, or looks for a place in a text."""
    for node in ast.walk(ast.parse((ROOT / source).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Call):
            maker = node.func
            named = isinstance(maker.func, ast.Name) and maker.func.id == "type"
            about_error = any(isinstance(a, ast.Name) and a.id in ("error", "e", "err") for a in maker.args)
            assert not (named and about_error), f"line {node.lineno} makes an exception anew from another"
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            texts = [
                n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            ]
            assert not any("(path=" in text for text in texts), (
                f"line {node.lineno} looks for a place in a text"
            )


@pytest.mark.parametrize("folder", sorted({source.parent for source in SOURCES}), ids=str)
def test_a_folder_can_be_seen_at_once(folder):
    assert len([source for source in SOURCES if source.parent == folder]) <= 15
    assert (ROOT / folder / "__init__.py").read_text().startswith('"""')
