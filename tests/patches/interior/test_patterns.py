"""Patterns of paths in a model."""

import pytest

from symjax.core.paths import Path
from symjax.patches.interior.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("", "", True),
        ("", "a", False),
        ("**", "", True),
        ("a/**", "a", True),
        ("a/**", "a/b/c", True),
        ("a/**", "ab", False),
        ("a/*", "a/b", True),
        ("a/*", "a/b/c", False),
        ("**/Dense_?", "Dense_0", True),
        ("**/Dense_?", "a/b/Dense_1", True),
        ("a.b", "axb", False),
    ],
)
def test_a_pattern(pattern, path, is_match):
    assert matches(pattern, Path(tuple(path.split("/")) if path else ())) is is_match
