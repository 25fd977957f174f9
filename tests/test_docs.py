"""The Python blocks of README.md and docs/ run, each file from top to bottom."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<info>[^`]*)$")


def blocks(text: str) -> list[tuple[int, str, list[str]]]:
    """The fenced blocks of a Markdown text: (line number of its first line, info, lines)."""
    found: list[tuple[int, str, list[str]]] = []
    fence = indent = ""
    for number, line in enumerate(text.splitlines(), start=1):
        match = FENCE.match(line)
        if not fence:
            if match:
                fence, indent = match["fence"], match["indent"]
                found.append((number + 1, match["info"].strip(), []))
        elif match and match["fence"].startswith(fence) and not match["info"].strip():
            fence = ""
        else:
            found[-1][2].append(line.removeprefix(indent))
    if fence:
        raise ValueError(f"the block at line {found[-1][0]} is not closed")
    return found


def script(text: str) -> str:
    """The Python blocks as one program; each line keeps its number, for tracebacks."""
    lines = [""] * len(text.splitlines())
    for number, info, block in blocks(text):
        language, _, rest = info.partition(" ")
        skipped, _, reason = rest.partition(":")
        if language != "python":
            continue
        if skipped.strip() == "no-run":
            if not reason.strip():
                raise ValueError(f"line {number}: say why, as in `python no-run: needs a TPU`")
            continue
        lines[number - 1 : number - 1 + len(block)] = block
    return "\n".join(lines).rstrip() + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_runs(page: Path, tmp_path: Path) -> None:
    code = script(page.read_text(encoding="utf-8"))
    if page == README:
        assert code.strip(), "README.md shows no Python"
    if not code.strip():
        pytest.skip("no Python on this page")
    program = tmp_path / f"{page.stem}.py"
    program.write_text(code, encoding="utf-8")
    # As a reader would run it: a process of its own, with registries that no test has filled.
    done = subprocess.run(
        [sys.executable, "-W", "error:::__main__", program.name],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{page.relative_to(ROOT)} (line numbers agree):\n{done.stdout}", pytrace=False)


def test_blocks_keep_their_line_numbers() -> None:
    page = "Text\n```python\na = 1\n```\n```bash\nls\n```\n  ```python\n  if a:\n      b = a\n  ```\n"
    assert script(page).splitlines() == ["", "", "a = 1", *[""] * 5, "if a:", "    b = a"]


def test_skipping_a_block_needs_a_reason() -> None:
    assert not script("```python no-run: needs a TPU\n1 / 0\n```\n").strip()
    with pytest.raises(ValueError, match="line 2: say why"):
        script("```python no-run\n1 / 0\n```\n")


def test_an_unclosed_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 2 is not closed"):
        script("```python\na = 1\n")
