"""What may vary: search spaces, DNA, and many configurations evaluated in few programs."""

from . import algorithms, engines
from .algorithms import evolution
from .compiling.cache import clear_programs
from .evaluation.cost import Cost, cost
from .evaluation.evaluate import evaluate
from .evaluation.interrupts import Interrupted
from .evaluation.progress import Progress
from .evaluation.steps import Steps
from .planning.advice import PlanWarning
from .planning.plan import Plan, plan
from .proposing.proposal import Proposal
from .proposing.propose import propose
from .results.files import load_results, save_results
from .results.results import Results
from .results.trial import Trial
from .searching import early_stopping
from .searching.feedback import Feedback, RaceCondition
from .searching.measurement import Measurement
from .searching.run import run
from .searching.sampling_loop import sample
from .spaces.choice import Choice
from .spaces.dna import DNA
from .spaces.kinds.floatv import FloatV, floatv
from .spaces.kinds.intv import IntV, intv
from .spaces.kinds.manyof import ManyOf, manyof, permutate
from .spaces.kinds.oneof import OneOf, maybe, oneof
from .spaces.opening import space
from .spaces.space import Space
from .stepwise.halving import halving
from .stepwise.halving_results import HalvingResults
from .stepwise.hyperband import HyperbandResults, hyperband
from .stepwise.pbt import pbt
from .stepwise.pbt_results import PBTResults
from .stepwise.schedule import Bracket, Brackets, hyperband_brackets
from .studies.storage.errors import StudyError
from .studies.study import Study

__all__ = [
    # Choices, which stand in a tree.
    "oneof",
    "maybe",
    "manyof",
    "permutate",
    "floatv",
    "intv",
    "Choice",
    "OneOf",
    "ManyOf",
    "FloatV",
    "IntV",
    # Spaces, and points of them.
    "space",
    "Space",
    "DNA",
    # What can be tuned.
    "propose",
    "Proposal",
    # Evaluation.
    "plan",
    "Plan",
    "PlanWarning",
    "evaluate",
    "Interrupted",
    "Progress",
    "Results",
    "Trial",
    "save_results",
    "load_results",
    # Searches.
    "run",
    "Study",
    "StudyError",
    "sample",
    "Feedback",
    "RaceCondition",
    "Measurement",
    "early_stopping",
    "algorithms",
    "evolution",
    "engines",
    # Training that is stopped early.
    "Steps",
    "halving",
    "HalvingResults",
    "hyperband",
    "HyperbandResults",
    "hyperband_brackets",
    "pbt",
    "PBTResults",
    "Bracket",
    "Brackets",
    # Costs.
    "cost",
    "Cost",
    "clear_programs",
]


def __dir__() -> list[str]:
    return sorted(__all__)
