"""The nodes of layers of NNX that patches put into trees: imported when a file names one of them."""

from __future__ import annotations

from . import bridge, inserting, rematerializing  # noqa: F401 - each makes its nodes known
