"""Whether what some structures raised will be raised by all of them."""

from __future__ import annotations

import re
from typing import final

from symjax.core.tracebacks import line_at_fault

from ..results.failures import Failure

PROBES = 16
"""So many structures must fail with one and the same error before it counts as the function's own."""

_MISTAKES = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)
_ADDRESS = re.compile(r"0x[0-9a-f]+")


@final
class Failures:
    """What the structures of a batch raised, the first ones of which tell whether the others will, too.

    An error with the same type, text and line for structures that differ wherever they can is the
    function's own, and tracing hundreds of others would tell nothing new. For the errors of mistakes in
    code, such as a `NameError`, two such structures suffice; a `ValueError` may well mean that a structure
    is refused, so that `PROBES` are asked.

    Example:
        >>> failures = Failures()
        >>> for _ in range(2):
        ...     failures.add(NameError("name 'optimiser' is not defined"))
        >>> len(failures), failures.are_shared
        (2, True)
    """

    def __init__(self) -> None:
        self._count = 0
        self._kinds: set[tuple[type, str, str]] = set()
        self._enough = PROBES

    def __len__(self) -> int:
        return self._count

    def add(self, failure: Exception | Failure) -> None:
        """Takes note of what one more structure raised, with its traceback."""
        error, place = (
            (failure.error, failure.traceback)
            if isinstance(failure, Failure)
            else (failure, line_at_fault(failure)[0])
        )
        self._count += 1
        self._kinds.add((type(error), _ADDRESS.sub("", str(error)), place))
        if isinstance(error, _MISTAKES):
            self._enough = 2

    @property
    def are_shared(self) -> bool:
        """Whether all structures can be taken to fail with the same error."""
        return len(self._kinds) == 1 and self._count >= self._enough
