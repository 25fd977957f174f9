"""Exceptions that outlive their process."""

import gc
import json
import pickle
import weakref

import jax
import pytest

from symjax.search.results.failures import (
    Failure,
    failures_of,
    is_plain,
    picklable,
    read_failure,
    write_failure,
)


class TwoArguments(Exception):
    """Pickles, and cannot be loaded again."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def test_what_survives_stays_as_it_is():
    error = ValueError("wide", 3)
    error.add_note("while checking")
    assert picklable({3: error})[3] is error
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while checking"]


def test_what_does_not_is_replaced_by_its_text():
    tracer_errors = []
    try:
        jax.eval_shape(bool, 1.0)
    except jax.errors.TracerBoolConversionError as error:
        tracer_errors.append(error)
    errors = picklable({0: TwoArguments(1, 2), 1: tracer_errors[0]})
    assert repr(errors[0]) == "RuntimeError('TwoArguments: 1 and 2')"
    assert str(errors[1]).startswith("TracerBoolConversionError: Attempted boolean conversion")
    assert repr(pickle.loads(pickle.dumps(errors))) == repr(errors)


def test_one_exception_stays_one():
    error = TwoArguments(1, 2)
    errors = picklable(dict.fromkeys(range(5), error))
    assert len({id(error) for error in errors.values()}) == 1
    assert picklable({}) == {}


def test_a_failure_keeps_no_frame():
    class Data:
        pass

    def run():
        data = Data()
        alive.append(weakref.ref(data))
        try:
            raise KeyError("cause")
        except KeyError as error:
            raise TwoArguments(1, data) from error

    alive = []
    try:
        run()
    except TwoArguments as error:
        original, frames = error, error.__traceback__
        failure = Failure.of(error)
    assert original.__traceback__ is frames is not None
    assert (type(failure.error), str(failure.error)) == (TwoArguments, str(original))
    assert failure.error.__traceback__ is failure.error.__cause__ is failure.error.__context__ is None
    assert "KeyError: 'cause'" in failure.traceback
    assert "in run\n" in failure.traceback
    del original, frames
    gc.collect()
    assert alive[0]() is None


def test_a_failure_survives_being_pickled():
    again = pickle.loads(pickle.dumps([Failure.of(TwoArguments(1, 2))] * 2))
    assert repr(again[0].error) == "RuntimeError('TwoArguments: 1 and 2')"
    assert again[0] is again[1]


def test_failures_are_in_order_and_stay_one():
    error = OSError(2, "gone", "file")
    failures = failures_of({4: error, 2: error, 3: KeyError("x")})
    assert list(failures) == [2, 3, 4]
    assert failures[2] is failures[4]
    assert (repr(failures[2].error), failures[2].error.filename) == (repr(error), "file")
    assert failures_of(failures) == failures


class Own(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ValueError("too wide"), ValueError, "too wide"),
        (KeyError("a"), KeyError, "'a'"),
        (Own("mine"), RuntimeError, "Own: mine"),
        (ValueError(float("nan")), RuntimeError, "ValueError: nan"),
    ],
)
def test_an_exception_comes_back(error, kind, text):
    error.add_note("in trial 3")
    record = json.loads(json.dumps(write_failure(Failure(error, "the traceback"))))
    again = read_failure(record)
    assert type(again.error) is kind
    assert str(again.error) == text
    assert again.error.__notes__ == ["in trial 3"]
    assert again.traceback == "the traceback"


def test_a_name_that_is_no_exception_is_not_called():
    again = read_failure({"type": "exit", "text": "0", "args": [0], "traceback": ""})
    assert type(again.error) is RuntimeError


def test_json_knows_no_infinite_numbers():
    assert [is_plain(value) for value in (1.0, None, "a", float("inf"), 1j)] == [
        True,
        True,
        True,
        False,
        False,
    ]
