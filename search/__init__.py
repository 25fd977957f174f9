"""What may vary: search spaces, DNA, and many configurations evaluated in few programs."""

from .cache import clear_programs
from .choices import FloatV, OneOf, floatv, oneof
from .dna import DNA
from .evaluate import evaluate
from .plan import Plan, plan
from .random_search import random_search
from .results import Results, Trial
from .space import Space, space

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
    "Results",
    "Trial",
    "random_search",
    "clear_programs",
]
