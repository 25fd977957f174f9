"""Results of which it is known what is to be seen in their plots."""

import jax
import numpy as np

from symjax import search
from symjax.search.results.objective import Objective

SPACE = search.space(
    {
        "act": search.oneof(
            {"relu": 0.0, "gelu": search.floatv(1.0, 100.0, "log", name="slope")}, name="act"
        ),
        "row": search.intv(0, 7, name="row"),
    }
)
LOSS = np.array([4.0, 3.0, np.nan, 5.0, 1.0, 2.0, 0.5, 7.0])
SIZE = np.array([1.0, 2.0, 3.0, 9.0, 4.0, 9.0, 99.0, 0.5])


def results(objective="loss", mode="min", constraints=None, loss=LOSS):
    """Eight trials: the third is NaN, the fourth raised, the last did not run."""
    slopes = [1.0, 10.0, 100.0, 1.0, 1.0, 10.0, 1.0, 1.0]
    rows = [[row % 2, slopes[row], row] if row % 2 else [0, 1.0, row] for row in range(8)]
    return search.Results(
        SPACE,
        search.DNA.from_numbers(SPACE.spec, rows),
        np.arange(8) + 10,
        jax.random.key(0),
        {"loss": loss, "size": SIZE},
        errors={3: ValueError("out of luck")},
        pending=np.arange(8) == 7,
        objective=Objective.of(objective, mode, constraints),
    )


def label(axes, text):
    """What is drawn under a label of the legend."""
    (artist,) = [each for each in axes.get_children() if each.get_label() == text]
    return artist
