"""Models as their authors wrote them, with other imports or decorators: all that adoption touches."""

import inspect
import sys
import types
from collections.abc import Callable

FLAX = "from flax import "


def _import(source: str) -> str:
    return source.replace(FLAX, "from symjax import ").replace("import optax\n", "from symjax import optax\n")


def _decorate(source: str) -> str:
    return source.replace("\nclass ", "\n@sj.symbolize\nclass ").replace(FLAX, f"import symjax as sj\n{FLAX}")


def _static(source: str) -> str:
    """A rate of dropout, which the author's code tests, is structure."""
    return source.replace("@sj.symbolize\nclass Encoder", "@sj.symbolize(static=['dropout'])\nclass Encoder")


EDITS: dict[str, Callable[[str], str]] = {
    "import": _import,
    "decorator": _decorate,
    "both": lambda source: _import(_decorate(source)),
    "static": lambda source: _static(_import(_decorate(source))),
}


def edited(module: types.ModuleType, by: str) -> types.ModuleType:
    """The module as it is when its import line is another, or its classes are decorated."""
    name = f"{module.__name__}_by_{by}"
    if name not in sys.modules:
        source = inspect.getsource(module)
        assert source.count(FLAX) == 1
        made = types.ModuleType(name)
        sys.modules[name] = made
        exec(compile(EDITS[by](source), name, "exec"), vars(made))
    return sys.modules[name]
