"""Prints what of Flax and Optax is covered by the laws, and why the rest is not."""

import importlib
import sys
import types
from pathlib import Path


def main() -> None:
    """Imports the tables as the tests do; the working tree stays out of `sys.path`."""
    here = Path(__file__).resolve().parent
    package = types.ModuleType("adopted")
    package.__path__ = [str(here / "adopted")]
    sys.modules["adopted"] = package
    print(importlib.import_module("adopted.table").table())


if __name__ == "__main__":
    main()
