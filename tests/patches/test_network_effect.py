"""The network effect: m patches and n models, written without knowing of each other, make m × n experiments that run."""

from pathlib import Path

import pytest

from . import matrix
from .networks import NETWORKS

ROOT = Path(__file__).resolve().parents[2]
PAGE = matrix.read((ROOT / "docs/matrix.md").read_text(encoding="utf-8"))
CELLS = [(patcher, model) for patcher in matrix.patchers() for model in NETWORKS]


def test_the_page_has_all_patches_and_models() -> None:
    assert set(PAGE) == set(CELLS), "run tools/matrix.py"


def test_no_patch_is_said_to_need_what_does_not_exist() -> None:
    known = frozenset[str]().union(*[network.offers for network in NETWORKS.values()])
    assert {need for idea in matrix.IDEAS.values() for need in idea.needs} <= known
    assert set(matrix.IDEAS) <= set(matrix.patchers())


def test_nearly_all_cells_that_could_work_do() -> None:
    could = [PAGE[cell] for cell in CELLS if matrix.could_apply(*cell)]
    assert sum(could) / len(could) >= 0.85


def test_the_page_gives_a_reason_for_each_cell_that_does_not_work() -> None:
    text = (ROOT / "docs/matrix.md").read_text(encoding="utf-8")
    reasons = text.partition("## Why")[2].splitlines()
    for (patcher, model), works in PAGE.items():
        named = any(line.startswith(f"- `{patcher}` on ") and model in line for line in reasons)
        assert named != works


@pytest.mark.slow
@pytest.mark.parametrize("model", NETWORKS)
def test_a_model_trains_unpatched(model: str) -> None:
    first, second = matrix.trained(NETWORKS[model].build()).losses
    assert first != second


@pytest.mark.slow
@pytest.mark.parametrize("model", NETWORKS)
@pytest.mark.parametrize("patcher", matrix.patchers())
def test_a_patch_on_a_model_works_or_says_why_not(patcher: str, model: str) -> None:
    outcome = matrix.outcome(patcher, model)
    assert outcome.works == PAGE[patcher, model], f"{outcome.reason}; run tools/matrix.py"
    assert outcome.works or len(outcome.reason) > 20
