"""The page of patches: current, complete, and made of what the examples really do."""

import importlib
import sys
from pathlib import Path

import pytest

import symjax as sj
from symjax import patches

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
catalogue = importlib.import_module("catalogue")  # a script, of no package
sys.path.pop(0)
LIBRARY = [name for name in patches.catalogue() if name in patches.__all__]


@pytest.fixture(scope="module")
def page():
    return catalogue.page()


def test_the_page_is_current(page):
    assert (ROOT / "docs/catalogue.md").read_text(encoding="utf-8") == page, "run python tools/catalogue.py"


@pytest.mark.parametrize("name", LIBRARY)
def test_each_patch_of_the_library_shows_what_it_changes(page, name):
    section = page.partition(f"### `{name}`\n")[2].partition("\n### ")[0]
    assert "```pycon\n>>> " in section
    assert "```diff\n" in section
    changed = section.partition("```diff\n")[2].partition("\n```")[0].splitlines()
    assert any(line.startswith("+ ") for line in changed)
    assert f"](#{name})" in page


def test_the_page_holds_nothing_of_this_machine(page):
    assert " at 0x" not in page
    assert str(ROOT) not in page
    assert sys.prefix not in page


def test_check_says_what_is_not_current(tmp_path, capsys):
    copy = tmp_path / "catalogue.md"
    assert catalogue.main(["--out", str(copy)]) == 0
    assert catalogue.main(["--check", "--out", str(copy)]) == 0
    copy.write_text(copy.read_text(encoding="utf-8").replace("# Catalogue", "# Something else", 1))
    assert catalogue.main(["--check", "--out", str(copy)]) == 1
    assert "-# Something else" in capsys.readouterr().out


@patches.patcher(name="test_catalogue_page.double")
def double(tree, key: str = "a"):
    """Doubles a value.

    Example:
        >>> import symjax as sj
        >>> tree = {'a': 1, 'b': 2}
        >>> sj.patch(tree, {'a': 5})
        {'a': 5, 'b': 2}
        >>> twice = sj.patch(tree, 'test_catalogue_page.double?b')
        >>> twice
        {'a': 1, 'b': 4}
    """
    return {key: 2 * tree[key]}


def test_the_first_use_of_the_patch_itself_is_shown():
    edit = catalogue.first_edit("test_catalogue_page.double")
    assert edit.rule == "test_catalogue_page.double?b"
    assert sj.eq((edit.before, edit.after), ({"a": 1, "b": 2}, {"a": 1, "b": 4}))
    assert catalogue.difference(edit) == "- {'a': 1, 'b': 2}\n+ {'a': 1, 'b': 4}"
