"""What an algorithm is told of results."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..results.measurements import OK
from ..results.results import Results

_WORST = 1e30  # no metric that anybody maximizes is as far below zero


def rewards_of(results: Results) -> npt.NDArray[np.float32]:
    """What configurations earned: by the stated objective, or the only metric that there is.

    Args:
        results: Of n configurations.

    Returns:
        float32[n, m] for m objectives, more being better. NaN for what failed or is NaN. What is out of
        bounds earns less than anything that is not, in all objectives, and the less the further out it is.

    Raises:
        ValueError: It is not said which of several metrics counts.
    """
    scores = results.scores()
    costs = scores.costs if scores.costs.size else np.zeros((len(results), len(scores.goals) or 1))
    rewards = -costs
    out = scores.violation > 0
    excess = np.minimum(scores.violation[out], 1e6)  # infinite where a constrained metric is NaN
    rewards[out] = -_WORST * (1 + excess / (1 + excess))[:, None]
    rewards[scores.outcome != OK] = np.nan
    return rewards.astype(np.float32)
