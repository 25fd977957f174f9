"""What may vary: search spaces, DNA, and many configurations evaluated in few programs."""

from .evaluation.cost import Cost, cost
from .evaluation.evaluate import evaluate
from .evaluation.interrupts import Interrupted
from .evaluation.progress import Progress
from .evaluation.random_search import random_search
from .evaluation.steps import Steps
from .planning.cache import clear_programs
from .planning.plan import Plan, plan
from .results.results import Results
from .results.trial import Trial
from .spaces.choices import FloatV, OneOf, floatv, oneof
from .spaces.dna import DNA
from .spaces.space import Space, space

__all__ = [
    # Choices, which stand in a tree.
    "oneof",
    "floatv",
    "OneOf",
    "FloatV",
    # Spaces, and points of them.
    "space",
    "Space",
    "DNA",
    # Evaluation.
    "plan",
    "Plan",
    "evaluate",
    "Interrupted",
    "Progress",
    "Results",
    "Trial",
    "random_search",
    "Steps",
    "cost",
    "Cost",
    "clear_programs",
]


def __dir__() -> list[str]:
    return sorted(__all__)
