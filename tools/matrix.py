"""Writes docs/matrix.md: what comes of each of the library's patches on each model of the zoo.

Run it with ``python tools/matrix.py`` after a patch or a model has changed. ``--only scale_width`` prints the
cells of one patch, with the errors of those that fail, and writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import sys
import traceback
import types
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

# Every program is worth keeping: they are small and many, and most are the same the next time.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).resolve().parents[1] / ".cache/jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# They run twice, and are not worth to be optimized.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/matrix.md"


def load() -> Any:
    """The harness as the tests import it; the working tree stays out of `sys.path`."""
    package = types.ModuleType("patches_tests")
    package.__path__ = [str(ROOT / "tests/patches")]
    sys.modules.setdefault("patches_tests", package)
    return importlib.import_module("patches_tests.matrix")


def run(patcher: str, model: str) -> tuple[bool, bool, str]:
    """Whether a cell works, whether it fails, and why not."""
    try:
        works, reason = load().outcome(patcher, model)
    except Exception:  # noqa: BLE001 - whatever goes wrong in a cell is that cell's result
        return False, True, traceback.format_exc(limit=-4)
    return works, False, reason


def show(patcher: str, model: str, works: bool, fails: bool, reason: str) -> None:
    """Prints what came of a cell."""
    print(f"{patcher} on {model}: {'fails' if fails else 'works' if works else 'does not apply'}")
    print("".join(f"    {line}\n" for line in reason.splitlines()), end="", flush=True)


def main() -> int:
    """Runs the cells on all cores, one process for each, and writes the page if none fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="TEXT", help="print the cells whose patch or model contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    matrix = load()
    cells = [
        (patcher, model)
        for model in matrix.NETWORKS
        for patcher in matrix.patchers()
        if options.only is None or options.only in patcher or options.only in model
    ]
    context = multiprocessing.get_context("spawn")  # JAX has threads, which no fork survives
    results: dict[tuple[str, str], tuple[bool, bool, str]] = {}
    with ProcessPoolExecutor(options.jobs, context) as pool:
        for cell, result in zip(cells, pool.map(run, *zip(*cells, strict=True), chunksize=4), strict=True):
            results[cell] = result
            show(*cell, *result)
    failures = sum(fails for _, fails, _ in results.values())
    print(f"{sum(works for works, _, _ in results.values())} of {len(cells)} work, {failures} fail")
    if not failures and options.only is None:
        outcomes = {cell: matrix.Outcome(works, reason) for cell, (works, _, reason) in results.items()}
        page = matrix.page(outcomes)
        PAGE.write_text(page, encoding="utf-8")
        print(page)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
