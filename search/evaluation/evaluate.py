"""`evaluate`: many configurations, in as few compiled programs as their structure allows."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief, summary

from ..planning.plan import Plan, plan
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .cost import cost
from .goals import COST, check_objective, costs_in
from .interrupts import attach, keeping
from .outcomes import Outcomes, Request
from .progress import Pace, Report, reporter
from .resuming import resume as take_over
from .running import OnResult, Runner
