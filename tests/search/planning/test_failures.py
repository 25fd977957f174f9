"""Whether what some structures raised is raised by all."""

import pytest

from symjax.search.planning.failures import PROBES, Failures
from symjax.search.results.failures import Failure


def errors(*kinds):
    failures = Failures()
    for kind in kinds:
        failures.add(kind)
    return failures


@pytest.mark.parametrize(
    ("raised", "shared"),
    [
        ([], False),
        ([NameError("x")], False),
        ([NameError("x")] * 2, True),
        ([ValueError("x")] * 2, False),
        ([ValueError("x")] * PROBES, True),
        ([ValueError("x")] * (PROBES - 1) + [ValueError("y")], False),
        ([TypeError("x"), ValueError("x")], False),
        ([TypeError("<f at 0x7f00>"), TypeError("<f at 0x7f01>")], True),
        ([Failure.of(TypeError("x")), Failure.of(TypeError("x"))], True),
    ],
)
def test_one_and_the_same_error_of_several_is(raised, shared):
    assert errors(*raised).are_shared is shared


def test_of_another_line_it_is_another_error():
    def raised(first):
        try:
            if first:
                raise TypeError("x")
            raise TypeError("x")
        except TypeError as error:
            return error

    assert errors(raised(True), raised(True)).are_shared
    assert not errors(raised(True), raised(False)).are_shared
