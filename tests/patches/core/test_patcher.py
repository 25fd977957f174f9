"""Functions become symbolic classes of patches."""

import copy
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from typing import Annotated, Any

import jax
import pytest
from annotated_types import Gt

import symjax
from symjax import patches


@patches.patcher(name="test_patcher.multiply")
def multiply(
    tree, factor: Annotated[float, Gt(0)], keys: Sequence[str] = ("rate",), *, note: str | None = None
):
    """Multiplies."""
    return lambda k, v: v * factor if k.key in keys else v


@patches.patcher(name="test_patcher.keep_rate", static=["limit"])
def keep_rate(tree, limit: float):
    return None


class Choice(symjax.Placeholder):
    candidates: tuple[Any, ...]

    def options(self):
        return self.candidates


def test_the_parameters_become_fields():
    patch = multiply(2, keys=["rate", "lr"])
    assert isinstance(patch, patches.Patch)
    assert isinstance(patch, symjax.Object)
    assert (patch.factor, patch.keys, patch.note) == (2.0, ("rate", "lr"), None)
    assert repr(multiply(2)) == "multiply(factor=2.0)"


def test_the_class_takes_the_place_of_the_function():
    assert (multiply.__name__, multiply.__qualname__) == ("multiply", "multiply")
    assert multiply.__module__ == __name__
    assert multiply.__doc__ == "Multiplies."


def test_arguments_are_validated():
    with pytest.raises(ValueError, match=r"greater than 0.*\(path=factor\)"):
        multiply(-1.0)
    with pytest.raises(TypeError, match=r"\(path=factor\)"):
        multiply("2")
    with pytest.raises(TypeError, match="factor"):
        multiply()
    with pytest.raises(TypeError, match="faktor"):
        multiply(faktor=2.0)


def test_a_keyword_only_parameter_stays_so():
    with pytest.raises(TypeError):
        multiply(1.0, (), "note")


def test_a_patch_is_a_symbolic_tree():
    patch = multiply(2.0)
    assert patch == multiply(2.0)
    assert hash(patch) == hash(multiply(2.0))
    assert patch != multiply(3.0)
    assert patch.rebind(factor=3.0) == multiply(3.0)
    assert symjax.from_json(symjax.to_json(patch)) == patch
    assert copy.deepcopy(patch) == patch
    with pytest.raises(AttributeError, match="immutable"):
        patch.factor = 3.0


def test_a_patch_can_be_pickled(tmp_path):
    """In another process too, where nothing but its module can be imported."""
    (tmp_path / "pickled_patches.py").write_text(
        textwrap.dedent(
            """
            from symjax import patches

            @patches.patcher
            def half(tree, n: int = 2):
                return lambda k, v: v / n
            """
        )
    )
    code = "import pickle, pickled_patches as p; print(pickle.dumps(p.half(4)).hex())"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    sys.path.insert(0, str(tmp_path))
    try:
        assert str(pickle.loads(bytes.fromhex(run.stdout))) == "half?n=4"
    finally:
        sys.path.remove(str(tmp_path))


def test_arguments_may_hold_open_choices():
    patch = multiply(factor=Choice((1.0, 2.0)))
    assert isinstance(patch.factor, Choice)
    assert patch.rebind(factor=2.0) == multiply(2.0)
    with pytest.raises(ValueError, match="greater than 0"):
        multiply(factor=Choice((1.0, -2.0)))


def test_an_open_choice_that_cannot_be_computed_with_is_named():
    with pytest.raises(TypeError) as caught:
        multiply(factor=Choice((1.0, 2.0)))({"rate": 0.5})
    assert "still has open choices at factor" in caught.value.__notes__[-1]


def test_an_open_choice_may_move_into_the_tree():
    patched = patches.change_lr(Choice((0.1, 0.2)))({"lr": 1.0})
    assert patched == {"lr": Choice((0.1, 0.2))}


def test_floats_are_leaves_and_static_ones_are_structure():
    assert jax.tree.leaves(multiply(2.0)) == [2.0]
    assert jax.tree.leaves(keep_rate(2.0)) == []


def test_a_patch_goes_through_jit_and_vmap():
    patch = multiply(jax.numpy.array([1.0, 2.0]))
    assert jax.vmap(lambda p: p({"rate": 0.5})["rate"])(patch).tolist() == [0.5, 1.0]
    assert jax.jit(lambda p: p({"rate": 0.5})["rate"])(multiply(4.0)) == 2.0


def test_hints_in_strings_are_evaluated_where_the_function_stands():
    limit = Gt(3)

    def local(tree, n: "Annotated[int, limit]"):
        return limit

    patcher = patches.patcher(name="test_patcher.local")(local)
    with pytest.raises(ValueError, match="greater than 3"):
        patcher(2)


def test_a_parameter_without_a_hint_takes_anything():
    @patches.patcher(name="test_patcher.anything")
    def anything(tree, value=None):
        return {"x": value}

    assert anything()({"x": 1}) == {"x": None}
    assert patches.patch({"x": 1}, "test_patcher.anything?[a:1]") == {"x": ("a", 1)}


def no_tree():
    return None


def keyword_tree(*, tree):
    return None


def variadic(tree, *factors):
    return None


def open_ended(tree, **factors):
    return None


def hides(tree, uri):
    return None


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (no_tree, "must take the tree as its first argument"),
        (keyword_tree, "must take the tree as its first argument"),
        (variadic, r"takes \*factors: .* needs a name of its own"),
        (open_ended, r"takes \*\*factors: .* needs a name of its own"),
        (hides, "an argument 'uri', a name that every patch uses itself"),
    ],
)
def test_a_function_that_cannot_be_a_patcher_is_refused(function, why):
    with pytest.raises(TypeError, match=why):
        patches.patcher(function)
    assert function.__name__ not in patches.names()


@pytest.mark.parametrize("function", ["vision.crop", [("factor", float)]])
def test_what_is_no_function_is_refused(function):
    with pytest.raises(TypeError, match=r"takes a function, got .* give a name as name="):
        patches.patcher(function)


def test_an_unknown_static_name_is_refused():
    with pytest.raises(TypeError, match="no arguments factr, which static names"):
        patches.patcher(static=["factr"])(lambda tree, factor: None)
