"""A place is a note on the error that was raised, which stays itself."""

import dataclasses
import pickle
from typing import Any

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax.core.errors import excerpt, locate, nearest, nearest_first, note, summary, with_article


class Two(Exception):
    """An error with two arguments, of which no text can make another."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    """An error that refuses assignment."""

    code: int


class Checked(sj.Object):
    rate: float = 0.5

    def __check__(self) -> None:
        if self.rate > 1:
            raise Two(7, "too high")


class Holder(sj.Object):
    content: Any


def test_the_innermost_place_is_noted_and_no_other():
    error = Two(1, "odd")
    assert locate(error, "layers[0]", "while checking Net")
    assert not locate(error, "", "while checking Top")
    assert error.__notes__ == ["while checking Net (path=layers[0])"]


def test_a_note_is_added_to_every_kind_of_error():
    for error in (ValueError("text"), Frozen(3)):
        note(error, "first")
        note(error, "second")
        assert locate(error, "width", "while checking Net")
        assert not locate(error, "", "while checking Top")
        assert error.__notes__ == ["first", "second", "while checking Net (path=width)"]


def test_an_error_of_a_check_is_the_one_that_was_raised():
    with pytest.raises(Two) as caught:
        Holder(Checked()).rebind({"content.rate": 2.0})
    assert caught.value.args == (7, "too high")
    assert caught.value.__notes__ == ["while checking Checked (path=content)"]


def test_a_check_that_cannot_be_traced_says_so_and_where():
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        jax.eval_shape(lambda rate: Holder(Checked()).rebind({"content.rate": rate}), 2.0)
    assert "while checking Checked (path=content)" in caught.value.__notes__


def test_a_summary_is_one_line_with_the_place():
    error = ValueError("odd\nand more")
    assert summary(error) == "ValueError: odd"
    locate(error, "layers[0]", "while checking Net")
    assert summary(error) == "ValueError: odd; while checking Net (path=layers[0])"


def test_an_error_with_a_place_can_be_pickled():
    error = ValueError("odd")
    locate(error, "layers[0]", "while checking Net")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.args, copy.__notes__) == (ValueError, ("odd",), error.__notes__)
    assert not locate(copy, "", "while checking Top")


def test_a_note_is_added_once():
    error = ValueError("wrong")
    note(error, "there")
    note(error, "there")
    note(error, "here")
    assert error.__notes__ == ["there", "here"]


def test_names_take_their_article():
    assert [with_article(name) for name in ("Dense", "Experiment", "adam", "ü")] == [
        "a Dense",
        "an Experiment",
        "an adam",
        "a ü",
    ]


def test_the_nearest_name_comes_first():
    assert nearest_first("widht", ["depth", "width", "rate"])[0] == "width"
    assert sorted(nearest_first("x", {"b", "a"})) == ["a", "b"]


def test_case_does_not_make_a_name_less_near():
    assert nearest_first("adamW", ["adam", "adamw", "adamaxw"])[0] == "adamw"
    assert nearest("adamW", ["adam", "adamw"]) == "did you mean 'adamw'?"
    assert nearest("DENSE", ["conv", "dense"]) == "did you mean 'dense'?"
    assert nearest("Dens", ["dense", "Dense"]) == "did you mean 'Dense'?"
    assert nearest("zzz", ["dense"]) == ""
    assert nearest("acc", ["accuracy", "loss"]) == "did you mean 'accuracy'?"
    assert nearest("acc", ["accuracy", "acceleration_of_all"]) == ""
    assert nearest("ac", ["accuracy"]) == ""


def test_no_name_is_compared_with_a_very_long_one():
    assert nearest_first("z" * 10**6, ["b", "a", "z" * 100]) == ["a", "b", "z" * 100]


@given(st.text(max_size=30), st.integers(0, 30), st.integers(1, 40))
def test_an_excerpt_holds_the_place(text, at, limit):
    part = excerpt(text, at, limit)
    assert part.strip("…") in text or "…" in text
    assert len(part) <= limit + 2
    assert at >= len(text) or text[at] in part
