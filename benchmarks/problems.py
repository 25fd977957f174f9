"""Problems of which the best answer is known, for every library that searches.

A problem is a list of decisions and a function of an answer. An answer has a number for each decision: the
index of a candidate, or a float. A decision may stand in candidates of another one: it is about nothing
unless one of these is taken. All objectives are maximized.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LINKS, CANDIDATES = 20, 5
NOTHING = np.zeros(0)
REFERENCE = 11.0  # of the hypervolume, for both objectives of ZDT, as in BoTorch's test functions


@dataclass(frozen=True)
class Decision:
    """One decision of a problem.

    Attributes:
        name: Its name.
        candidates: How many there are to choose from; 0 for a float.
        low: The least float.
        high: The greatest float.
        parent: The name of the decision in whose candidates this one stands, or none.
        branch: The candidate of the parent that it stands in.
    """

    name: str
    candidates: int = 0
    low: float = 0.0
    high: float = 1.0
    parent: str = ""
    branch: int = -1


@dataclass(frozen=True)
class Problem:
    """A problem.

    Attributes:
        name: Its name.
        decisions: What is to be decided, parents before children.
        score: The objectives, more being better, of answers [..., decisions]: [...] or [..., 2]; called with
            the module of arrays, NumPy or `jax.numpy`, the tables, and the answers.
        tables: What the problem draws at random.
        best: The greatest value of the objective; or the greatest hypervolume.
        objectives: How many there are.
    """

    name: str
    decisions: tuple[Decision, ...]
    score: Callable[[Any, Any, Any], Any]
    tables: Array
    best: float
    objectives: int = 1

    def scores(self, answers: Array) -> Array:
        """The objectives of answers, by NumPy."""
        return np.asarray(self.score(np, self.tables, answers))

    def quality(self, scores: Array) -> Array:
        """How good all answers up to each one are together: the best score, or the hypervolume; [n]."""
        if self.objectives == 1:
            return np.maximum.accumulate(scores.reshape(-1))
        return hypervolumes(scores)


def chain(seed: int) -> Problem:
    """20 decisions of 5 candidates; each pair of neighbours earns what a random table says.

    The best answer comes from dynamic programming.
    """
    tables = np.random.default_rng(seed).random((LINKS - 1, CANDIDATES, CANDIDATES))
    decisions = tuple(Decision(f"d{index:02}", CANDIDATES) for index in range(LINKS))
    return Problem("chain", decisions, _pairs(lambda xp, answers: answers), tables, best_path(tables))


def conditional(seed: int) -> Problem:
    """10 links, of which two candidates of five hold a decision of 5 themselves: 13 states each."""
    plain, nested, links = 3, 2, LINKS // 2
    states = plain + nested * CANDIDATES
    tables = np.random.default_rng(seed).random((links - 1, states, states))
    decisions = []
    for link in range(links):
        name = f"d{link:02}"
        decisions.append(Decision(name, plain + nested))
        decisions += [
            Decision(f"{name}_{branch}", CANDIDATES, parent=name, branch=branch)
            for branch in range(plain, plain + nested)
        ]

    def states_of(xp: Any, answers: Any) -> Any:
        links_of = answers.reshape(*answers.shape[:-1], links, 1 + nested)
        top = links_of[..., 0]
        state = top
        for index in range(nested):
            inner = plain + index * CANDIDATES + links_of[..., 1 + index]
            state = xp.where(top == plain + index, inner, state)
        return state

    return Problem("conditional", tuple(decisions), _pairs(states_of), tables, best_path(tables))


def epistatic(seed: int) -> Problem:
    """20 decisions of 5 candidates; each four neighbours earn what a random table says, and no pair tells."""
    reach = 4
    tables = np.random.default_rng(seed).random((LINKS - reach + 1, *(CANDIDATES,) * reach))
    decisions = tuple(Decision(f"d{index:02}", CANDIDATES) for index in range(LINKS))

    def score(xp: Any, tables: Any, answers: Any) -> Any:
        indices = answers.astype(xp.int32)
        windows = [indices[..., start : LINKS - reach + 1 + start] for start in range(reach)]
        return tables[(xp.arange(len(tables)), *windows)].mean(-1)

    value = np.zeros((CANDIDATES,) * (reach - 1))
    for table in tables:
        value = (value[..., None] + table).max(axis=0)
    return Problem("epistatic", decisions, score, tables, float(value.max()) / len(tables))


def branin(seed: int) -> Problem:
    """Branin's function (Dixon & Szegő 1978) of two floats, with three best answers."""
    decisions = (Decision("x", low=-5.0, high=10.0), Decision("y", low=0.0, high=15.0))

    def score(xp: Any, tables: Any, answers: Any) -> Any:
        x, y = answers[..., 0], answers[..., 1]
        arch = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
        return -(arch**2 + 10 * (1 - 1 / (8 * np.pi)) * xp.cos(x) + 10)

    return Problem("branin", decisions, score, NOTHING, -0.39788735772973816)


def hartmann6(seed: int) -> Problem:
    """Hartmann's function of six floats (Dixon & Szegő 1978)."""
    weights = np.array([1.0, 1.2, 3.0, 3.2])
    scales = np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    )
    centers = 1e-4 * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )

    def score(xp: Any, tables: Any, answers: Any) -> Any:
        away = (scales * (answers[..., None, :] - centers) ** 2).sum(-1)
        return (weights * xp.exp(-away)).sum(-1)

    return Problem("hartmann6", tuple(Decision(f"x{i}") for i in range(6)), score, NOTHING, 3.322368011391339)


def zdt(number: int) -> Callable[[int], Problem]:
    """ZDT 1, 2 or 3 of 30 floats (Zitzler, Deb & Thiele 2000): two objectives, negated."""

    def problem(seed: int) -> Problem:
        def score(xp: Any, tables: Any, answers: Any) -> Any:
            first = answers[..., 0]
            rest = 1 + 9 * answers[..., 1:].mean(-1)
            share = first / rest
            if number == 2:
                second = rest * (1 - share**2)
            else:
                second = rest * (1 - xp.sqrt(share))
            if number == 3:
                second = second - first * xp.sin(10 * np.pi * first)
            return -xp.stack([first, second], -1)

        decisions = tuple(Decision(f"x{index:02}") for index in range(30))
        best = {1: 120 + 2 / 3, 2: 120 + 1 / 3, 3: 128.77811613069076}[number]
        return Problem(f"zdt{number}", decisions, score, NOTHING, best, objectives=2)

    return problem


PROBLEMS: dict[str, Callable[[int], Problem]] = {
    "chain": chain,
    "conditional": conditional,
    "epistatic": epistatic,
    "branin": branin,
    "hartmann6": hartmann6,
    "zdt1": zdt(1),
    "zdt2": zdt(2),
    "zdt3": zdt(3),
}


def best_path(tables: Array) -> float:
    """The greatest mean of table[i, state i, state i + 1] over all ways through the states."""
    value = np.zeros(tables.shape[1])
    for table in tables:
        value = (value[:, None] + table).max(axis=0)
    return float(value.max()) / len(tables)


def _pairs(states_of: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    def score(xp: Any, tables: Any, answers: Any) -> Any:
        states = states_of(xp, answers).astype(xp.int32)
        return tables[xp.arange(len(tables)), states[..., :-1], states[..., 1:]].mean(-1)

    return score


def hypervolumes(scores: Array) -> Array:
    """The area that the first i points dominate, for each i; points [n, 2] of which more is better."""
    front: list[tuple[float, float]] = []  # costs, by the first one
    areas, area = [], 0.0
    for first, second in (-scores).tolist():
        if first < REFERENCE and second < REFERENCE and not any(a <= first and b <= second for a, b in front):
            front = sorted([(a, b) for a, b in front if a < first or b < second] + [(first, second)])
            ends = [*(a for a, _ in front[1:]), REFERENCE]
            area = sum((end - a) * (REFERENCE - b) for (a, b), end in zip(front, ends, strict=True))
        areas.append(area)
    return np.array(areas)


def check() -> None:
    """The functions against what is known of them: by trying all, or by published figures."""
    tables = np.random.default_rng(0).random((3, 3, 3))
    every = np.array(list(itertools.product(range(3), repeat=4)))
    score = _pairs(lambda xp, answers: answers)
    assert np.isclose(score(np, tables, every).max(), best_path(tables))
    assert np.allclose(score(jnp, jnp.asarray(tables), every), score(np, tables, every), atol=1e-6)
    assert np.isclose(branin(0).scores(np.array([np.pi, 2.275])), branin(0).best)
    best = np.array([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573])
    assert np.isclose(hartmann6(0).scores(best), hartmann6(0).best, atol=1e-5)
    line = np.linspace(0, 1, 2001)
    for number in (1, 2, 3):
        problem = zdt(number)(0)
        answers = np.zeros((len(line), 30))
        answers[:, 0] = line
        assert abs(problem.quality(problem.scores(answers))[-1] - problem.best) < 0.01


if __name__ == "__main__":
    check()
