"""What `import symjax` imports: not what few programs need."""

import subprocess
import sys

import symjax as sj

LATE = ["flax.nnx", "symjax.nnx", "symjax.adoption.nnx.building", "symjax.patches", "symjax.search"]


def imported(*statements: str) -> list[str]:
    """Which of the late modules the last statement imports in a fresh process."""
    *before, last = statements
    lines = ["import sys", *before, "known = set(sys.modules)", last]
    code = "\n".join([*lines, f"print(*[name for name in {LATE} if name in sys.modules.keys() - known])"])
    return subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()


def test_each_of_them_is_seen_when_it_is_imported():
    assert imported("import sys", f"import {', '.join(LATE)}") == LATE


def test_the_other_rooms_and_nnx_are_imported_at_their_first_use():
    assert imported("import flax.linen, optax", "import symjax") == []
    assert imported("import flax.linen, optax, symjax", "symjax.symbolize(flax.linen.Dense)(3)") == []
    assert "symjax.adoption.nnx.building" in imported("import symjax", "symjax.build")
    assert "symjax.search" in imported("import symjax", "symjax.oneof")


def test_an_nnx_class_becomes_symbolic_whoever_imported_nnx():
    assert "symjax.adoption.nnx.building" in imported(
        "import symjax",
        "from flax import nnx; assert symjax.build(symjax.symbolize(nnx.Linear)(2, 3)).kernel.shape",
    )


def test_dir_shows_public_names_only():
    assert dir(sj) == sorted(sj.__all__)
    assert all(hasattr(sj, name) and not name.startswith("_") for name in dir(sj))
