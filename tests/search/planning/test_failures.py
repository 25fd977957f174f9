"""Exceptions that outlive their process."""

import pickle

import jax

from symjax.search.planning.failures import picklable


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
