"""Evolution: populations, and operations that make populations out of populations."""

from . import mutators, recombinators, selectors
from .operation import (
    Choice,
    Concatenation,
    Conditional,
    Difference,
    ElementWise,
    Identity,
    Intersection,
    Inversion,
    Lambda,
    Operation,
    Pipeline,
    Power,
    Repeat,
    Slice,
    SymmetricDifference,
    Union,
    UntilChange,
)
from .population import Population
from .roles import Mutator, Recombinator, Selector

__all__ = [
    "Population",
    "selectors",
    "mutators",
    "recombinators",
    # Operations, which are composed by operators.
    "Operation",
    "Selector",
    "Mutator",
    "Recombinator",
    # What operators and methods of operations make.
    "Identity",
    "Lambda",
    "Pipeline",
    "Power",
    "Repeat",
    "ElementWise",
    "Slice",
    "Concatenation",
    "Union",
    "Intersection",
    "Difference",
    "SymmetricDifference",
    "Inversion",
    "Conditional",
    "Choice",
    "UntilChange",
]


def __dir__() -> list[str]:
    return sorted(__all__)
