"""`to_python`: the source of a tree, evaluated, is the tree."""

import pytest
from hypothesis import given

import symjax as sj

from .. import trees


@given(trees.objects())
def test_the_script_builds_an_equal_tree(recipe):
    tree = recipe()
    try:
        source = sj.to_python(tree, imports=True)
    except TypeError:  # what has no source has no JSON either
        with pytest.raises(TypeError):
            sj.to_json(tree)
        return
    names: dict = {}
    exec(source, names)
    assert names["tree"] == tree
