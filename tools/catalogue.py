"""Writes `docs/catalogue.md`: the library's patches, with what each does to the example of its docstring.

``python tools/catalogue.py`` runs the examples, and shows each tree before and after as a difference.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import doctest
import inspect
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import symjax as sj
from symjax import patches
from symjax.patches.core.catalogue import Entry
from symjax.patches.core.registry import find_patcher

PAGE = Path(__file__).resolve().parents[1] / "docs" / "catalogue.md"
_LIBRARY = "symjax.patches."
_WIDTH = 100
_HEAD = """# Catalogue of patches

What the library's patches do, each to the example of its docstring. A patch is named by a URI,
`name?argument=value`, wherever a rule is; `patches.catalogue()` has all this as data, and
`patches.json_schema(name)` the arguments as JSON Schema. This page is written by `python tools/catalogue.py`.
"""


class Edit(NamedTuple):
    """A tree before and after a patch."""

    rule: str
    before: Any
    after: Any


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; with ``--check`` it writes nothing, and says what is not current."""
    parser = argparse.ArgumentParser(prog="python tools/catalogue.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say what is not current; 1 if something")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page")
    options = parser.parse_args(arguments)
    old = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
    text = page()
    if options.check:
        for line in difflib.unified_diff(old.splitlines(), text.splitlines(), str(options.out), n=0):
            print(line)
        return int(old != text)
    options.out.write_text(text, encoding="utf-8")
    return 0


def page() -> str:
    """The whole page."""
    subjects: dict[str, list[Entry]] = {}
    for entry in patches.catalogue().values():
        if entry["module"].startswith(_LIBRARY):
            subjects.setdefault(_subject(entry), []).append(entry)
    contents = [
        f"- {subject}: {', '.join(map(_link, entries))}" for subject, entries in sorted(subjects.items())
    ]
    parts = [_HEAD, "\n".join(contents) + "\n"]
    for subject, entries in sorted(subjects.items()):
        parts.append(f"## {subject}\n")
        parts += [_section(entry) for entry in entries]
    return "\n".join(parts)


def _link(entry: Entry) -> str:
    return f"[`{entry['name']}`](#{entry['name']})"


def _subject(entry: Entry) -> str:
    """What a patch is about, as the folders of the library have it."""
    *folders, file = entry["module"].removeprefix(_LIBRARY).removeprefix("library.").split(".")
    words = (folders or [file])[0].replace("_", " ")
    return words[0].upper() + words[1:]


def _section(entry: Entry) -> str:
    """One patch: signature, text, arguments, example, and what the example does."""
    shown = [f"### `{entry['name']}`\n", f"`{_signature(entry)}`\n", _prose(entry["docstring"])]
    if entry["aliases"]:
        shown.append(f"Also: {', '.join(f'`{alias}`' for alias in entry['aliases'])}.\n")
    if entry["arguments"]:
        shown.append("\n".join(_table(entry)) + "\n")
    if examples(entry["docstring"]):
        shown.append(f"```pycon\n{_example(entry['docstring'])}\n```\n")
    edit = first_edit(entry["name"])
    if edit is not None:
        shown.append(f"What `{edit.rule}` changes:\n\n```diff\n{difference(edit)}\n```\n")
    where = entry["module"].removeprefix("symjax.").replace(".", "/")
    shown.append(f"[Source](../{where}.py)\n")
    return "\n".join(shown)


def _signature(entry: Entry) -> str:
    required = [f"{argument['name']}=…" for argument in entry["arguments"] if argument["required"]]
    return f"{entry['name']}?{'&'.join(required)}" if required else entry["name"]


def _table(entry: Entry) -> Iterator[str]:
    yield "| argument | type | default | |"
    yield "|---|---|---|---|"
    for argument in entry["arguments"]:
        default = "required" if argument["required"] else f"`{argument['default']}`"
        cells = (f"`{argument['name']}`", f"`{argument['type']}`", default, argument["description"])
        yield "| " + " | ".join([cell.replace("|", "\\|") for cell in cells]) + " |"


_SECTIONS = re.compile(r"^(?:Args|Returns|Raises|Example|Examples|Yields|Attributes):$", re.MULTILINE)


def _prose(docstring: str) -> str:
    """The docstring without what the page shows otherwise; its code in Markdown's marks."""
    text = _SECTIONS.split(docstring)[0].strip()
    return re.sub(r"``([^`]+)``", r"`\1`", text) + "\n"


def _example(docstring: str) -> str:
    """The text of a docstring's example, with what it prints."""
    lines = _SECTIONS.split(docstring)[-1].strip("\n").splitlines()
    return inspect.cleandoc("\n".join(lines))


def examples(docstring: str) -> list[doctest.Example]:
    """The statements of a docstring's example."""
    return doctest.DocTestParser().get_examples(docstring)


def first_edit(name: str) -> Edit | None:
    """The first change that the example of a patcher's docstring makes by it; None where it makes none.

    Args:
        name: The name of the patcher.
    """
    patcher: Any = find_patcher(name)
    scope = {**vars(sys.modules[patcher.__module__]), "__name__": "__main__"}  # as doctest has it
    for example in examples(inspect.cleandoc(patcher.__doc__ or "")):
        program = ast.parse(example.source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for node in ast.walk(program):
                edit = _edit(node, scope) if isinstance(node, ast.Call) else None
                if edit is not None and name in edit.rule and not sj.eq(edit.before, edit.after):
                    return edit
            exec(compile(program, name, "exec", dont_inherit=True), scope)
    return None


def _edit(call: ast.Call, scope: dict[str, Any]) -> Edit | None:
    """What a call in an example does, if it applies a patch: ``sj.patch(tree, …)`` or ``patch(tree)``."""

    def value(node: ast.AST) -> Any:
        return eval(compile(ast.Expression(node), "example", "eval", dont_inherit=True), scope)  # type: ignore[arg-type]

    try:
        function = value(call.func)
    except NameError:  # a name that the example binds inside the statement
        return None
    if function is patches.patch and len(call.args) > 1:
        rule = value(call.args[1])
        text = (
            rule
            if isinstance(rule, str)
            else " | ".join(map(str, rule if isinstance(rule, list) else [rule]))
        )
    elif isinstance(function, patches.Patch) and call.args:
        text = str(function)
    else:
        return None
    return Edit(text, value(call.args[0]), value(call))


def difference(edit: Edit) -> str:
    """The trees of an edit as text, line by line, with what was taken out and put in."""
    before, after = (
        sj.format(tree, hide_defaults=True, width=width).splitlines()
        for width in (_width(edit),)
        for tree in (edit.before, edit.after)
    )
    return "\n".join([line.rstrip() for line in difflib.ndiff(before, after) if not line.startswith("?")])


def _width(edit: Edit) -> int:
    """Wide enough for a short tree to stand in a line; a larger one has a line for each part."""
    longest = max(
        len(sj.format(tree, hide_defaults=True, width=10_000)) for tree in (edit.before, edit.after)
    )
    return _WIDTH if longest <= _WIDTH else 40


if __name__ == "__main__":
    sys.exit(main())
