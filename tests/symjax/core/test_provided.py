"""What higher floors hand down: all of it, by `import symjax` alone."""

import subprocess
import sys

from symjax.core.provided import Provided, provided


def test_every_function_is_provided_by_importing_the_package():
    code = (
        "import symjax; from symjax.core.provided import Provided, provided; "
        "print(*[name for name in Provided.__annotations__ if not callable(getattr(provided, name, None))])"
    )
    result = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.split() == []


def test_nothing_else_is_provided_and_all_is_documented():
    assert set(vars(provided)) == set(Provided.__annotations__)
    assert [name for name in Provided.__annotations__ if f"\n        {name}: " not in Provided.__doc__] == []
