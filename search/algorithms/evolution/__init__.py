"""Evolution: populations, and operations that make populations out of populations.

Names and meanings are those of PyGlove's `pg.evolution`, on arrays, so that whole searches run under `jit`:

- An operation is called with a key, and has no seed and no state of its own.
- How many individuals there can be is known while tracing: `n`, `k`, slices and shares are no schedules. A
  probability may be a function of the step, which is how many were told.
- A population is updated once for each batch that is told. One that no update bounds keeps 1,000.
- Individuals that were evaluated are told apart by their ages, children by their genes.
- `until_change` gives up after a number of attempts, and a reproduction that leaves nobody proposes points by
  the law of the space, where PyGlove would go on for ever, or raise.
- What failed is ranked last, and is no parent.
- Crossover takes as many pairs as there are in its input, not exactly two parents.
- `Proportional`, `Sample`: the weights default to ranks. `Tournament` is new.
- There are no global state and no nested lists: `flatten` and the like are missing.
"""

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
